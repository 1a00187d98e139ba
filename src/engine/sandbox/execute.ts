import { type ChildProcess, spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FORCE_STOP,
  type LimitName,
  MAX_OUTPUT_BYTES,
  type OutputListener,
  type RunLimits,
  type RunResult,
} from './backend';
import { OutputCapture } from './output';
import { threadCount } from './process-list';
import { GRACE_MS, ProcessTree } from './process-tree';
import { newRunMarker, RUN_VARIABLE, type RunMarker, releaseRunMarker } from './run-marker';

/** How a backend wants a command started. */
export interface Launch {
  /** The whole argv, wrapper included. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Signals what is not among our own children, such as a container. */
  readonly signal?: (name: 'TERM' | 'KILL') => Promise<void>;
  /** Removes what is left of it when the program that was to do so had to be killed; nobody waits for it. */
  readonly tidy?: () => void;
  /** Open descriptors that the child gets as 3, 4, …; the caller closes them. */
  readonly descriptors?: readonly number[];
  /** Watches for a reason to end the command while it runs; the result ends the watch. */
  readonly watch?: (stop: (why: string) => void) => () => void;
  /** What runs has process ids of its own, behind a wrapper: its end takes the rest along. */
  readonly contained?: boolean;
  readonly platform?: NodeJS.Platform;
}

/** The first look at memory and process count, and the time between looks. Short commands never pay for one. */
const FIRST_LOOK_MS = 250;
const LOOK_EVERY_MS = 400;
/** Between two readings of the machine's count of threads. */
const SURGE_MS = 40;
/** After SIGKILL; with `GRACE_MS` this stays under the two seconds that a stop may take. */
const KILL_DEADLINE_MS = 1200;
/** How long the program in front of a container may take to notice that the container is gone. */
const OUTSIDE_EXIT_MS = 500;
/** How long output may still trickle in after the last process is gone. */
const DRAIN_MS = 250;

/**
 * Runs one command to its end, whatever that end is. Nothing the command starts outlives the returned promise
 * as far as `ProcessTree` can see. `makeLaunch` gets the marks that the child must carry.
 */
export async function execute(
  makeLaunch: (marker: RunMarker) => Launch,
  limits: RunLimits,
  signal: AbortSignal,
  onOutput: OutputListener = () => {},
): Promise<RunResult> {
  const marker = newRunMarker(limits.fileBytes);
  try {
    return await new Run(makeLaunch(marker), marker, limits, signal, onOutput).finish();
  } finally {
    releaseRunMarker(marker);
  }
}

class Run {
  private readonly capture: OutputCapture;
  private readonly startedAt = Date.now();
  private readonly clockStart = performance.now();
  private readonly notices: string[] = [];
  private ended: { code: number | null; signal: string | null } | undefined;
  private stopReason: LimitName | 'cancel' | undefined;
  private stopping: Promise<void> | undefined;
  private failure: string | undefined;
  private leftovers = 0;

  constructor(
    private readonly launch: Launch,
    private readonly marker: RunMarker,
    private readonly limits: RunLimits,
    private readonly abort: AbortSignal,
    private readonly onOutput: OutputListener,
  ) {
    this.capture = new OutputCapture(limits.outputBytes);
  }

  async finish(): Promise<RunResult> {
    if (this.abort.aborted) {
      this.stopReason = 'cancel';
      return this.result();
    }
    const child = this.start();
    if (child?.pid === undefined) {
      // Without a pid nothing was started; the `error` event, which says why, is still to come.
      await sleep(0);
      this.failure ??= 'The command could not be started.';
      return this.result();
    }
    await this.supervise(child, child.pid);
    return this.result();
  }

  private start(): ChildProcess | undefined {
    const { argv, cwd, env, platform = process.platform } = this.launch;
    const [file = '', ...args] = argv;
    try {
      const child = spawn(file, args, {
        cwd,
        env: { ...env, [RUN_VARIABLE]: this.marker.id },
        // Its own session: no terminal to talk to, and one group to signal.
        detached: platform !== 'win32',
        stdio: ['ignore', 'pipe', 'pipe', ...(this.launch.descriptors ?? [])],
        shell: false,
        windowsHide: true,
      });
      child.on('error', (error: NodeJS.ErrnoException) => {
        this.failure = startFailure(file, cwd, error);
      });
      return child;
    } catch (error) {
      this.failure = startFailure(file, cwd, error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  private async supervise(child: ChildProcess, pid: number): Promise<void> {
    const tree = new ProcessTree(
      { pid, marker: this.marker, startedAt: this.startedAt },
      this.launch.platform,
    );
    const exited = new Promise<void>((resolve) => {
      child.once('exit', (code, endSignal) => {
        this.ended = { code, signal: endSignal };
        resolve();
      });
    });
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let announceStop = () => {};
    const stopped = new Promise<void>((resolve) => {
      announceStop = resolve;
    });
    const stop = (reason: LimitName | 'cancel', force: boolean) => {
      if (this.ended) return;
      this.stopReason ??= reason;
      this.stopping ??= this.stopTree(tree, exited, force ? 0 : GRACE_MS);
      announceStop();
    };
    const timer = setTimeout(() => stop('time', false), this.limits.timeoutMs);
    const onAbort = () => stop('cancel', this.abort.reason === FORCE_STOP);
    this.abort.addEventListener('abort', onAbort, { once: true });
    const unwatch = this.watch(tree, (reason) => stop(reason, true));
    this.listen(child, () => stop('output', true));
    const unwatchOwn = this.launch.watch?.((why) => {
      if (!this.ended) this.failure ??= why;
      stop('protected', true);
    });
    await Promise.race([exited, stopped]);
    clearTimeout(timer);
    this.abort.removeEventListener('abort', onAbort);
    unwatch();
    unwatchOwn?.();
    if (this.stopping) await this.stopping;
    else await this.sweep(tree);
    await Promise.race([closed, sleep(DRAIN_MS, undefined, { ref: false })]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  }

  private listen(child: ChildProcess, onFlood: () => void): void {
    for (const stream of [child.stdout, child.stderr]) {
      const decoder = new StringDecoder('utf8');
      stream?.on('data', (chunk: Buffer) => {
        this.capture.add(chunk);
        const text = decoder.write(chunk);
        if (text !== '') this.onOutput(text);
        if (this.capture.length > MAX_OUTPUT_BYTES) onFlood();
      });
      stream?.on('error', () => stream.destroy());
    }
  }

  /** Ends runs whose tree grows over its limits. */
  private watch(tree: ProcessTree, onOver: (reason: LimitName) => void): () => void {
    let timer: NodeJS.Timeout;
    const look = async () => {
      const members = await tree.members();
      if (this.ended || this.stopReason) return;
      if (members.length > this.limits.processes) onOver('processes');
      const bytes = members.reduce((sum, entry) => sum + entry.residentBytes, 0);
      if (bytes > this.limits.memoryBytes) onOver('memory');
    };
    // A look that fails, for want of a file descriptor say, is followed by another.
    const lookAgain = () =>
      void look()
        .catch(() => {})
        .finally(() => {
          if (!this.ended && !this.stopReason) timer = setTimeout(lookAgain, LOOK_EVERY_MS);
        });
    timer = setTimeout(lookAgain, FIRST_LOOK_MS);
    // Forking doubles faster than looks come; the machine's own count is cheap enough to read all the time.
    const before = threadCount();
    const surge = setInterval(() => {
      if (threadCount() - before > this.limits.processes) void look().catch(() => {});
    }, SURGE_MS);
    return () => {
      clearTimeout(timer);
      clearInterval(surge);
    };
  }

  private async stopTree(tree: ProcessTree, exited: Promise<void>, graceMs: number): Promise<void> {
    const { contained = false, signal, tidy } = this.launch;
    if (graceMs > 0) {
      await (signal ? Promise.race([signal('TERM'), sleep(graceMs)]) : tree.terminate(contained));
      await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
    }
    if (signal && !this.ended) {
      await signal('KILL');
      await Promise.race([exited, sleep(OUTSIDE_EXIT_MS, undefined, { ref: false })]);
    }
    if (!this.ended) tidy?.();
    await tree.kill(KILL_DEADLINE_MS, contained);
    await Promise.race([exited, sleep(DRAIN_MS, undefined, { ref: false })]);
    if (!this.ended) this.notices.push('A process of this command could not be ended; it may still run.');
  }

  /** The command has ended by itself: nothing of it may stay behind. */
  private async sweep(tree: ProcessTree): Promise<void> {
    // A container's program returns once the container is gone.
    if (this.launch.signal) return;
    const left = await tree.leftovers();
    if (left.length === 0) return;
    if (this.launch.contained) {
      // The wrapper returns a moment before the kernel has emptied its namespace.
      await tree.kill(KILL_DEADLINE_MS, true);
      return;
    }
    this.leftovers = Math.max(left.length, await tree.kill(KILL_DEADLINE_MS));
    const what = this.leftovers === 1 ? 'One process' : `${this.leftovers} processes`;
    this.notices.push(`${what} that the command had left running in the background ended with it.`);
  }

  private result(): RunResult {
    const limit = this.stopReason === 'cancel' ? undefined : this.stopReason;
    return {
      exitCode: this.ended?.code ?? null,
      signal: this.ended?.signal ?? null,
      timedOut: this.stopReason === 'time',
      cancelled: this.stopReason === 'cancel',
      ...(limit ? { limit } : {}),
      output: this.capture.finish(),
      durationMs: Math.round(performance.now() - this.clockStart),
      leftovers: this.leftovers,
      notices: this.notices,
      ...(this.failure ? { failure: this.failure } : {}),
    };
  }
}

function startFailure(file: string, cwd: string, error: NodeJS.ErrnoException): string {
  // Node reports a missing working directory as a missing program.
  if (error.code === 'ENOENT') return `Neither ${file} nor, perhaps, the folder ${cwd} exists.`;
  if (error.code === 'EACCES')
    return `${file} may not be run: the file is not executable, or ${cwd} is closed.`;
  if (error.code === 'E2BIG') return 'The command is too long for this system.';
  return `${file} could not be started: ${error.message}.`;
}
