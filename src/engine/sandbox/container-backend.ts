import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
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
import { type ContainerSettings, containerArgv, killArgv } from './container-argv';
import { childEnvironment, isWithin } from './environment';
import { execute } from './execute';
import { notStarted } from './not-started';
import { RUN_VARIABLE, type RunMarker } from './run-marker';
import { type Watchman, WorkspaceProtection } from './workspace-protection';

export interface ContainerOptions extends IsolationOptions {
  readonly settings: ContainerSettings;
}

/** What the program itself needs to find its engine; none of it reaches the container. */
const CLI_ENVIRONMENT = [
  'HOME',
  'PATH',
  'USER',
  'XDG_RUNTIME_DIR',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'CONTAINER_HOST',
  'SystemRoot',
  'USERPROFILE',
  'ProgramFiles',
];
/** Values of these are the container's own affair: folders of the host mean nothing in there. */
const NOT_INSIDE = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR'];
/** Ending a container must fit, with the grace time before it, into the two seconds that a stop may take. */
const KILL_TIMEOUT_MS = 700;
/** A first start may have to fetch nothing but still unpack layers. */
const SELF_TEST_TIMEOUT_MS = 60_000;

/** A container for each command, through any program with the command line of Docker. */
export class ContainerBackend implements SandboxBackend {
  readonly id = 'container' as const;
  private readonly protection: WorkspaceProtection;
  private readonly hostEnv: Readonly<Record<string, string | undefined>>;
  private readonly home: string;

  constructor(private readonly options: ContainerOptions) {
    this.protection = new WorkspaceProtection(options);
    this.hostEnv = options.hostEnv ?? process.env;
    this.home = options.home ?? homedir();
  }

  describe(): SandboxDescription {
    const { image } = this.options.settings;
    return {
      label: `Container (${image}): no network, writes in the workspace only`,
      isolated: true,
      promises: [
        'writes only in the workspace, and there not to protected files',
        'nothing of this machine visible but the workspace',
        'no network',
        'no other process visible or reachable',
        'environment by allowlist, no terminal, no input',
        'time, output, memory, processors, process count and file size limited',
        'the whole process tree ends with the command',
      ],
    };
  }

  async selfTest(): Promise<{ ok: boolean; why: string }> {
    const { settings } = this.options;
    const present = await this.ask(['image', 'inspect', '--format', 'present', settings.image]);
    if (!present.ok) {
      return {
        ok: false,
        why: `${settings.cli} does not answer, or has no image ${settings.image}: ${present.text}`,
      };
    }
    const workspace = await realpath(await mkdtemp(join(tmpdir(), 'cowork-self-test-')));
    try {
      const script =
        'echo started; : > /cowork-escape && echo WROTE; [ -e "$1/.." ] && ls -A "$1/.." | grep -qv cowork-self-test && echo READ; ' +
        'tail -n +3 /proc/net/dev | grep -qv "^ *lo:" && echo NETWORK; : > ok && echo wrote-own';
      const result = await this.run(
        {
          argv: ['/bin/bash', '--noprofile', '--norc', '-c', script, 'bash', workspace],
          cwd: workspace,
          workspace,
          env: {},
          limits: { ...DEFAULT_LIMITS, timeoutMs: SELF_TEST_TIMEOUT_MS },
          network: 'none',
        },
        new AbortController().signal,
      );
      const text = result.output.text;
      if (!/^started$/m.test(text)) {
        const said = (result.failure ?? text).trim().split('\n').at(-1);
        return { ok: false, why: `A container could not be started from ${settings.image}: ${said}` };
      }
      const escaped = /^(?:WROTE|READ|NETWORK)$/m.exec(text)?.[0];
      if (escaped) return { ok: false, why: `An attempt to get out succeeded (${escaped}).` };
      if (!/^wrote-own$/m.test(text)) return { ok: false, why: 'The workspace could not be written.' };
      return { ok: true, why: 'Attempts to read, write and connect outside failed.' };
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  }

  async run(spec: RunSpec, signal: AbortSignal, onOutput?: OutputListener): Promise<RunResult> {
    checkRunSpec(spec);
    const name = `cowork-${randomBytes(8).toString('hex')}`;
    let argv: (marker: RunMarker) => string[];
    let watchman: Watchman;
    let cliEnv: Record<string, string>;
    try {
      const workspace = await realpath(spec.workspace);
      const cwd = await realpath(spec.cwd);
      if (isWithin(workspace, await realpath(this.home))) {
        return notStarted(
          'The workspace contains your home folder, so a container could not keep anything from it.',
        );
      }
      if (!isWithin(workspace, cwd)) return notStarted('The command was to start outside of the workspace.');
      watchman = await this.protection.prepare(workspace);
      const inside = this.insideEnvironment(spec, workspace);
      cliEnv = { ...this.cliEnvironment(), ...inside.listed };
      argv = (marker) =>
        containerArgv({
          settings: this.options.settings,
          limits: spec.limits,
          name,
          user: `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`,
          workspace,
          cwd,
          masks: watchman.masks,
          // The mark by which its processes are found when the engine has lost sight of them.
          env: { ...inside.fixed, [RUN_VARIABLE]: marker.id },
          envNames: Object.keys(inside.listed),
          argv: spec.argv,
        });
    } catch (error) {
      return notStarted(`The container could not be set up: ${(error as Error).message}.`);
    }
    const result = await execute(
      (marker) => ({
        argv: argv(marker),
        cwd: '/',
        env: cliEnv,
        contained: true,
        signal: (signalName) => this.signal(name, signalName),
        tidy: () => void this.ask(['rm', '--force', name]),
        watch: (stop) => watchman.watch((file) => stop(`It made ${file}, which is protected.`)),
      }),
      spec.limits,
      signal,
      onOutput,
    );
    const notices = [...result.notices, ...(await watchman.settle())];
    if (spec.network === 'listed') notices.push('This sandbox has no network at all.');
    return { ...result, notices };
  }

  private insideEnvironment(spec: RunSpec, workspace: string) {
    const host = { host: this.hostEnv, workspace, listed: spec.env, platform: process.platform };
    const { env } = childEnvironment(host);
    const fixed: Record<string, string> = { HOME: '/tmp', TMPDIR: '/tmp' };
    const listed: Record<string, string> = {};
    for (const [name, value] of Object.entries(env)) {
      if (Object.hasOwn(spec.env, name) && !CLI_ENVIRONMENT.includes(name)) listed[name] = value;
      else if (!NOT_INSIDE.includes(name)) fixed[name] = value;
    }
    return { fixed, listed };
  }

  private cliEnvironment(): Record<string, string> {
    const env: Record<string, string> = {};
    for (const name of CLI_ENVIRONMENT) {
      const value = this.hostEnv[name];
      if (value !== undefined) env[name] = value;
    }
    return env;
  }

  private async signal(name: string, signalName: 'TERM' | 'KILL'): Promise<void> {
    const [cli = '', ...args] = killArgv(this.options.settings, name, signalName);
    await ask(cli, args, this.cliEnvironment(), KILL_TIMEOUT_MS);
  }

  private ask(args: readonly string[]): Promise<{ ok: boolean; text: string }> {
    const { cli, cliOptions = [] } = this.options.settings;
    return ask(cli, [...cliOptions, ...args], this.cliEnvironment(), 10_000);
  }
}

function ask(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  timeout: number,
): Promise<{ ok: boolean; text: string }> {
  return new Promise((resolve) => {
    execFile(file, [...args], { env, timeout, windowsHide: true }, (error, stdout, stderr) => {
      const said = `${stderr}${stdout}`.trim().split('\n').at(-1);
      resolve({ ok: error === null, text: said || (error?.message.split('\n')[0] ?? '') });
    });
  });
}
