import type * as vscode from 'vscode';
import type { EngineWatch } from '../engine-watch';
import {
  type AuthenticatorFromPage,
  type AuthenticatorToPage,
  authenticatorFromPage,
} from '../protocol/authenticator';
import { t } from '../protocol/l10n';
import { pageLocale } from '../webview-page';
import { openPanel, PagePanel, type PanelHost } from './panel';

/** For whom an authenticator is set up. */
export interface Holder {
  /** An identity key, or the desk. */
  readonly key: string;
  /** Shown in the panel and in the app. */
  readonly name: string;
  /** What its codes are asked for, one sentence. */
  readonly purpose: string;
}

class AuthenticatorPanel extends PagePanel<AuthenticatorFromPage, AuthenticatorToPage> {
  /** In memory only, and only until a code of it was right or the panel is closed. */
  private setup: { readonly uri: string; readonly secret: string } | undefined;

  constructor(
    host: PanelHost,
    panel: vscode.WebviewPanel,
    private readonly watch: EngineWatch,
    readonly holder: Holder,
  ) {
    super(host, panel, 'authenticator', authenticatorFromPage);
    this.setup = this.stepUp().begin(holder.key, holder.name);
    this.register({ dispose: () => this.forget() });
  }

  protected async receive(message: AuthenticatorFromPage): Promise<void> {
    if (message.type === 'ready') return this.refresh(true);
    if (message.type === 'close') return this.dispose();
    try {
      await this.stepUp().confirm(this.holder.key, message.code);
      this.forget();
      this.refresh();
      this.page.post({ type: 'result', requestId: message.requestId, ok: true, message: '' });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.page.post({ type: 'result', requestId: message.requestId, ok: false, message: text });
    }
  }

  private forget(): void {
    this.setup = undefined;
  }

  private stepUp() {
    const engine = this.watch.engine;
    if (engine === undefined) throw new Error(this.watch.state().detail);
    return engine.stepUp;
  }

  private refresh(first = false): void {
    const { name, purpose } = this.holder;
    this.page.post({
      type: 'state',
      ...(first ? { locale: pageLocale() } : {}),
      holder: name,
      purpose,
      ...(this.setup === undefined ? {} : { setup: this.setup }),
    });
  }
}

/** Panels in which an authenticator app is set up, one a holder. Closing one before the end leaves nothing. */
export class AuthenticatorPanels {
  private readonly open = new Set<AuthenticatorPanel>();

  constructor(
    private readonly host: PanelHost,
    private readonly watch: EngineWatch,
  ) {}

  show(holder: Holder): void {
    // Another beginning makes another secret, so the one on screen would be good for nothing.
    for (const panel of [...this.open]) if (panel.holder.key === holder.key) panel.dispose();
    const panel = openPanel('cowork.authenticator', t('Authenticator'));
    const page = new AuthenticatorPanel(this.host, panel, this.watch, holder);
    this.open.add(page);
    page.onDispose(() => this.open.delete(page));
  }

  dispose(): void {
    for (const panel of [...this.open]) panel.dispose();
  }
}
