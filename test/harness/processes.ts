import { type ChildProcess, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { stepMs } from './patience';

/**
 * Ids of every descendant of a process, nearest first. Linux reads /proc, macOS asks ps; on Windows the list is
 * empty because taskkill walks the tree itself.
 */
export function descendantsOf(pid: number): number[] {
  const parentOf = new Map<number, number>();
  if (process.platform === 'linux') {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        // The command name may contain spaces and brackets, so read what follows its closing bracket.
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        parentOf.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      } catch {
        // It ended between the listing and the reading.
      }
    }
  } else if (process.platform !== 'win32') {
    const listing = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    for (const line of listing.split('\n')) {
      const [child, parent] = line.trim().split(/\s+/).map(Number);
      if (child !== undefined && parent !== undefined) parentOf.set(child, parent);
    }
  }
  const found: number[] = [];
  let layer = [pid];
  while (layer.length > 0) {
    const parents = new Set(layer);
    layer = [...parentOf].filter(([, parent]) => parents.has(parent)).map(([child]) => child);
    found.push(...layer);
  }
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends a child and everything it started: politely, then after `graceMs` by force. */
export async function stopTree(child: ChildProcess, graceMs = 2000): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    try {
      execFileSync('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore' });
    } catch {
      // Already gone.
    }
    return;
  }
  // Listed before the signal: orphans of a dead parent can no longer be found through it.
  const tree = [pid, ...descendantsOf(pid)];
  signalAll(tree, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (tree.some(isAlive) && Date.now() < deadline) await pause(25);
  signalAll([...tree, ...tree.flatMap(descendantsOf)], 'SIGKILL');
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Already gone.
    }
  }
}

/** Only between two looks at a condition; nothing in the harness waits for time to pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Looks until `probe` answers something other than undefined; throws `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  timeoutMs = stepMs,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await pause(50);
  }
}
