import * as vscode from 'vscode';
import type { AuditApi } from '../../engine/api';
import { runPageCommand } from '../approvals-view';
import { EVENT_TYPES, parseAuditFilter } from '../audit-filter';
import type { EngineWatch } from '../engine-watch';
import type { ChannelsPort } from '../ports';
import { readCharts } from '../present/audit-charts';
import { toAuditRow } from '../present/audit-row';
import { type AuditFromPage, type AuditToPage, auditFromPage, type VerifyState } from '../protocol/audit';
import { t } from '../protocol/l10n';
import { pageLocale } from '../webview-page';
import { openPanel, PagePanel, type PanelHost } from './panel';

/** New records are told to the page at most this often, in milliseconds: it reads a page of them each time. */
const GROWN_EVERY_MS = 400;
/** Progress of a check is drawn at most this often, in milliseconds. */
const PROGRESS_EVERY_MS = 100;

class AuditPanel extends PagePanel<AuditFromPage, AuditToPage> {
  private checking: AbortController | undefined;
  private grownTimer: ReturnType<typeof setTimeout> | undefined;
  private last: VerifyState | undefined;

  constructor(
    host: PanelHost,
    panel: vscode.WebviewPanel,
    private readonly watch: EngineWatch,
    private readonly channels: ChannelsPort,
    private filter: string | undefined,
  ) {
    super(host, panel, 'audit', auditFromPage);
    this.register(
      watch.onChange((kinds) => {
        if (kinds.has('status')) this.state();
        if (kinds.has('audit')) this.grown();
      }),
    );
    this.register({ dispose: () => this.checking?.abort() });
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
        return this.charts();
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
    this.page.post({
      type: 'state',
      ...(first ? { locale: pageLocale() } : {}),
      engine: this.watch.state(),
      channels: this.channels.list().map((channel) => channel.id),
      types: [...EVENT_TYPES],
      ...(this.filter === undefined ? {} : { filter: this.filter }),
    });
    this.filter = undefined;
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
      this.page.post({
        type: 'page',
        requestId,
        rows: page.records.map(toAuditRow),
        ...(page.nextBeforeSeq === undefined ? {} : { nextBeforeSeq: page.nextBeforeSeq }),
        total: page.total,
      });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.page.post({ type: 'failed', requestId, message: text });
    }
  }

  private async charts(): Promise<void> {
    const now = Date.now();
    const enabled = this.channels.list().filter((channel) => channel.enabled || channel.builtIn);
    const figures = await readCharts(
      this.audit(),
      enabled.map((channel) => channel.id),
      now,
    );
    this.page.post({ type: 'charts', ...figures, until: now });
  }

  private async copy(seq: number): Promise<void> {
    const page = await this.audit().query({}, { beforeSeq: seq + 1, limit: 1 });
    const record = page.records.find((candidate) => candidate.seq === seq);
    if (record !== undefined) await vscode.env.clipboard.writeText(JSON.stringify(record, undefined, 2));
  }
}

/** The one audit panel, opened, found again or restored after a reload. */
export class AuditPanels {
  private panel: AuditPanel | undefined;

  constructor(
    private readonly host: PanelHost,
    private readonly watch: EngineWatch,
    private readonly channels: ChannelsPort,
  ) {}

  show(filter?: string): void {
    if (this.panel !== undefined) {
      this.panel.show(filter);
      return;
    }
    this.attach(openPanel(this.host.extensionUri, 'cowork.audit', t('Audit')), filter);
  }

  async verify(): Promise<void> {
    this.show();
    await this.panel?.verify();
  }

  attach(panel: vscode.WebviewPanel, filter?: string): void {
    const audit = new AuditPanel(this.host, panel, this.watch, this.channels, filter);
    this.panel = audit;
    audit.onDispose(() => {
      if (this.panel === audit) this.panel = undefined;
    });
  }

  dispose(): void {
    this.panel?.dispose();
  }
}
