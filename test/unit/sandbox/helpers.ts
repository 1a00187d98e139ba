import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** True when a process with this pid exists and is not merely waiting to be collected. */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) throw new RangeError(`not a pid: ${pid}`);
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Resolves once the file exists and has content. */
export async function waitForFile(path: string): Promise<void> {
  while (!existsSync(path) || statSync(path).size === 0) await sleep(5);
}

export const FULL = process.env.COWORK_FULL === '1';

/** Pids of the processes whose environment has exactly this `NAME=value` (Linux; none elsewhere). */
export function runningWith(variable: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(variable) && isAlive(pid);
      } catch {
        return false;
      }
    });
}
