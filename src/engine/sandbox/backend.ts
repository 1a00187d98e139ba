import type { Socket } from 'node:net';
import type { Destination } from '../model/egress';

/** The places where a command may run, from the strongest wall to none. */
export type SandboxId = 'bubblewrap' | 'container' | 'sandbox-exec' | 'process';

/** Ceilings of one run. Where a backend cannot keep one, its `describe().promises` does not name it. */
export interface RunLimits {
  /** Milliseconds, 1 to `MAX_TIMEOUT_MS`. */
  readonly timeoutMs: number;
  /** Bytes of output kept in memory, half from the start and half from the end. */
  readonly outputBytes: number;
  /** Bytes of memory of the whole process tree. */
  readonly memoryBytes: number;
  /** Processes alive at once in the whole tree. */
  readonly processes: number;
  /** Bytes of any one file that is written. */
  readonly fileBytes: number;
}

/** The reference product's ceiling for a shell command. */
export const MAX_TIMEOUT_MS = 5 * 60_000;

/** A command that writes more than this is ended: it is not output any more, it is a flood. */
export const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** 60 s and 100 KB are the reference product's; the others leave room for a compiler or a test runner. */
export const DEFAULT_LIMITS: RunLimits = {
  timeoutMs: 60_000,
  outputBytes: 100 * 1024,
  memoryBytes: 4 * 1024 ** 3,
  processes: 512,
  fileBytes: 1024 ** 3,
};

/** The hosts that a command may reach, by a proxy of ours and never by itself. */
export interface RunNetwork {
  readonly hosts: readonly string[];
  /** A connection that the egress gate has let through. @throws EgressRefused, or Error when the network fails. */
  connect(destination: Destination, signal: AbortSignal): Promise<Socket>;
}

/** One run. Nothing in it is ever made into a command string. */
export interface RunSpec {
  /** Program and arguments. For a line in a shell's language see `shellArgv`. */
  readonly argv: readonly string[];
  /** Absolute, inside `workspace`. */
  readonly cwd: string;
  /** Absolute: the one folder that the command may change. */
  readonly workspace: string;
  /** Variables that the user lists, names to values; the base set is the backend's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: RunLimits;
  readonly network: 'none' | RunNetwork;
}

/** What came out of a run: both streams in the order in which they arrived. */
export interface RunOutput {
  /** Decoded as UTF-8; when `cut`, a line in the middle says how many bytes are left out. */
  readonly text: string;
  readonly cut: boolean;
  /** Bytes of the whole. */
  readonly length: number;
  /** SHA-256 of the whole, in hex. */
  readonly sha256: string;
}

/** `protected`: it made a file that it must not make; `failure` names it. */
export type LimitName = 'time' | 'output' | 'memory' | 'processes' | 'protected';

export interface RunResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  /** The limit that ended the run, when one did. */
  readonly limit?: LimitName;
  readonly output: RunOutput;
  readonly durationMs: number;
  /** Processes that the command had left behind and that were ended. */
  readonly leftovers: number;
  /** Things that a person should know: a leftover server, a protected file that was moved away. */
  readonly notices: readonly string[];
  /** Why it could not be started or kept, in one sentence. */
  readonly failure?: string;
}

export type OutputListener = (chunk: string) => void;

export interface SandboxDescription {
  /** As the approval shows it: "Bubblewrap (no network, workspace only)". */
  readonly label: string;
  /** True when the operating system, not good will, keeps the command away from everything else. */
  readonly isolated: boolean;
  readonly promises: readonly string[];
}

/** A place to run commands in. `run` never throws for what the command does, only for a mistake in `spec`. */
export interface SandboxBackend {
  readonly id: SandboxId;
  describe(): SandboxDescription;
  /** Tries to get out. `ok` means that the attempt failed; otherwise `why` is one sentence. */
  selfTest(): Promise<{ readonly ok: boolean; readonly why: string }>;
  /** @throws RangeError when `spec` has an empty argv, a NUL, a relative path or a limit out of range. */
  run(spec: RunSpec, signal: AbortSignal, onOutput?: OutputListener): Promise<RunResult>;
}

/** Abort with this reason to skip the half second that a command otherwise gets to end by itself. */
export const FORCE_STOP = 'force-stop';

/** @throws RangeError naming the field that is wrong. */
export function checkRunSpec(spec: RunSpec): void {
  const [program] = spec.argv;
  if (program === undefined || program === '') throw new RangeError('argv: empty');
  const texts = [...spec.argv, spec.cwd, spec.workspace, ...Object.entries(spec.env).flat()];
  if (texts.some((text) => text.includes('\0'))) throw new RangeError('argv, cwd or env: contains NUL');
  if (!isAbsolutePath(spec.cwd)) throw new RangeError('cwd: not absolute');
  if (!isAbsolutePath(spec.workspace)) throw new RangeError('workspace: not absolute');
  const { timeoutMs, ...others } = spec.limits;
  if (!(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw new RangeError(`limits.timeoutMs: must be 1 to ${MAX_TIMEOUT_MS}`);
  }
  for (const [name, value] of Object.entries(others)) {
    if (!(Number.isFinite(value) && value > 0)) throw new RangeError(`limits.${name}: must be positive`);
  }
}

function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\\\');
}
