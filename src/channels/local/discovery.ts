import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** What a window tells about its local chat: where it listens and the key to it. */
const windowFile = z.object({
  v: z.literal(1),
  window: z.string().regex(/^[0-9a-f-]{36}$/),
  pid: z.number().int().positive(),
  port: z.number().int().min(1).max(65_535),
  token: z.string().regex(/^[0-9a-f]{64}$/),
  /** Name of the open folder, for people to choose by. */
  workspace: z.string().max(300),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
});
export type LocalWindow = z.output<typeof windowFile>;

const SUFFIX = '.chat.json';

/**
 * The folder in which windows announce themselves, the same for the extension and for the terminal outside it.
 * Owner-only. `COWORK_STATE_DIR` puts it elsewhere, for tests and unusual homes.
 */
export function discoveryFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  const own = env.COWORK_STATE_DIR;
  if (own) return join(own, 'windows');
  if (platform === 'win32')
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'cowork-os', 'windows');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'cowork-os', 'windows');
  return join(env.XDG_STATE_HOME || join(home, '.local', 'state'), 'cowork-os', 'windows');
}

/**
 * Writes the window's file, readable by its owner alone.
 * @throws Error with a sentence when the folder belongs to somebody else or cannot be written.
 */
export async function announceWindow(folder: string, window: LocalWindow): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await assertOurs(folder);
  await chmod(folder, 0o700);
  const target = join(folder, `${window.window}${SUFFIX}`);
  const draft = `${target}.${randomUUID()}`;
  // A new name with “wx” cannot be a link that somebody prepared.
  await writeFile(draft, JSON.stringify(window), { mode: 0o600, flag: 'wx' });
  await rename(draft, target);
}

export async function withdrawWindow(folder: string, window: string): Promise<void> {
  await rm(join(folder, `${window}${SUFFIX}`), { force: true });
}

/** The windows that are open, oldest first. Files of windows whose process is gone are removed. */
export async function openWindows(folder: string): Promise<readonly LocalWindow[]> {
  const names = await readdir(folder).catch(() => []);
  const found: LocalWindow[] = [];
  for (const name of names) {
    if (!name.endsWith(SUFFIX)) continue;
    const window = await readWindow(join(folder, name));
    if (!window || `${window.window}${SUFFIX}` !== name) continue;
    if (isAlive(window.pid)) found.push(window);
    else await withdrawWindow(folder, window.window);
  }
  return found.sort((a, b) => a.startedAt - b.startedAt || a.window.localeCompare(b.window));
}

/** Undefined for what is not such a file, or is not ours alone: a token from elsewhere would send us elsewhere. */
async function readWindow(path: string): Promise<LocalWindow | undefined> {
  try {
    const stat = await lstat(path);
    if (!stat.isFile() || stat.size > 10_000) return undefined;
    if (process.getuid && (stat.uid !== process.getuid() || (stat.mode & 0o077) !== 0)) return undefined;
    const parsed = windowFile.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

async function assertOurs(folder: string): Promise<void> {
  const stat = await lstat(folder);
  if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid())) {
    throw new Error(`“${folder}” is not a folder of yours, so the key of the local chat is not put there.`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but is not ours to signal.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
