import { closeSync, existsSync, mkdirSync, openSync, realpathSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunNetwork, RunSpec, SandboxDescription } from './backend';
import { BRIDGE_PORT, bridgedArgv, bubblewrapArgv } from './bubblewrap-argv';
import { childEnvironment } from './environment';
import { FilterProxy, proxyVariables } from './filter-proxy';
import type { HiddenPlaces } from './hidden-places';
import {
  escapeVerdict,
  type Ground,
  IsolatingBackend,
  type IsolationOptions,
  type Start,
} from './isolating-backend';
import { limitedArgv } from './process-backend';
import { seccompFilter } from './seccomp';

export interface BubblewrapOptions extends IsolationOptions {
  /** Absolute path of the program. */
  readonly program?: string;
  /** Absolute path of socat, which bridges to the proxy of a command that may reach some hosts. */
  readonly socat?: string;
}

/** The descriptor, in the child, that the filter is read from: the first after the standard ones. */
const SECCOMP_FD = 3;
/** Looking at the machine's folders again for every command would cost more than the sandbox. */
const PLACES_KEPT_MS = 30_000;
const SELF_TEST_TIMEOUT_MS = 10_000;

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
export class BubblewrapBackend extends IsolatingBackend {
  readonly id = 'bubblewrap' as const;
  private readonly program: string;
  private readonly filterPath: string | undefined;
  private places: { readonly key: string; readonly at: number; readonly value: HiddenPlaces } | undefined;

  constructor(private readonly options: BubblewrapOptions) {
    super(options);
    this.program = options.program ?? '/usr/bin/bwrap';
    this.filterPath = this.writeFilter();
  }

  describe(): SandboxDescription {
    return {
      label: 'Bubblewrap: no network but to approved hosts, writes in the workspace only',
      isolated: true,
      promises: [
        'writes only in the workspace, and there not to protected files',
        'home folders, the editor’s data and this product’s records unreadable',
        'no network but through the filter for approved hosts, and no local sockets',
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

  protected async start(spec: RunSpec, { workspace, cwd, masks }: Ground): Promise<Start> {
    const host = { host: this.hostEnv, workspace, listed: spec.env, platform: process.platform };
    const places = this.placesFor(workspace);
    const bridge = spec.network === 'none' ? undefined : await this.bridge(spec.network);
    const filter = this.filterPath === undefined ? undefined : openSync(this.filterPath, 'r');
    const env = { ...childEnvironment(host).env, TMPDIR: '/tmp', ...bridge?.variables };
    return {
      notices: bridge?.notices ?? [],
      launch: (marker) => {
        const inner = bubblewrapArgv({
          program: this.program,
          places,
          workspace,
          cwd,
          masks,
          asRoot: process.getuid?.() === 0,
          bridged: bridge?.proxy !== undefined,
          seccompFd: filter === undefined ? undefined : SECCOMP_FD,
          argv: limitedArgv(spec.argv, spec.limits, marker),
        });
        return {
          argv: bridge?.proxy ? bridgedArgv(this.program, bridge.socat, bridge.proxy.path, inner) : inner,
          cwd: '/',
          env,
          contained: true,
          descriptors: filter === undefined ? [] : [filter],
        };
      },
      close: () => {
        if (filter !== undefined) closeSync(filter);
        bridge?.proxy?.close();
      },
    };
  }

  /** Without socat there is no way to build one, and the command has no network. */
  private async bridge(network: RunNetwork) {
    const { socat = '/usr/bin/socat' } = this.options;
    if (!existsSync(socat)) {
      const notices = [
        'The command had no network: the hosts it may reach need the program socat, which is missing.',
      ];
      return { notices, variables: {}, socat, proxy: undefined };
    }
    const proxy = await FilterProxy.onSocket(network);
    return { notices: [], variables: proxyVariables(`http://127.0.0.1:${BRIDGE_PORT}`), socat, proxy };
  }

  private placesFor(workspace: string): HiddenPlaces {
    const now = performance.now();
    if (this.places?.key === workspace && now - this.places.at < PLACES_KEPT_MS) return this.places.value;
    const value = this.hiddenPlaces(workspace);
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
      const args = [secret, join(base, 'written'), String(process.pid)];
      const result = await this.attempt(ESCAPE_SCRIPT, args, workspace, SELF_TEST_TIMEOUT_MS);
      const verdict = escapeVerdict(result, 'bwrap');
      if (!verdict.ok) return verdict;
      const own = await readFile(join(workspace, 'ok')).catch(() => undefined);
      if (!own) return { ok: false, why: 'What the command wrote did not arrive in the workspace.' };
      return verdict;
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  }
}
