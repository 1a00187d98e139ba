import * as vscode from 'vscode';
import type { CodeView } from '../../engine/api';
import { parseIdentityKey } from '../../engine/model/identity';
import type { EngineWatch } from '../engine-watch';
import type { ChannelsPort } from '../ports';
import { t } from '../protocol/l10n';
import { type PairingFromPage, type PairingToPage, pairingFromPage } from '../protocol/pairing';
import { contextText, roleText } from '../protocol/words';
import { pageLocale } from '../webview-page';
import { openPanel, PagePanel, type PanelHost } from './panel';

/** What *Extend* adds, in milliseconds: the default life of a code. */
const EXTEND_MS = 300_000;
/** Wrong tries that are shown; the audit has all. */
const TRIES_SHOWN = 50;

interface Try {
  readonly at: number;
  readonly sender: string;
  readonly displayName: string;
  readonly triesLeft: number;
}

/** How a code stands that this window issued. The code itself is in memory only, and only while it is good. */
interface Session {
  view: CodeView;
  code: string | undefined;
  phase: 'live' | 'used' | 'ended';
  outcome: string;
  tries: readonly Try[];
}

class PairingPanel extends PagePanel<PairingFromPage, PairingToPage> {
  constructor(
    host: PanelHost,
    panel: vscode.WebviewPanel,
    private readonly watch: EngineWatch,
    private readonly channels: ChannelsPort,
    readonly session: Session,
  ) {
    super(host, panel, 'pairing', pairingFromPage);
    this.register(
      watch.onChange((kinds) => {
        if (kinds.has('codes') || kinds.has('users')) this.refresh();
      }),
    );
  }

  wrongTry(tried: Try): void {
    this.session.tries = [tried, ...this.session.tries].slice(0, TRIES_SHOWN);
    this.refresh();
  }

  async rotate(): Promise<void> {
    const { code, view } = await this.pairing().rotate(this.session.view.codeId);
    Object.assign(this.session, { code, view, phase: 'live', outcome: '', tries: [] } satisfies Session);
    this.refresh();
  }

  protected async receive(message: PairingFromPage): Promise<void> {
    if (message.type === 'ready') return this.refresh(true);
    try {
      await this.act(message.type);
      this.page.post({ type: 'result', requestId: message.requestId, ok: true, message: '' });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.page.post({ type: 'result', requestId: message.requestId, ok: false, message: text });
    }
  }

  private async act(action: Exclude<PairingFromPage['type'], 'ready'>): Promise<void> {
    const { session } = this;
    switch (action) {
      case 'copy':
        if (session.code !== undefined) await vscode.env.clipboard.writeText(session.code);
        return;
      case 'copyLink': {
        const link = this.link();
        if (link !== undefined) await vscode.env.clipboard.writeText(link);
        return;
      }
      case 'rotate':
        return this.rotate();
      case 'cancel':
        return this.pairing().cancel(session.view.codeId);
      case 'extend':
        return this.pairing().extend(session.view.codeId, EXTEND_MS);
      case 'openChat':
        return this.channels.openLocalChat();
      case 'close':
        this.dispose();
    }
  }

  private pairing() {
    const engine = this.watch.engine;
    if (engine === undefined) throw new Error(this.watch.state().detail);
    return engine.pairing;
  }

  private link(): string | undefined {
    const { code, view } = this.session;
    return code === undefined ? undefined : this.channels.pairingLink(view.channel, code);
  }

  /** Follows the engine: a code that is no longer live has been used, has expired, was cancelled or is exhausted. */
  private follow(): void {
    const { session } = this;
    const engine = this.watch.engine;
    if (engine === undefined || session.phase !== 'live') return;
    const live = engine.pairing.live().find((view) => view.codeId === session.view.codeId);
    if (live !== undefined) {
      session.view = live;
      return;
    }
    const { codeId, expiresAt } = session.view;
    const user = engine.users.list().find((candidate) => candidate.codeId === codeId);
    session.code = undefined;
    session.phase = user === undefined ? 'ended' : 'used';
    if (user !== undefined) session.outcome = t('{0} is in as {1}.', user.displayName, roleText(user.role));
    else if (Date.now() >= expiresAt) session.outcome = t('The code has expired. Nobody used it.');
    else session.outcome = t('The code can no longer be used.');
  }

  refresh(first = false): void {
    this.follow();
    const { session } = this;
    const { view } = session;
    const channel = this.channels.list().find((item) => item.id === view.channel);
    const link = this.link();
    this.page.post({
      type: 'state',
      ...(first ? { locale: pageLocale() } : {}),
      now: Date.now(),
      channel: channel?.name ?? view.channel,
      context: contextText(view.context),
      role: roleText(view.role),
      local: channel?.builtIn ?? false,
      how: channel?.builtIn
        ? t('Open the local chat and type this code as a message.')
        : view.context === 'dm'
          ? t(
              'Show this code to the person. They send it to the bot as a direct message, with nothing else in it.',
            )
          : t(
              'Show this code to a member of the room. They send it there, with nothing else in the message.',
            ),
      ...(session.code === undefined ? {} : { code: session.code }),
      ...(link === undefined ? {} : { link }),
      ...(view.expectedSender === undefined ? {} : { expected: view.expectedSender }),
      triedBy: view.triedByCount,
      expiresAt: view.expiresAt,
      phase: session.phase,
      outcome: session.outcome,
      tries: [...session.tries],
    });
  }
}

/**
 * Pairing codes on screen. A code is shown in the editor and nowhere else, and is forgotten when its panel is
 * closed: showing it again then takes a new one.
 */
export class PairingPanels {
  private readonly open = new Set<PairingPanel>();

  constructor(
    private readonly host: PanelHost,
    private readonly watch: EngineWatch,
    private readonly channels: ChannelsPort,
  ) {}

  show(code: string, view: CodeView): void {
    const panel = openPanel('cowork.pairing', t('Pairing code'));
    const session: Session = { view, code, phase: 'live', outcome: '', tries: [] };
    const page = new PairingPanel(this.host, panel, this.watch, this.channels, session);
    this.open.add(page);
    page.onDispose(() => this.open.delete(page));
  }

  /** True when a panel shows this code and has been brought to the front. */
  reveal(codeId: string): boolean {
    for (const panel of this.open) {
      if (panel.session.view.codeId !== codeId) continue;
      panel.reveal();
      return true;
    }
    return false;
  }

  /** Rotates in the panel that shows the code, if there is one; else the new code gets its own. */
  async rotate(codeId: string): Promise<void> {
    for (const panel of this.open) {
      if (panel.session.view.codeId !== codeId) continue;
      await panel.rotate();
      return panel.reveal();
    }
    const engine = this.watch.engine;
    if (engine === undefined) throw new Error(this.watch.state().detail);
    const { code, view } = await engine.pairing.rotate(codeId);
    this.show(code, view);
  }

  /** Somebody sent a code that is none. Every panel of that channel shows it. */
  wrongTry(tried: { sender: string; channel: string; displayName: string; triesLeft: number }): void {
    let sender = tried.sender;
    try {
      sender = parseIdentityKey(tried.sender).sender;
    } catch {
      // Shown as it came: the page marks whatever is odd about it.
    }
    const { displayName, triesLeft } = tried;
    for (const panel of this.open) {
      if (panel.session.view.channel !== tried.channel) continue;
      panel.wrongTry({ at: Date.now(), sender, displayName, triesLeft });
    }
  }

  dispose(): void {
    for (const panel of [...this.open]) panel.dispose();
  }
}
