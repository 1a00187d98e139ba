import * as vscode from 'vscode';
import type { EngineWatch } from '../engine-watch';
import { severityText } from '../present/checklist-words';
import { t } from '../protocol/l10n';
import {
  type PostureFromPage,
  type PostureToPage,
  postureFromPage,
  SEVERITY_KEYS,
} from '../protocol/posture';
import { pageLocale } from '../webview-page';
import { openPanel, PagePanel, type PanelHost } from './panel';

class PosturePanel extends PagePanel<PostureFromPage, PostureToPage> {
  constructor(
    host: PanelHost,
    panel: vscode.WebviewPanel,
    private readonly watch: EngineWatch,
  ) {
    super(host, panel, 'posture', postureFromPage);
    this.register(
      watch.onChange((kinds) => {
        if (kinds.has('posture') || kinds.has('status')) this.refresh();
      }),
    );
  }

  protected async receive(message: PostureFromPage): Promise<void> {
    if (message.type === 'ready') this.refresh(true);
    else await vscode.commands.executeCommand('cowork.checklist.focus');
  }

  private refresh(first = false): void {
    const posture = this.watch.engine?.posture;
    const report = posture?.report();
    const counts = (open: Readonly<Record<(typeof SEVERITY_KEYS)[number], number>> | undefined) =>
      SEVERITY_KEYS.map((severity) => open?.[severity] ?? 0);
    this.page.post({
      type: 'state',
      ...(first ? { locale: pageLocale() } : {}),
      engine: this.watch.state(),
      profile: report?.profile ?? '',
      score: report?.score ?? 0,
      names: SEVERITY_KEYS.map(severityText),
      open: counts(report?.open),
      accepted: report?.findings.filter(({ accepted }) => accepted !== undefined).length ?? 0,
      history: (posture?.history() ?? []).map(({ at, score, open, accepted }) => ({
        at,
        score,
        open: counts(open),
        accepted,
      })),
    });
  }
}

/** The score of the Checklist and how it went; one panel a window. */
export class PosturePanels {
  private current: PosturePanel | undefined;

  constructor(
    private readonly host: PanelHost,
    private readonly watch: EngineWatch,
  ) {}

  show(): void {
    if (this.current !== undefined) {
      this.current.reveal();
      return;
    }
    const panel = openPanel('cowork.posture', t('Security Score'));
    const page = new PosturePanel(this.host, panel, this.watch);
    this.current = page;
    page.onDispose(() => {
      this.current = undefined;
    });
  }

  dispose(): void {
    this.current?.dispose();
  }
}
