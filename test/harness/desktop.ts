import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { repoRoot } from './paths';

/** Whether a window can be opened: macOS and Windows always can, Linux needs a display server. */
export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY) || Boolean(process.env.WAYLAND_DISPLAY);
}

/** The application behind the `code` command on the PATH; undefined when there is none, or when it is a remote's. */
export function codeOnPath(): string | undefined {
  const names = process.platform === 'win32' ? ['code.cmd'] : ['code'];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const found = join(folder, name);
      if (!existsSync(found)) continue;
      const application = applicationOf(realpathSync(found));
      if (application !== undefined) return application;
    }
  }
  return undefined;
}

function applicationOf(script: string): string | undefined {
  const bin = dirname(script);
  const candidates = [
    join(bin, '../code'),
    join(bin, '../Code.exe'),
    // On macOS the script lies in Contents/Resources/app/bin.
    join(bin, '../../../MacOS/Electron'),
    join(bin, '../../../MacOS/Code'),
  ];
  return candidates.find((path) => existsSync(path));
}

/** An editor that @vscode/test-electron downloaded earlier into this repository; the newest by name. */
export function cachedDownload(): string | undefined {
  const folder = join(repoRoot, '.vscode-test');
  if (!existsSync(folder)) return undefined;
  for (const name of readdirSync(folder).sort().reverse()) {
    const candidates = ['code', 'Code.exe', 'Visual Studio Code.app/Contents/MacOS/Electron'];
    const found = candidates.map((file) => join(folder, name, file)).find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return undefined;
}
