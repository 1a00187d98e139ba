import type { RunLimits } from './backend';

/** What the user sets for containers, at user scope only: a repository must not choose what is started. */
export interface ContainerSettings {
  /** Absolute path or name of a program with the command line of Docker. */
  readonly cli: string;
  /** Options of the program itself, before `run`. */
  readonly cliOptions?: readonly string[];
  /** Options for every `run`, after our own. */
  readonly runOptions?: readonly string[];
  readonly image: string;
  /** Processors, may be a fraction. */
  readonly cpus: number;
  /** Bytes; the smaller of this and the limit of the run counts. */
  readonly memoryBytes: number;
  /** Processes and threads; the smaller of this and the limit of the run counts. */
  readonly pids: number;
  /** The engine's network for commands that were approved with hosts; `none` keeps it off. Nothing filters it. */
  readonly network: string;
}

/** The reference product's defaults, and a limit of processes, which it lacks. */
export const DEFAULT_CONTAINER: ContainerSettings = {
  cli: 'docker',
  image: 'node:22-bookworm',
  cpus: 1,
  memoryBytes: 512 * 1024 * 1024,
  pids: 256,
  network: 'none',
};

export interface ContainerInput {
  readonly settings: ContainerSettings;
  readonly limits: RunLimits;
  /** A name that no other container has. */
  readonly name: string;
  /** `uid:gid`, so that files in the workspace stay the user's own. */
  readonly user: string;
  readonly workspace: string;
  readonly cwd: string;
  /** Absolute paths in the workspace that are mounted read-only over themselves. */
  readonly masks: readonly string[];
  /** Variables with values that are no secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Names whose values the program takes from its own environment, so that they are in no process list. */
  readonly envNames: readonly string[];
  /** The command was approved with hosts. */
  readonly withNetwork: boolean;
  readonly argv: readonly string[];
}

/** The argv that runs one command in a container of its own. The image's own entry point is not used. */
export function containerArgv(input: ContainerInput): string[] {
  const { settings, limits, workspace } = input;
  const memory = String(Math.min(settings.memoryBytes, limits.memoryBytes));
  const [program = '', ...args] = input.argv;
  return [
    settings.cli,
    ...(settings.cliOptions ?? []),
    ...['run', '--rm', '--name', input.name, '--label', 'cowork.sandbox=1'],
    ...['--network', input.withNetwork ? settings.network : 'none'],
    ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--pids-limit', String(Math.min(settings.pids, limits.processes))],
    ...['--memory', memory, '--memory-swap', memory, '--cpus', String(settings.cpus)],
    ...['--ulimit', 'core=0:0', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096'],
    ...['--ulimit', `fsize=${limits.fileBytes}:${limits.fileBytes}`],
    ...['--user', input.user, '--hostname', 'sandbox'],
    ...['--tmpfs', '/tmp:rw,noexec,nosuid,size=100m'],
    ...mount(workspace, false),
    ...input.masks.flatMap((path) => mount(path, true)),
    ...['--workdir', input.cwd],
    ...Object.entries(input.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...input.envNames.flatMap((name) => ['--env', name]),
    ...(settings.runOptions ?? []),
    ...['--entrypoint', program, settings.image, ...args],
  ];
}

/** argv that signals the first process of a container; its death is that of all others. */
export function killArgv(settings: ContainerSettings, name: string, signal: 'TERM' | 'KILL'): string[] {
  return [settings.cli, ...(settings.cliOptions ?? []), 'kill', '--signal', signal, name];
}

/**
 * A mount at the same path inside as outside. The value is a line of CSV.
 * @throws RangeError for a path that such a line cannot hold.
 */
function mount(path: string, readOnly: boolean): string[] {
  if (/["\r\n]/.test(path)) throw new RangeError(`cannot be mounted into a container: ${path}`);
  const field = (text: string) => (text.includes(',') ? `"${text}"` : text);
  const parts = ['type=bind', `source=${path}`, `target=${path}`, ...(readOnly ? ['readonly'] : [])];
  return ['--mount', parts.map(field).join(',')];
}
