import * as vscode from 'vscode';
import type { AuditApi, AuditFilter, AuditPage } from '../../engine/api';
import { runPageCommand } from '../approvals-view';
import { EVENT_TYPES, parseAuditFilter } from '../audit-filter';
import type { EngineWatch } from '../engine-watch';
import type { ChannelsPort } from '../ports';
import { readCharts } from '../present/audit-charts';
import { recordText, toAuditRow } from '../present/audit-row';
import {
  type AuditFromPage,
  type AuditToPage,
  auditFromPage,
  PAGE_SIZE,
  type VerifyState,
} from '../protocol/audit';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import type { SavedFilters } from '../saved-filters';
import { pageLocale } from '../webview-page';
import { exportRecords, saveReceipt } from './audit-files';
import { manageFilter, saveFilter } from './audit-filters';
import { openPanel, PagePanel, type PanelHost } from './panel';

/** New records are told to the page at most this often, in milliseconds: it reads a page of them each time. */
const GROWN_EVERY_MS = 400;
/** Progress of a check is drawn at most this often, in milliseconds. */
const PROGRESS_EVERY_MS = 100;

class AuditPanel extends PagePanel<AuditFromPage, AuditToPage> {
  private checking: AbortController | undefined;
  private grownTimer: ReturnType<typeof setTimeout> | undefined;
  private last: VerifyState | undefined;
  private counting: AbortController | undefined;
  /** It has asked for its state: what it is told from then on is not kept for it by the editor. */
  private pageIsThere = false;

  constructor(
    host: PanelHost,
    panel: vscode.WebviewPanel,
    private readonly watch: EngineWatch,
    private readonly channels: ChannelsPort,
    private readonly saved: SavedFilters,
    private filter: string | undefined,
  ) {
    super(host, panel, 'audit', auditFromPage);
    this.register(
      watch.onChange((kinds) => {
        if (kinds.has('status')) this.state();
        if (kinds.has('audit')) this.grown();
      }),
    );
    this.greet().catch(() => {
      // The page hears of it when it asks.
    });
    this.register({ dispose: () => this.checking?.abort() });
    this.register({ dispose: () => this.counting?.abort() });
    this.register({ dispose: () => clearTimeout(this.grownTimer) });
  }

  show(filter: string | undefined): void {
    this.reveal();
    if (filter === undefined) return;
    this.filter = filter;
    this.state();
  }

  /** Checks the whole journal and says where it is not what was written. */
  async verify(): Promise<void> {
    if (this.checking !== undefined) return;
    const audit = this.audit();
    const stop = new AbortController();
    this.checking = stop;
    let drawn = 0;
    this.tell({ state: 'running', records: 0 });
    try {
      const result = await audit.verify((records) => {
        const now = Date.now();
        if (now - drawn < PROGRESS_EVERY_MS) return;
        drawn = now;
        this.tell({ state: 'running', records });
      }, stop.signal);
      const { records } = result;
      this.tell(
        result.intact
          ? { state: 'intact', records, lastSeq: result.lastSeq, headHash: result.headHash }
          : {
              state: 'damaged',
              records,
              problem: result.problem,
              segment: result.segment,
              line: result.line,
              seq: result.seq,
            },
      );
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.tell({ state: 'stopped', message: stop.signal.aborted ? t('The check was stopped.') : message });
    } finally {
      this.checking = undefined;
    }
  }

  protected async receive(message: AuditFromPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.pageIsThere = true;
        this.state(true);
        if (this.last !== undefined) this.page.post({ type: 'verify', verify: this.last });
        return;
      case 'command':
        return runPageCommand(message.name);
      case 'query':
        return this.query(message);
      case 'verify':
        return this.verify();
      case 'stopVerify':
        this.checking?.abort();
        return;
      case 'charts':
        return this.charts(message.requestId, message.filter);
      case 'record':
        return this.record(message.seq);
      case 'proof':
        return this.proof(message.seq);
      case 'saveReceipt':
        return tellFailure(() => saveReceipt(this.audit(), message.seq));
      case 'export':
        return tellFailure(() => exportRecords(this.audit(), understood(message.filter)));
      case 'saveFilter':
        if (await saveFilter(this.saved, message.filter)) this.state();
        return;
      case 'manageFilter':
        if (await manageFilter(this.saved, message.name)) this.state();
        return;
      case 'openTask':
        await vscode.commands.executeCommand('cowork.tasks.open', message.taskId);
        return;
      case 'copyRecord':
        return this.copy(message.seq);
      case 'explain':
        await vscode.commands.executeCommand('cowork.policy.explain', message.seq);
        return;
    }
  }

  private audit(): AuditApi {
    const engine = this.watch.engine;
    if (engine === undefined) throw new Error(this.watch.state().detail);
    return engine.audit;
  }

  private tell(verify: VerifyState): void {
    this.last = verify;
    this.page.post({ type: 'verify', verify });
  }

  private state(first = false): void {
    this.page.post(this.stateFor(first));
    if (this.pageIsThere) this.filter = undefined;
  }

  private stateFor(first: boolean): Extract<AuditToPage, { type: 'state' }> {
    return {
      type: 'state',
      ...(first ? { locale: pageLocale() } : {}),
      engine: this.watch.state(),
      channels: this.channels.list().map((channel) => channel.id),
      types: [...EVENT_TYPES],
      ...this.vocabulary(),
      saved: [...this.saved.list()],
      ...(this.filter === undefined ? {} : { filter: this.filter }),
    };
  }

  /** Names that the filter box may complete, from what is known and not from what could be. */
  private vocabulary(): { tools: string[]; users: { key: string; name: string }[] } {
    const engine = this.watch.engine;
    if (engine === undefined) return { tools: [], users: [] };
    const tools = engine.tasks.list().flatMap((task) => task.actions.map(({ tool }) => tool));
    return {
      tools: [...new Set(tools)].sort(),
      users: engine.users.list().map(({ key, displayName }) => ({ key, name: flat(displayName) })),
    };
  }

  /**
   * Sends the first records together with the first state while the editor is still loading the page; the editor keeps
   * messages until then. A person sees them some 40 ms sooner than if the page had to ask.
   */
  private async greet(): Promise<void> {
    const filter = this.filter ?? '';
    const page = await this.audit().query(understood(filter), { limit: PAGE_SIZE });
    if (this.pageIsThere) return;
    this.page.post({ ...this.stateFor(true), ahead: { filter, ...toPage(page) } });
  }

  private grown(): void {
    if (this.grownTimer !== undefined) return;
    this.grownTimer = setTimeout(() => {
      this.grownTimer = undefined;
      this.page.post({ type: 'grown' });
    }, GROWN_EVERY_MS);
  }

  private async query(message: Extract<AuditFromPage, { type: 'query' }>): Promise<void> {
    const { requestId, filter: text, beforeSeq, limit } = message;
    const parsed = parseAuditFilter(text, Date.now());
    if (!parsed.ok) {
      this.page.post({ type: 'failed', requestId, message: parsed.message, term: parsed.term });
      return;
    }
    try {
      const page = await this.audit().query(parsed.filter, {
        limit,
        ...(beforeSeq === undefined ? {} : { beforeSeq }),
      });
      this.page.post({ type: 'page', requestId, ...toPage(page) });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.page.post({ type: 'failed', requestId, message: text });
    }
  }

  private async charts(requestId: number, text: string): Promise<void> {
    const parsed = parseAuditFilter(text, Date.now());
    // What is wrong with the filter is told where its records are asked for.
    if (!parsed.ok) return;
    this.counting?.abort();
    const stop = new AbortController();
    this.counting = stop;
    try {
      const figures = await readCharts(this.audit(), parsed.filter, Date.now(), stop.signal);
      if (!stop.signal.aborted) this.page.post({ type: 'charts', requestId, ...figures });
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  }

  private async record(seq: number): Promise<void> {
    const entry = await this.audit().record(seq);
    const text = entry === undefined ? {} : { text: recordText(entry.record) };
    this.page.post({ type: 'record', seq, ...text });
  }

  private async proof(seq: number): Promise<void> {
    try {
      const { proof: path, head } = await this.audit().receipt(seq);
      this.page.post({ type: 'proof', seq, proof: { path: [...path], head: { ...head } }, message: '' });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.page.post({ type: 'proof', seq, message });
    }
  }

  private async copy(seq: number): Promise<void> {
    const entry = await this.audit().record(seq);
    if (entry !== undefined) await vscode.env.clipboard.writeText(recordText(entry.record));
  }
}

function toPage({ records, nextBeforeSeq, total }: AuditPage) {
  return {
    rows: records.map(toAuditRow),
    ...(nextBeforeSeq === undefined ? {} : { nextBeforeSeq }),
    total,
  };
}

/** @throws Error with the sentence that the filter box would show. */
function understood(text: string): AuditFilter {
  const parsed = parseAuditFilter(text, Date.now());
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.filter;
}

/** What a page asked for and that shows boxes of the editor also fails in one. */
async function tellFailure(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}

/** The one audit panel, opened, found again or restored after a reload. */
export class AuditPanels {
  private panel: AuditPanel | undefined;

  constructor(
    private readonly host: PanelHost,
    private readonly watch: EngineWatch,
    private readonly channels: ChannelsPort,
    private readonly saved: SavedFilters,
  ) {}

  show(filter?: string): void {
    if (this.panel !== undefined) {
      this.panel.show(filter);
      return;
    }
    this.attach(openPanel('cowork.audit', t('Audit')), filter);
  }

  async verify(): Promise<void> {
    this.show();
    await this.panel?.verify();
  }

  attach(panel: vscode.WebviewPanel, filter?: string): void {
    const audit = new AuditPanel(this.host, panel, this.watch, this.channels, this.saved, filter);
    this.panel = audit;
    audit.onDispose(() => {
      if (this.panel === audit) this.panel = undefined;
    });
  }

  dispose(): void {
    this.panel?.dispose();
  }
}
