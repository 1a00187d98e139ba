import { homedir, platform } from 'node:os';
import { join, resolve } from 'node:path';

/** The repository. */
export const repoRoot = resolve(__dirname, '../..');

/** Screenshots and logs of a run; not under version control. */
export const resultsFolder = join(repoRoot, 'test-results');

/** The folder that `npm start` opens; tests work on copies of it. */
export const sampleFolder = join(repoRoot, 'sample');

/** Where downloads of the harness live: one per user, so that a second clone downloads nothing. */
export function cacheFolder(): string {
  const xdg = process.env.XDG_CACHE_HOME;
  if (xdg !== undefined && xdg !== '') return join(xdg, 'cowork-vscode');
  if (platform() === 'darwin') return join(homedir(), 'Library/Caches/cowork-vscode');
  if (platform() === 'win32') {
    return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'cowork-vscode');
  }
  return join(homedir(), '.cache/cowork-vscode');
}
