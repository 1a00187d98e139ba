import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { codeOnPath, hasDisplay } from './desktop';
import { openFront } from './front';
import { repoRoot, sampleFolder } from './paths';
import { installServer, newestBuild } from './server-build';
import { type Settings, writeUserSettings } from './settings';
import { startServer } from './vscode-server';

export interface TryItOptions {
  /** Throws away the copy of the sample folder and the profile of earlier runs. */
  readonly fresh: boolean;
  readonly say: (line: string) => void;
}

/**
 * Opens VS Code with the extension on a copy of the sample folder: the desktop's when there is one, otherwise the
 * server build for a browser. The latter stays until a signal ends it, and takes its processes with it.
 */
export async function tryIt({ fresh, say }: TryItOptions): Promise<void> {
  const home = dataFolder();
  if (fresh) await rm(home, { recursive: true, force: true });
  const workspace = join(home, 'sample');
  if (!existsSync(workspace)) {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await cp(sampleFolder, workspace, { recursive: true });
  }
  const desktop = hasDisplay() ? codeOnPath() : undefined;
  if (desktop !== undefined) {
    const args = ['--new-window', `--extensionDevelopmentPath=${repoRoot}`, workspace];
    spawn(desktop, args, { detached: true, stdio: 'ignore' }).unref();
    say(`VS Code (${desktop}) opens on ${workspace}`);
    return;
  }
  await serve(home, workspace, say);
}

/** Someone who tries it gets the whole editor, with the sample's README open beside it. */
const forAPerson: Settings = {
  'telemetry.telemetryLevel': 'off',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'readme',
};

async function serve(home: string, workspace: string, say: (line: string) => void): Promise<void> {
  say('there is no desktop VS Code here, so it opens in a browser');
  const installed = await installServer(newestBuild, say);
  const data = join(home, 'server');
  const settings = join(data, 'data/User');
  if (!existsSync(join(settings, 'settings.json'))) {
    await writeUserSettings(settings, forAPerson);
  }
  // Whoever has the address can do what its owner can, so it carries a token that only this run knows.
  const token = randomBytes(24).toString('hex');
  const server = await startServer(installed, {
    data,
    extensions: [repoRoot],
    connectionToken: token,
  });
  const front = await openFront(server.port, token, await keyOf(home));
  const asked = new Promise<'asked'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('asked'));
  });
  say(`folder: ${workspace}`);
  say('ready. Open this address; Ctrl-C ends it.');
  say(`http://127.0.0.1:${front.port}/?folder=${encodeURIComponent(workspace)}&tkn=${token}`);
  const why = await Promise.race([asked, server.ended]);
  if (why !== 'asked') {
    say(`VS Code's server has ended by itself; its log is ${server.log}`);
    process.exitCode = 1;
  }
  await front.close();
  await server.stop();
  say('ended');
}

/** What the workbench of this profile keeps its secrets with; without it they would be lost at every start. */
async function keyOf(home: string): Promise<Buffer> {
  const path = join(home, 'workbench.key');
  if (!existsSync(path)) await writeFile(path, randomBytes(32), { mode: 0o600 });
  return readFile(path);
}

/** Where a person's own trials live, apart from the repository and from the cache that may be emptied any time. */
function dataFolder(): string {
  const xdg = process.env.XDG_DATA_HOME;
  if (xdg !== undefined && xdg !== '') return join(xdg, 'cowork-vscode');
  if (process.platform === 'darwin') return join(homedir(), 'Library/Application Support/cowork-vscode');
  if (process.platform === 'win32') {
    return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'cowork-vscode-data');
  }
  return join(homedir(), '.local/share/cowork-vscode');
}
