import { existsSync, realpathSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunSpec, SandboxDescription } from './backend';
import { childEnvironment } from './environment';
import { FilterProxy, proxyVariables } from './filter-proxy';
import type { HiddenPlaces } from './hidden-places';
import { escapeVerdict, type Ground, IsolatingBackend, type Start } from './isolating-backend';
import { limitedArgv } from './process-backend';

const PROGRAM = '/usr/bin/sandbox-exec';
const SELF_TEST_TIMEOUT_MS = 10_000;

export interface ProfileInput {
  readonly workspace: string;
  /** A folder for temporary files of this run. */
  readonly temporary: string;
  readonly places: HiddenPlaces;
  /** Absolute paths in the workspace that must not be written. */
  readonly masks: readonly string[];
  /** Port of this machine on which the proxy of this run listens; undefined: no network. */
  readonly proxyPort?: number;
}

/**
 * argv of `sandbox-exec` up to the command: a fixed profile whose paths are parameters, so that no path is
 * ever part of the profile's text. In a profile the last rule that matches counts.
 */
export function sandboxExecArgv(input: ProfileInput): string[] {
  const parameters: string[] = [];
  const path = (value: string) => {
    parameters.push('-D', `P${parameters.length / 2}=${value}`);
    return `(subpath (param "P${parameters.length / 2 - 1}"))`;
  };
  const { places } = input;
  const rules = [
    '(version 1)',
    '(deny default)',
    '(allow process-exec process-fork)',
    '(allow signal process-info* (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo") (global-name "com.apple.system.logger"))',
    '(allow file-read*)',
    ...[...places.emptied, ...places.blanked].map((hidden) => `(deny file-read* ${path(hidden)})`),
    ...places.shown.map((shown) => `(allow file-read* ${path(shown)})`),
    '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper"))',
    `(allow file-read* file-write* ${path(input.temporary)})`,
    `(allow file-read* file-write* ${path(input.workspace)})`,
    ...input.masks.map((mask) => `(deny file-write* ${path(mask)})`),
    // The engine's storage, were it inside the workspace.
    ...places.emptied
      .filter((hidden) => hidden.startsWith(`${input.workspace}/`))
      .map((hidden) => `(deny file-read* file-write* ${path(hidden)})`),
    '(deny network*)',
    // A number of ours, not text of anybody's.
    ...(input.proxyPort === undefined
      ? []
      : [`(allow network-outbound (remote ip "localhost:${input.proxyPort}"))`]),
  ];
  return [PROGRAM, ...parameters, '-p', rules.join('\n')];
}

/** macOS: the system's own sandbox, as its profiles describe it. */
export class SandboxExecBackend extends IsolatingBackend {
  readonly id = 'sandbox-exec' as const;

  describe(): SandboxDescription {
    return {
      label: 'macOS sandbox: no network but to approved hosts, writes in the workspace only',
      isolated: true,
      promises: [
        'writes only in the workspace, and there not to protected files',
        'home folder, the editor’s data and this product’s records unreadable',
        'no network but through the filter for approved hosts',
        'no signals to other processes',
        'environment by allowlist, no terminal, no input',
        'time, output and file size limited',
      ],
    };
  }

  async selfTest(): Promise<{ ok: boolean; why: string }> {
    if (process.platform !== 'darwin') return { ok: false, why: 'sandbox-exec exists on macOS only.' };
    if (!existsSync(PROGRAM)) return { ok: false, why: `${PROGRAM} is missing.` };
    const workspace = realpathSync(await mkdtemp(join(tmpdir(), 'cowork-self-test-')));
    const secret = join(this.home, `.cowork-self-test-${process.pid}`);
    try {
      await writeFile(secret, 'canary', { mode: 0o600 });
      const script =
        'echo started; cat "$1" && echo READ; : > "$1" && echo WROTE; ' +
        '(: < /dev/tcp/127.0.0.1/9) 2>&1 | grep -q refused && echo NETWORK; : > ok && echo wrote-own';
      const result = await this.attempt(script, [secret], workspace, SELF_TEST_TIMEOUT_MS);
      return escapeVerdict(result, 'sandbox-exec');
    } finally {
      await rm(workspace, { recursive: true, force: true });
      await rm(secret, { force: true });
    }
  }

  protected async start(spec: RunSpec, { workspace, cwd, masks }: Ground): Promise<Start> {
    const temporary = realpathSync(await mkdtemp(join(tmpdir(), 'cowork-run-')));
    const proxy = spec.network === 'none' ? undefined : await FilterProxy.onPort(spec.network);
    const host = { host: this.hostEnv, workspace, listed: spec.env, platform: process.platform };
    const places = this.hiddenPlaces(workspace);
    const wrapper = sandboxExecArgv({
      workspace,
      temporary,
      places,
      masks,
      ...(proxy ? { proxyPort: proxy.port } : {}),
    });
    const env = {
      ...childEnvironment(host).env,
      TMPDIR: temporary,
      ...(proxy ? proxyVariables(proxy.url) : {}),
    };
    return {
      launch: (marker) => ({ argv: [...wrapper, ...limitedArgv(spec.argv, spec.limits, marker)], cwd, env }),
      close: async () => {
        proxy?.close();
        await rm(temporary, { recursive: true, force: true });
      },
    };
  }
}
