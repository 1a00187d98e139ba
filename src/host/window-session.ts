import { randomUUID } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import * as vscode from 'vscode';
import { JournalHeldError } from '../engine/journal';
import { Emitter } from '../engine/model/emitter';
import type { Masker } from '../engine/model/ports';
import type { SessionPorts } from '../session/ports';
import { Session } from '../session/session';
import type { EngineState } from '../views/ports';

/** How soon a window takes over when the one that held the record has gone; also after a reload. Milliseconds. */
const TAKE_OVER_MS = 2_000;

/** The session of this window: started when there is a trusted folder, closed when the window closes. */
export class WindowSession {
  private readonly changed = new Emitter<EngineState>();
  private current: Session | undefined;
  private state: EngineState;
  private starting: Promise<void> | undefined;
  private closed = false;
  private retry: NodeJS.Timeout | undefined;
  private readonly leaseToken = randomUUID();

  readonly onChange = this.changed.event;

  constructor(
    /** Undefined while no folder is open. */
    private readonly ports: () => SessionPorts | undefined,
    private readonly log: vscode.LogOutputChannel,
    private readonly masker: Masker,
  ) {
    this.state = this.blocked() ?? { kind: 'starting', detail: '' };
  }

  get(): EngineState {
    return this.state;
  }

  get session(): Session | undefined {
    return this.state.kind === 'ready' ? this.current : undefined;
  }

  /** Starts the session unless it runs, or something is in the way; the state says what. Never rejects. */
  start(): Promise<void> {
    return this.once(() => this.tryStart());
  }

  /** As `start`, for a person who asks for it: a session that has failed is ended first, and begun anew. */
  again(): Promise<void> {
    return this.once(async () => {
      await this.endFailed();
      await this.tryStart();
    });
  }

  private once(work: () => Promise<void>): Promise<void> {
    this.starting ??= work().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  private async endFailed(): Promise<void> {
    const { current } = this;
    if (current?.engine.status().phase !== 'failed') return;
    this.current = undefined;
    this.set({ kind: 'starting', detail: vscode.l10n.t('Reading the record…') });
    try {
      await current.close();
    } catch (error) {
      this.log.warn(`The session that had failed did not end well: ${this.masker.mask(String(error))}`);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.starting;
    await this.current?.close();
    this.current = undefined;
    this.changed.dispose();
  }

  private async tryStart(): Promise<void> {
    clearTimeout(this.retry);
    const ports = this.ports();
    const blocked = this.blocked();
    if (this.current || this.closed) return;
    if (blocked || !ports) return this.set(blocked ?? noFolder());
    // While another window holds the record, each further try stays behind the sentence that says so.
    if (this.state.kind !== 'held')
      this.set({ kind: 'starting', detail: vscode.l10n.t('Reading the record…') });
    try {
      await access(ports.workspace, constants.R_OK);
      this.current = await Session.start({ ...ports, leaseToken: this.leaseToken });
      this.set({ kind: 'ready', detail: '' });
    } catch (error) {
      this.set(this.failure(error));
      if (this.state.kind === 'held') this.retry = setTimeout(() => void this.start(), TAKE_OVER_MS);
    }
  }

  private blocked(): EngineState | undefined {
    if (!vscode.workspace.workspaceFolders?.length) return noFolder();
    if (vscode.workspace.isTrusted) return undefined;
    return {
      kind: 'restricted',
      detail: vscode.l10n.t('This folder is not trusted, so channels and tools are off. Trust it to go on.'),
    };
  }

  private failure(error: unknown): EngineState {
    const detail = this.masker.mask(error instanceof Error ? error.message : String(error));
    this.log.error(`The engine did not start: ${detail}`);
    return { kind: error instanceof JournalHeldError ? 'held' : 'failed', detail };
  }

  private set(state: EngineState): void {
    this.state = state;
    this.changed.fire(state);
  }
}

function noFolder(): EngineState {
  return {
    kind: 'no-folder',
    detail: vscode.l10n.t(
      'No folder is open. The agent works inside the folder that is open; open one to go on.',
    ),
  };
}
