import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';

/** One process as the kernel lists it. `start` tells two processes with the same pid apart. */
export interface ProcessEntry {
  readonly pid: number;
  readonly ppid: number;
  readonly group: number;
  readonly session: number;
  readonly start: number;
  readonly residentBytes: number;
  /** Ended, and waiting for its parent to notice. */
  readonly zombie: boolean;
}

/** Pages are 4 KiB on every platform whose `/proc` this reads but some ARM servers, where it errs upwards. */
const PAGE_BYTES = 4096;
/** Law 9: at most this many milliseconds of reading between two turns of the event loop. */
const SLICE_MS = 6;

/** `/proc/<pid>/stat`: the name is in brackets and may itself hold brackets and spaces. */
export function parseProcStat(text: string): ProcessEntry | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const at = (index: number) => Number(fields[index]);
  const entry: ProcessEntry = {
    pid: Number(text.slice(0, open)),
    ppid: at(1),
    group: at(2),
    session: at(3),
    start: at(19),
    residentBytes: at(21) * PAGE_BYTES,
    zombie: fields[0] === 'Z' || fields[0] === 'X',
  };
  return Number.isInteger(entry.pid) && Number.isInteger(entry.ppid) ? entry : undefined;
}

/** Every process of the machine (Linux). Yields to the event loop while it reads. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  const list: ProcessEntry[] = [];
  let sliceEnd = performance.now() + SLICE_MS;
  for (const pid of pidsFrom(1)) {
    const entry = readProcess(pid);
    if (entry) list.push(entry);
    if (performance.now() > sliceEnd) {
      await breathe();
      sliceEnd = performance.now() + SLICE_MS;
    }
  }
  return list;
}

/** Pids of the processes that exist now, from `least` up (Linux). */
export function pidsFrom(least: number): number[] {
  const pids: number[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (pid >= least) pids.push(pid);
  }
  return pids;
}

/** Threads that exist on the whole machine: one short read, however many there are (Linux; 0 elsewhere). */
export function threadCount(): number {
  return Number(readOrNothing('/proc/loadavg').split(' ')[3]?.split('/')[1] ?? 0);
}

export function readProcess(pid: number): ProcessEntry | undefined {
  const text = readOrNothing(`/proc/${pid}/stat`);
  return text === '' ? undefined : parseProcStat(text);
}

/** Reads a `/proc` file; empty when the process is gone or not ours to read. */
export function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Output of `ps -axo pid=,ppid=,pgid=,sess=,rss=,stat=` (macOS; `rss` in KiB, `sess` may be 0 there). */
export function parsePs(text: string): ProcessEntry[] {
  const list: ProcessEntry[] = [];
  for (const line of text.split('\n')) {
    const [pid, ppid, group, session, kib, stat] = line.trim().split(/\s+/);
    if (!pid || !ppid || !group || !stat) continue;
    list.push({
      pid: Number(pid),
      ppid: Number(ppid),
      group: Number(group),
      session: Number.parseInt(session ?? '0', 16) || 0,
      start: 0,
      residentBytes: Number(kib) * 1024,
      zombie: stat.startsWith('Z'),
    });
  }
  return list;
}
