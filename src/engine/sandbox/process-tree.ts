import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  listProcesses,
  type ProcessEntry,
  parsePs,
  pidsFrom,
  readOrNothing,
  readProcess,
} from './process-list';
import { carriesMarker, type RunMarker } from './run-marker';

/** How long a command may take to end by itself after SIGTERM before it is killed. The whole budget is 2 s. */
export const GRACE_MS = 400;
/** Rounds of "look, stop, look again" before what is left counts as unkillable; a round takes milliseconds. */
const MAX_ROUNDS = 40;
/** No machine starts so many processes in this time that pids come round to where they were. */
const SHORT_RUN_MS = 2000;

export interface TreeRoot {
  readonly pid: number;
  readonly marker: RunMarker;
  /** `Date.now()` when it was started. */
  readonly startedAt: number;
}

/** argv that ends a process and its descendants on Windows. */
export function taskkillArgv(pid: number): string[] {
  return ['taskkill.exe', '/PID', String(pid), '/T', '/F'];
}

export const PS_ARGV = ['/bin/ps', '-axo', 'pid=,ppid=,pgid=,sess=,rss=,stat='];

/**
 * Everything that a command has started: its process group and session, its descendants, and processes that
 * have left all of those but carry its marks.
 */
export class ProcessTree {
  /** pid and start of processes that were looked at and are not ours: marks never appear later. */
  private readonly strangers = new Set<string>();
  private readonly known = new Set<string>();

  constructor(
    private readonly root: TreeRoot,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  /** Alive members. Cheap enough to call a few times a second; never blocks for longer than a slice. */
  async members(): Promise<ProcessEntry[]> {
    return this.select(this.platform === 'linux' ? await listProcesses() : await this.listByPs());
  }

  /**
   * What the command has left behind after its own end. The usual case, nothing, must cost next to nothing:
   * pids grow, so on a short run only those above the command's own are looked at.
   */
  async leftovers(): Promise<ProcessEntry[]> {
    if (this.platform === 'win32') return [];
    if (this.platform !== 'linux' || groupIsAlive(this.root.pid)) return this.members();
    const last = lastPid();
    if (Date.now() - this.root.startedAt > SHORT_RUN_MS || last < this.root.pid) return this.members();
    if (last === this.root.pid) return [];
    const younger = pidsFrom(this.root.pid + 1).flatMap((pid) => readProcess(pid) ?? []);
    return this.select(younger);
  }

  private select(all: readonly ProcessEntry[]): ProcessEntry[] {
    const mine = new Set<number>([this.root.pid]);
    const oldest = this.platform === 'linux' ? startFloor(this.root.startedAt) : 0;
    let grew = true;
    while (grew) {
      grew = false;
      for (const entry of all) {
        if (mine.has(entry.pid) || entry.pid === process.pid) continue;
        if (this.belongs(entry, mine, oldest)) {
          mine.add(entry.pid);
          grew = true;
        }
      }
    }
    const members = all.filter((entry) => mine.has(entry.pid) && !entry.zombie && entry.pid !== process.pid);
    for (const entry of members) this.known.add(keyOf(entry));
    return members;
  }

  /**
   * Asks the command to end: its process group, or, when it is `contained` in a namespace of its own, what runs
   * in there, since ending the wrapper would kill it at once.
   */
  async terminate(contained: boolean): Promise<void> {
    if (this.platform === 'win32') return;
    if (!contained) {
      signal(-this.root.pid, 'SIGTERM');
      return;
    }
    for (const { pid } of await this.members()) if (isContained(pid)) signal(pid, 'SIGTERM');
  }

  /**
   * Kills every member: all are stopped first, so that none can start another while it is looked for. With
   * `contained`, the first process of the namespace is killed, which is the same in one step.
   * Resolves with the number killed once none is left, or once `deadlineMs` from now is over.
   */
  async kill(deadlineMs: number, contained = false): Promise<number> {
    if (this.platform === 'win32') {
      await runQuietly(taskkillArgv(this.root.pid));
      return 0;
    }
    const end = performance.now() + deadlineMs;
    const killed = new Set<string>();
    if (contained) {
      // The wrapper's end is that of the namespace's first process, which takes all others along: before any
      // look, since a command that forks without end grows while it is looked at.
      signal(-this.root.pid, 'SIGKILL');
      const members = await this.members();
      for (const entry of members) if (entry.ppid === this.root.pid) signal(entry.pid, 'SIGKILL');
    } else signal(-this.root.pid, 'SIGSTOP');
    for (let round = 0; round < MAX_ROUNDS && performance.now() < end; round++) {
      const members = await this.members();
      const fresh = members.filter((entry) => !killed.has(keyOf(entry)));
      if (fresh.length === 0) {
        for (const entry of members) signal(entry.pid, 'SIGKILL');
        signal(-this.root.pid, 'SIGKILL');
        if (members.length === 0) break;
        await sleep(2 + round);
        continue;
      }
      for (const entry of fresh) {
        signal(entry.pid, 'SIGSTOP');
        killed.add(keyOf(entry));
      }
    }
    signal(-this.root.pid, 'SIGKILL');
    return killed.size;
  }

  private belongs(entry: ProcessEntry, mine: ReadonlySet<number>, oldest: number): boolean {
    if (mine.has(entry.ppid) || this.known.has(keyOf(entry))) return true;
    if (entry.group === this.root.pid || entry.session === this.root.pid) return true;
    if (this.platform !== 'linux' || entry.start < oldest) return false;
    const key = keyOf(entry);
    if (this.strangers.has(key)) return false;
    if (carriesMarker(entry.pid, this.root.marker)) return true;
    this.strangers.add(key);
    return false;
  }

  private async listByPs(): Promise<ProcessEntry[]> {
    return parsePs(await runQuietly(PS_ARGV));
  }
}

/**
 * True for a process that has a number in a namespace below our own, other than the first one there, which is part
 * of the wrapper (proc(5), `NSpid`).
 */
function isContained(pid: number): boolean {
  const numbers = namespaceNumbers(String(pid));
  return numbers.length > namespaceNumbers('self').length && numbers.at(-1) !== '1';
}

function namespaceNumbers(pid: string): readonly string[] {
  const [, numbers] = /^NSpid:\s+(.+)$/m.exec(readOrNothing(`/proc/${pid}/status`)) ?? [];
  return numbers?.trim().split(/\s+/) ?? [];
}

function keyOf(entry: ProcessEntry): string {
  return `${entry.pid}@${entry.start}`;
}

/** Kernel ticks since boot (100 a second) before which a process cannot belong to a run that began at `at`. */
function startFloor(at: number): number {
  const uptimeSeconds = Number.parseFloat(readOrNothing('/proc/uptime')) || 0;
  const agoSeconds = (Date.now() - at) / 1000;
  // Two seconds of slack for a clock that was set meanwhile.
  return (uptimeSeconds - agoSeconds - 2) * 100;
}

/** The pid given out last, or 0 when the kernel does not say. */
function lastPid(): number {
  return Number(readOrNothing('/proc/loadavg').trim().split(' ')[4] ?? 0);
}

function groupIsAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already, or not ours to signal: either way there is nothing to do about it here.
  }
}

function runQuietly(argv: readonly string[]): Promise<string> {
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    execFile(file, args, { timeout: 1500, windowsHide: true, maxBuffer: 16 << 20 }, (_error, out) =>
      resolve(out),
    );
  });
}
