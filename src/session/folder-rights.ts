import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderRights } from '../channels/contract';
import { syncedBy } from '../engine/posture/survey/places';
import { isWithin } from '../engine/sandbox/environment';

/** Of the owner alone: no right for the group and for others. */
const OTHERS = 0o077;
/** Files and folders that are looked at; a folder with more is as open as the first of them. */
const LOOKED_AT = 500;

/**
 * Who else may look into a folder, and where it lies. Only names and modes are read, at most two steps deep.
 * Undefined when it is no folder or cannot be looked at. Never throws.
 */
export async function rightsOf(
  folder: string,
  workspace: string,
  platform: NodeJS.Platform,
): Promise<FolderRights | undefined> {
  try {
    const path = await realpath(folder);
    if (!(await stat(path)).isDirectory()) return undefined;
    const synced = syncedBy(path) ?? syncedBy(folder);
    return {
      path,
      openToOthers: platform === 'win32' ? 0 : await countOpen(path),
      insideWorkspace: isWithin(await realpath(workspace).catch(() => workspace), path),
      ...(synced === undefined ? {} : { syncedBy: synced }),
    };
  } catch {
    return undefined;
  }
}

async function countOpen(path: string): Promise<number> {
  let left = LOOKED_AT;
  const count = async (at: string, deeper: number): Promise<number> => {
    left -= 1;
    const found = await stat(at).catch(() => undefined);
    // What lies in a folder that nobody else may enter is closed whatever its own mode.
    if (!found || (found.mode & OTHERS) === 0) return 0;
    let open = 1;
    if (!found.isDirectory() || deeper === 0) return open;
    for (const name of await readdir(at).catch(() => [])) {
      if (left <= 0) break;
      open += await count(join(at, name), deeper - 1);
    }
    return open;
  };
  return count(path, 2);
}
