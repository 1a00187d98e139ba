import { existsSync, realpathSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
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
import type { IsolationOptions } from './bubblewrap-backend';
import { childEnvironment, commandPath, isWithin } from './environment';
import { execute } from './execute';
import { findHiddenPlaces, type HiddenPlaces } from './hidden-places';
import { notStarted } from './not-started';
import { limitedArgv } from './process-backend';
import { WorkspaceProtection } from './workspace-protection';

const PROGRAM = '/usr/bin/sandbox-exec';

export interface ProfileInput {
  readonly workspace: string;
  /** A folder for temporary files of this run. */
  readonly temporary: string;
  readonly places: HiddenPlaces;
  /** Absolute paths in the workspace that must not be written. */
  readonly masks: readonly string[];
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
  ];
  return [PROGRAM, ...parameters, '-p', rules.join('\n')];
}

/** macOS: the system's own sandbox, as its profiles describe it. */
export class SandboxExecBackend implements SandboxBackend {
  readonly id = 'sandbox-exec' as const;
  private readonly protection: WorkspaceProtection;
  private readonly hostEnv: Readonly<Record<string, string | undefined>>;
  private readonly home: string;

  constructor(private readonly options: IsolationOptions) {
    this.protection = new WorkspaceProtection(options);
    this.hostEnv = options.hostEnv ?? process.env;
    this.home = options.home ?? homedir();
  }

  describe(): SandboxDescription {
    return {
      label: 'macOS sandbox: no network, writes in the workspace only',
      isolated: true,
      promises: [
        'writes only in the workspace, and there not to protected files',
        'home folder, the editor’s data and this product’s records unreadable',
        'no network',
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
      const result = await this.run(
        {
          argv: ['/bin/bash', '--noprofile', '--norc', '-c', script, 'bash', secret],
          cwd: workspace,
          workspace,
          env: {},
          limits: { ...DEFAULT_LIMITS, timeoutMs: 10_000 },
          network: 'none',
        },
        new AbortController().signal,
      );
      const text = result.output.text;
      const escaped = /^(?:READ|WROTE|NETWORK)$/m.exec(text)?.[0];
      if (escaped) return { ok: false, why: `An attempt to get out succeeded (${escaped}).` };
      if (!/^started$/m.test(text) || !/^wrote-own$/m.test(text)) {
        return {
          ok: false,
          why: `sandbox-exec does not work here: ${result.failure ?? text.split('\n')[0]}`,
        };
      }
      return { ok: true, why: 'Attempts to read, write and connect outside failed.' };
    } finally {
      await rm(workspace, { recursive: true, force: true });
      await rm(secret, { force: true });
    }
  }

  async run(spec: RunSpec, signal: AbortSignal, onOutput?: OutputListener): Promise<RunResult> {
    checkRunSpec(spec);
    const workspace = realpathSync(spec.workspace);
    const cwd = realpathSync(spec.cwd);
    if (isWithin(workspace, realpathSync(this.home))) {
      return notStarted(
        'The workspace contains your home folder, so a sandbox could not keep anything from it.',
      );
    }
    if (!isWithin(workspace, cwd)) return notStarted('The command was to start outside of the workspace.');
    const watchman = await this.protection.prepare(workspace);
    const temporary = realpathSync(await mkdtemp(join(tmpdir(), 'cowork-run-')));
    try {
      const host = { host: this.hostEnv, workspace, listed: spec.env, platform: process.platform };
      const places = findHiddenPlaces({
        home: this.home,
        path: commandPath(this.hostEnv.PATH ?? '', workspace, process.platform),
        hidden: [this.options.storageDir, ...(this.options.hidden ?? [])],
        exceptions: this.options.exceptions ?? [],
      });
      const wrapper = sandboxExecArgv({ workspace, temporary, places, masks: watchman.masks });
      const result = await execute(
        (marker) => ({
          argv: [...wrapper, ...limitedArgv(spec.argv, spec.limits, marker)],
          cwd,
          env: { ...childEnvironment(host).env, TMPDIR: temporary },
          watch: (stop) => watchman.watch((name) => stop(`It made ${name}, which is protected.`)),
        }),
        spec.limits,
        signal,
        onOutput,
      );
      return { ...result, notices: [...result.notices, ...(await watchman.settle())] };
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
}
