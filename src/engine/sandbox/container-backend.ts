import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunSpec, SandboxDescription } from './backend';
import { type ContainerSettings, containerArgv, killArgv } from './container-argv';
import { childEnvironment } from './environment';
import {
  escapeVerdict,
  type Ground,
  IsolatingBackend,
  type IsolationOptions,
  type Start,
} from './isolating-backend';
import { RUN_VARIABLE, type RunMarker } from './run-marker';

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
export class ContainerBackend extends IsolatingBackend {
  readonly id = 'container' as const;

  constructor(private readonly options: ContainerOptions) {
    super(options);
  }

  describe(): SandboxDescription {
    const { image, network } = this.options.settings;
    const reach =
      network === 'none' ? 'no network' : `the whole network “${network}” once hosts are approved`;
    return {
      label: `Container (${image}): ${reach}, writes in the workspace only`,
      isolated: true,
      promises: [
        'writes only in the workspace, and there not to protected files',
        'nothing of this machine visible but the workspace',
        network === 'none' ? 'no network' : 'no network unless hosts are approved; then all of it',
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
      const result = await this.attempt(script, [workspace], workspace, SELF_TEST_TIMEOUT_MS);
      return escapeVerdict(result, `A container of ${settings.image}`);
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  }

  protected async start(spec: RunSpec, { workspace, cwd, masks }: Ground): Promise<Start> {
    const { settings } = this.options;
    const name = `cowork-${randomBytes(8).toString('hex')}`;
    const inside = this.insideEnvironment(spec, workspace);
    const asked = spec.network !== 'none';
    const withNetwork = asked && settings.network !== 'none';
    const notice = withNetwork
      ? `The container had the whole network “${settings.network}”: nothing filtered what it reached.`
      : 'Containers have no network here; the setting cowork.sandbox.container.network can give them one.';
    const argv = (marker: RunMarker) =>
      containerArgv({
        settings,
        limits: spec.limits,
        name,
        user: `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`,
        workspace,
        cwd,
        masks,
        // The mark by which its processes are found when the engine has lost sight of them.
        env: { ...inside.fixed, [RUN_VARIABLE]: marker.id },
        envNames: Object.keys(inside.listed),
        withNetwork,
        argv: spec.argv,
      });
    return {
      notices: asked ? [notice] : [],
      launch: (marker) => ({
        argv: argv(marker),
        cwd: '/',
        env: { ...this.cliEnvironment(), ...inside.listed },
        contained: true,
        signal: (signalName) => this.signal(name, signalName),
        tidy: () => void this.ask(['rm', '--force', name]),
      }),
    };
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
