import { access, constants } from 'node:fs/promises';
import * as vscode from 'vscode';
import { JournalHeldError } from '../engine/journal';
import { Emitter } from '../engine/model/emitter';
import type { SessionPorts } from '../session/ports';
import { Session } from '../session/session';
import type { EngineState } from '../views/ports';

/** The session of this window: started when there is a trusted folder, closed when the window closes. */
export class WindowSession {
  private readonly changed = new Emitter<EngineState>();
  private current: Session | undefined;
  private state: EngineState;
  private starting: Promise<void> | undefined;
  private closed = false;

  readonly onChange = this.changed.event;

  constructor(
    /** Undefined while no folder is open. */
    private readonly ports: () => SessionPorts | undefined,
    private readonly log: vscode.LogOutputChannel,
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
    this.starting ??= this.tryStart().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.starting;
    await this.current?.close();
    this.current = undefined;
    this.changed.dispose();
  }

  private async tryStart(): Promise<void> {
    const ports = this.ports();
    const blocked = this.blocked();
    if (this.current || this.closed) return;
    if (blocked || !ports) return this.set(blocked ?? noFolder());
    this.set({ kind: 'starting', detail: vscode.l10n.t('Reading the record…') });
    try {
      await access(ports.workspace, constants.R_OK);
      this.current = await Session.start(ports);
      this.set({ kind: 'ready', detail: '' });
    } catch (error) {
      this.set(this.failure(error));
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
    const detail = error instanceof Error ? error.message : String(error);
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
