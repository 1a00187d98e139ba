import { closeSync, mkdirSync, openSync, realpathSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  checkRunSpec,
  DEFAULT_LIMITS,
  type OutputListener,
  type RunResult,
  type RunSpec,
  type SandboxBackend,
  type SandboxDescription,
} from './backend';
import { bubblewrapArgv } from './bubblewrap-argv';
import { childEnvironment, commandPath, isWithin } from './environment';
import { execute } from './execute';
import { findHiddenPlaces, type HiddenPlaces } from './hidden-places';
import { notStarted } from './not-started';
import { limitedArgv } from './process-backend';
import { seccompFilter } from './seccomp';
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

export interface BubblewrapOptions extends IsolationOptions {
  /** Absolute path of the program. */
  readonly program?: string;
}

/** The descriptor, in the child, that the filter is read from: the first after the standard ones. */
const SECCOMP_FD = 3;
/** Looking at the machine's folders again for every command would cost more than the sandbox. */
const PLACES_KEPT_MS = 30_000;

/** `$1`: a secret to read, `$2`: a file to make, `$3`: a process to see. Capitals mean that a wall is missing. */
const ESCAPE_SCRIPT = [
  'echo started',
  'cat "$1" && echo READ',
  ': > /usr/cowork-escape && rm /usr/cowork-escape && echo WROTE',
  ': > "$2"',
  'tail -n +3 /proc/net/dev | grep -qv "^ *lo:" && echo NETWORK',
  'kill -0 "$3" && grep -qs cowork-self-test "/proc/$3/cmdline" || [ ! -d "/proc/$3/task/$3" ] || echo PROCESS',
  ': > ok && echo wrote-own',
].join('; ');

/** Linux: namespaces and a system-call filter around each command, by calling `bwrap` directly. */
export class BubblewrapBackend implements SandboxBackend {
  readonly id = 'bubblewrap' as const;
  private readonly program: string;
  private readonly hostEnv: Readonly<Record<string, string | undefined>>;
  private readonly home: string;
  private readonly protection: WorkspaceProtection;
  private readonly filterPath: string | undefined;
  private places: { readonly key: string; readonly at: number; readonly value: HiddenPlaces } | undefined;

  constructor(private readonly options: BubblewrapOptions) {
    this.program = options.program ?? '/usr/bin/bwrap';
    this.hostEnv = options.hostEnv ?? process.env;
    this.home = options.home ?? homedir();
    this.protection = new WorkspaceProtection(options);
    this.filterPath = this.writeFilter();
  }

  describe(): SandboxDescription {
    return {
      label: 'Bubblewrap: no network, writes in the workspace only',
      isolated: true,
      promises: [
        'writes only in the workspace, and there not to protected files',
        'home folders, the editor’s data and this product’s records unreadable',
        'no network and no local sockets',
        'no other process visible or reachable',
        'environment by allowlist, no terminal, no input',
        'time, output, memory, process count and file size limited',
        'the whole process tree ends with the command',
      ],
    };
  }

  async selfTest(): Promise<{ ok: boolean; why: string }> {
    if (process.platform !== 'linux') return { ok: false, why: 'Bubblewrap exists on Linux only.' };
    if (this.filterPath === undefined) {
      return { ok: false, why: `There is no system-call filter for ${process.arch} processors.` };
    }
    mkdirSync(this.options.storageDir, { recursive: true, mode: 0o700 });
    const base = await mkdtemp(join(realpathSync(this.options.storageDir), 'self-test-'));
    try {
      return await this.tryToEscape(base);
    } catch (error) {
      return { ok: false, why: `The self-test could not be made: ${(error as Error).message}.` };
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  }

  async run(spec: RunSpec, signal: AbortSignal, onOutput?: OutputListener): Promise<RunResult> {
    checkRunSpec(spec);
    let workspace: string;
    let cwd: string;
    let watchman: Watchman;
    try {
      workspace = realpathSync(spec.workspace);
      cwd = realpathSync(spec.cwd);
      if (isWithin(workspace, realpathSync(this.home))) {
        return notStarted(
          'The workspace contains your home folder, so a sandbox could not keep anything from it.',
        );
      }
      if (!isWithin(workspace, cwd)) return notStarted('The command was to start outside of the workspace.');
      watchman = await this.protection.prepare(workspace);
    } catch (error) {
      return notStarted(`The sandbox could not be set up: ${(error as Error).message}.`);
    }
    const host = { host: this.hostEnv, workspace, listed: spec.env, platform: process.platform };
    const env = { ...childEnvironment(host).env, TMPDIR: '/tmp' };
    const places = this.placesFor(workspace);
    const filter = this.filterPath === undefined ? undefined : openSync(this.filterPath, 'r');
    try {
      const result = await execute(
        (marker) => ({
          argv: bubblewrapArgv({
            program: this.program,
            places,
            workspace,
            cwd,
            masks: watchman.masks,
            asRoot: process.getuid?.() === 0,
            seccompFd: filter === undefined ? undefined : SECCOMP_FD,
            argv: limitedArgv(spec.argv, spec.limits, marker),
          }),
          cwd: '/',
          env,
          contained: true,
          descriptors: filter === undefined ? [] : [filter],
          watch: (stop) => watchman.watch((name) => stop(`It made ${name}, which is protected.`)),
        }),
        spec.limits,
        signal,
        onOutput,
      );
      const notices = [...result.notices, ...(await watchman.settle())];
      if (spec.network === 'listed') notices.push('This sandbox has no network at all.');
      return { ...result, notices };
    } finally {
      if (filter !== undefined) closeSync(filter);
    }
  }

  private placesFor(workspace: string): HiddenPlaces {
    const now = performance.now();
    if (this.places?.key === workspace && now - this.places.at < PLACES_KEPT_MS) return this.places.value;
    const value = findHiddenPlaces({
      home: this.home,
      path: commandPath(this.hostEnv.PATH ?? '', workspace, process.platform),
      hidden: [this.options.storageDir, ...(this.options.hidden ?? [])],
      exceptions: this.options.exceptions ?? [],
    });
    this.places = { key: workspace, at: now, value };
    return value;
  }

  private writeFilter(): string | undefined {
    const filter = seccompFilter(process.arch);
    if (!filter || process.platform !== 'linux') return undefined;
    mkdirSync(this.options.storageDir, { recursive: true, mode: 0o700 });
    const path = join(this.options.storageDir, 'sandbox.seccomp');
    writeFileSync(path, filter, { mode: 0o600 });
    return path;
  }

  /** A real attempt at each wall, from a workspace that is made for it. */
  private async tryToEscape(base: string): Promise<{ ok: boolean; why: string }> {
    // Outside of the storage, which every command sees empty.
    const workspace = await mkdtemp('/var/tmp/cowork-self-test-');
    const secret = join(base, 'secret');
    try {
      await writeFile(secret, 'canary');
      const spec: RunSpec = {
        argv: [
          ...['/bin/bash', '--noprofile', '--norc', '-c', ESCAPE_SCRIPT, 'bash'],
          ...[secret, join(base, 'written'), String(process.pid)],
        ],
        cwd: workspace,
        workspace,
        env: {},
        limits: { ...DEFAULT_LIMITS, timeoutMs: 10_000 },
        network: 'none',
      };
      const result = await this.run(spec, new AbortController().signal);
      const text = result.output.text;
      if (!text.startsWith('started')) {
        return { ok: false, why: `bwrap does not work here: ${firstLine(result.failure ?? text)}` };
      }
      const escaped = /^(?:canary|READ|WROTE|NETWORK|PROCESS)$/m.exec(text)?.[0];
      if (escaped) return { ok: false, why: `An attempt to get out succeeded (${escaped}).` };
      if (!text.includes('wrote-own')) return { ok: false, why: 'The workspace could not be written.' };
      const own = await readFile(join(workspace, 'ok')).catch(() => undefined);
      if (!own) return { ok: false, why: 'What the command wrote did not arrive in the workspace.' };
      return { ok: true, why: 'Attempts to read, write, connect and look outside failed.' };
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] || 'it ended without a word';
}
