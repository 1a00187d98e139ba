import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import {
  checkRunSpec,
  DEFAULT_LIMITS,
  type OutputListener,
  type RunResult,
  type RunSpec,
  type SandboxBackend,
  type SandboxDescription,
  type SandboxId,
} from './backend';
import { commandPath, isWithin } from './environment';
import { execute, type Launch } from './execute';
import { findHiddenPlaces, type HiddenPlaces } from './hidden-places';
import { notStarted } from './not-started';
import type { RunMarker } from './run-marker';
import { type Watchman, WorkspaceProtection } from './workspace-protection';
import type { ProtectedPredicate } from './workspace-scan';

export interface IsolationOptions {
  /** The engine's own folder: quarantine and filter live there, and no command can read it. */
  readonly storageDir: string;
  readonly isProtected: ProtectedPredicate;
  /** Further absolute paths that no command may read: the editor's user data. */
  readonly hidden?: readonly string[];
  /** Absolute paths that the user lets commands read although they are hidden by default. */
  readonly exceptions?: readonly string[];
  readonly hostEnv?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
}

/** Where a command runs, looked at and watched. */
export interface Ground {
  /** Real path. */
  readonly workspace: string;
  /** Real path, in the workspace. */
  readonly cwd: string;
  /** Absolute paths in the workspace that must not be written. */
  readonly masks: readonly string[];
}

/** A command made ready by one backend. */
export interface Start {
  readonly launch: (marker: RunMarker) => Omit<Launch, 'watch'>;
  /** What a person should know of this run, whatever comes of it. */
  readonly notices?: readonly string[];
  /** Called once it has ended. */
  close?(): void | Promise<void>;
}

/** What all backends with a wall have in common: the folder that is open, what in it is protected, and its watch. */
export abstract class IsolatingBackend implements SandboxBackend {
  abstract readonly id: SandboxId;
  protected readonly hostEnv: Readonly<Record<string, string | undefined>>;
  protected readonly home: string;
  private readonly protection: WorkspaceProtection;

  constructor(private readonly isolation: IsolationOptions) {
    this.protection = new WorkspaceProtection(isolation);
    this.hostEnv = isolation.hostEnv ?? process.env;
    this.home = isolation.home ?? homedir();
  }

  abstract describe(): SandboxDescription;

  abstract selfTest(): Promise<{ readonly ok: boolean; readonly why: string }>;

  protected abstract start(spec: RunSpec, ground: Ground): Promise<Start>;

  async run(spec: RunSpec, signal: AbortSignal, onOutput?: OutputListener): Promise<RunResult> {
    checkRunSpec(spec);
    let watchman: Watchman;
    let start: Start;
    try {
      const workspace = realpathSync(spec.workspace);
      const cwd = realpathSync(spec.cwd);
      if (isWithin(workspace, realpathSync(this.home))) {
        return notStarted(
          'The workspace contains your home folder, so a sandbox could not keep anything from it.',
        );
      }
      if (!isWithin(workspace, cwd)) return notStarted('The command was to start outside of the workspace.');
      watchman = await this.protection.prepare(workspace);
      start = await this.start(spec, { workspace, cwd, masks: watchman.masks });
    } catch (error) {
      return notStarted(`The sandbox could not be set up: ${(error as Error).message}.`);
    }
    try {
      const result = await execute(
        (marker) => ({
          ...start.launch(marker),
          watch: (stop) => watchman.watch((name) => stop(`It made ${name}, which is protected.`)),
        }),
        spec.limits,
        signal,
        onOutput,
      );
      const notices = [...result.notices, ...(await watchman.settle()), ...(start.notices ?? [])];
      return { ...result, notices };
    } finally {
      await start.close?.();
    }
  }

  /** Runs a self-test's script in bash, in a workspace that it may write and with no network. `args` begin with `$1`. */
  protected attempt(
    script: string,
    args: readonly string[],
    workspace: string,
    timeoutMs: number,
  ): Promise<RunResult> {
    const spec: RunSpec = {
      argv: ['/bin/bash', '--noprofile', '--norc', '-c', script, 'bash', ...args],
      cwd: workspace,
      workspace,
      env: {},
      limits: { ...DEFAULT_LIMITS, timeoutMs },
      network: 'none',
    };
    return this.run(spec, new AbortController().signal);
  }

  /** What a command in this workspace must not see. */
  protected hiddenPlaces(workspace: string): HiddenPlaces {
    return findHiddenPlaces({
      home: this.home,
      path: commandPath(this.hostEnv.PATH ?? '', workspace, process.platform),
      hidden: [this.isolation.storageDir, ...(this.isolation.hidden ?? [])],
      exceptions: this.isolation.exceptions ?? [],
    });
  }
}

/**
 * What the output of a self-test says: `started` first, `wrote-own` for the workspace that must be writable, and a
 * word in capitals for each wall that is missing.
 */
export function escapeVerdict(result: RunResult, name: string): { ok: boolean; why: string } {
  const { text } = result.output;
  if (!/^started$/m.test(text)) {
    const said = (result.failure ?? text).trim().split('\n').at(-1);
    return { ok: false, why: `${name} does not work here: ${said || 'it ended without a word'}` };
  }
  const escaped = /^(?:canary|READ|WROTE|NETWORK|PROCESS)$/m.exec(text)?.[0];
  if (escaped) return { ok: false, why: `An attempt to get out succeeded (${escaped}).` };
  if (!/^wrote-own$/m.test(text)) return { ok: false, why: 'The workspace could not be written.' };
  return { ok: true, why: 'Attempts to read, write and connect outside failed.' };
}
