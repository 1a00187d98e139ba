import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import * as z from 'zod/mini';
import { errorCode, JournalHeldError } from './errors';
import { type JournalFs, readWhole, writeAll } from './fs';

/** How often the holder shows that it lives, in milliseconds. */
const HEARTBEAT_MS = 5_000;
/** A holder that cannot be asked (another machine, another container) and is silent this long counts as dead. */
const SILENT_MS = 60_000;

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  label: z.string(),
  since: z.number(),
  /** When the process started, as the system tells it; empty when it does not. Tells a reused pid from the holder. */
  started: z.string(),
  /** One a lease, so that a store whose worker died can take its own lease back. */
  token: z.string(),
  released: z.boolean(),
});
type Holder = z.infer<typeof holderSchema>;

export interface LeaseOptions {
  readonly fs: JournalFs;
  readonly directory: string;
  /** Shown to whoever finds the journal taken. */
  readonly label: string;
  /** A lease with the same token in this very process is one that our own dead worker left behind. */
  readonly token?: string;
}

/**
 * The right to write a journal: at most one holder, on one machine by the life of the process, across machines by
 * heartbeat.
 *
 * The lease is the file `lease.N` with the highest N. Taking it over means creating `lease.N+1` exclusively, which
 * only one contender can; the highest file is never deleted, only marked as released, so a contender that slept
 * through several takeovers and creates a number long gone finds a higher one and steps back.
 */
export class Lease {
  private beatAt = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private lost = false;

  private constructor(
    private readonly options: LeaseOptions,
    private readonly generation: number,
    private readonly holder: Holder,
  ) {
    this.timer = setInterval(() => this.beat(), HEARTBEAT_MS);
    this.timer.unref();
  }

  /** @throws JournalHeldError when someone alive holds it; a system error when the directory cannot be written. */
  static acquire(options: LeaseOptions): Lease {
    const { fs, directory } = options;
    const holder: Holder = {
      pid: process.pid,
      host: hostname(),
      label: options.label,
      since: Date.now(),
      started: processStart(process.pid),
      token: options.token ?? randomUUID(),
      released: false,
    };
    for (;;) {
      const current = generations(fs, directory).at(-1) ?? 0;
      if (current > 0) {
        const found = readHolder(fs, directory, current);
        if (found && !isFree(fs, `${directory}/lease.${current}`, found, holder))
          throw new JournalHeldError(found);
      }
      const mine = current + 1;
      if (!createExclusively(fs, directory, mine, holder)) continue;
      const after = generations(fs, directory);
      if ((after.at(-1) ?? 0) > mine) {
        fs.remove(`${directory}/lease.${mine}`);
        continue;
      }
      for (const old of after) if (old < mine) fs.remove(`${directory}/lease.${old}`);
      return new Lease(options, mine, holder);
    }
  }

  /**
   * False when someone took it over: this process was taken for dead, for instance after a long sleep of the
   * machine. Looks at the disk only when the heartbeat is late.
   */
  stillHeld(): boolean {
    if (!this.lost && Date.now() - this.beatAt > 2 * HEARTBEAT_MS) this.beat();
    return !this.lost;
  }

  /** Gives the lease back. The file stays, marked, as its number must not be used again. */
  release(): void {
    clearInterval(this.timer);
    if (this.lost) return;
    this.lost = true;
    const { fs, directory } = this.options;
    const path = `${directory}/lease.${this.generation}`;
    try {
      if (generations(fs, directory).at(-1) !== this.generation) return;
      // In place and of the same length, so that it also works on a full disk.
      const text = JSON.stringify({ ...this.holder, released: true });
      const fd = fs.open(path, 'update');
      try {
        writeAll(fs, fd, Buffer.from(text.padEnd(JSON.stringify(this.holder).length)));
      } finally {
        fs.close(fd);
      }
    } catch {
      // The next one finds a dead process instead of a mark; nothing is lost by that.
    }
  }

  private beat(): void {
    const { fs, directory } = this.options;
    try {
      if ((generations(fs, directory).at(-1) ?? 0) !== this.generation) {
        this.lost = true;
        return;
      }
      fs.touch(`${directory}/lease.${this.generation}`);
      this.beatAt = Date.now();
    } catch {
      // A disk that cannot be read now may be later; `stillHeld` asks again before anything is written.
    }
  }
}

function generations(fs: JournalFs, directory: string): number[] {
  return fs
    .list(directory)
    .map((name) => /^lease\.([1-9]\d*)$/.exec(name)?.[1])
    .filter((n) => n !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Undefined when it is gone or unreadable: then nobody holds that generation. */
function readHolder(fs: JournalFs, directory: string, generation: number): Holder | undefined {
  const bytes = readWhole(fs, `${directory}/lease.${generation}`);
  if (!bytes) return undefined;
  try {
    return holderSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}

function writeHolder(fs: JournalFs, path: string, holder: Holder): void {
  fs.remove(path);
  const fd = fs.open(path, 'create', 0o600);
  try {
    writeAll(fs, fd, Buffer.from(JSON.stringify(holder)));
    fs.sync(fd);
  } finally {
    fs.close(fd);
  }
}

/** The file appears whole or not at all: written under a name of its own, then linked. */
function createExclusively(fs: JournalFs, directory: string, generation: number, holder: Holder): boolean {
  const path = `${directory}/lease.${generation}`;
  const aside = `${path}.${randomUUID()}`;
  writeHolder(fs, aside, holder);
  try {
    fs.link(aside, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    fs.remove(aside);
  }
}

function isFree(fs: JournalFs, path: string, found: Holder, me: Holder): boolean {
  if (found.released) return true;
  const silent = Date.now() - (fs.modified(path) ?? 0);
  if (found.host !== me.host) return silent > SILENT_MS;
  if (found.pid === me.pid && found.started === me.started) return found.token === me.token;
  if (!isAlive(found.pid)) return true;
  const started = processStart(found.pid);
  if (started !== '' && found.started !== '') return started !== found.started;
  return silent > SILENT_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Changes with every start of a process under the same pid: boot id and start ticks on Linux, `lstart` on macOS. */
function processStart(pid: number): string {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Field 22; the name in parentheses (field 2) may hold blanks.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`;
    }
    if (process.platform === 'darwin') {
      return execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        timeout: 2_000,
      }).trim();
    }
  } catch {
    // Told by the heartbeat then.
  }
  return '';
}
