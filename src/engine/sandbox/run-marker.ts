import { randomBytes, randomInt } from 'node:crypto';
import { readOrNothing } from './process-list';

/** The variable by which a child, and everything it starts, is known again. Holds no secret. */
export const RUN_VARIABLE = 'COWORK_RUN_ID';

/** `ulimit -f` counts in blocks of 512 bytes in dash and of 1024 in bash; the file size unit of `RunMarker`. */
const MARK_RANGE = 1 << 20;

/**
 * Two marks that descendants inherit and that reparenting, a new session or an emptied environment do not take
 * away together: a variable, and the exact hard limit on file size, which only root can raise again.
 */
export interface RunMarker {
  readonly id: string;
  /** Hard limit on file size in 512-byte blocks: the wanted limit plus a number that no other run has. */
  readonly fileBlocks: number;
}

const active = new Set<number>();

export function newRunMarker(fileBytes: number): RunMarker {
  const base = Math.max(1, Math.floor(fileBytes / 512));
  let fileBlocks = base + randomInt(MARK_RANGE);
  while (active.has(fileBlocks)) fileBlocks = base + randomInt(MARK_RANGE);
  active.add(fileBlocks);
  return { id: randomBytes(12).toString('hex'), fileBlocks };
}

export function releaseRunMarker(marker: RunMarker): void {
  active.delete(marker.fileBlocks);
}

/** True when process `pid` carries either mark (Linux). */
export function carriesMarker(pid: number, marker: RunMarker): boolean {
  const wanted = `${RUN_VARIABLE}=${marker.id}`;
  if (readOrNothing(`/proc/${pid}/environ`).split('\0').includes(wanted)) return true;
  const limit = /^Max file size\s+\S+\s+(\S+)/m.exec(readOrNothing(`/proc/${pid}/limits`));
  return limit?.[1] === String(marker.fileBlocks * 512);
}
