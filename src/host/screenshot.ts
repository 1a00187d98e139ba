import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from '../engine/model/error';

/** Milliseconds that a program may take; the first one on a Mac asks the person for leave. */
const TIMEOUT_MS = 20_000;

/** Programs that write a picture of the whole screen to the file that is named last, without a word and a click. */
const PROGRAMS: Readonly<Partial<Record<NodeJS.Platform, readonly (readonly [string, ...string[]])[]>>> = {
  darwin: [['/usr/sbin/screencapture', '-x', '-t', 'png']],
  linux: [
    ['/usr/bin/grim'],
    ['/usr/bin/gnome-screenshot', '-f'],
    ['/usr/bin/spectacle', '-b', '-n', '-f', '-o'],
    ['/usr/bin/scrot', '-z'],
    ['/usr/bin/import', '-window', 'root'],
  ],
};

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/**
 * VS Code has no picture of the screen to give, so a program of the system takes it. The programs are fixed, the file
 * is in a folder of its own and is gone afterwards.
 * @throws EngineError when there is no such program here, or none works.
 */
export async function captureScreen(
  programs: readonly (readonly [string, ...string[]])[] = PROGRAMS[process.platform] ?? [],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'cowork-screen-'));
  try {
    for (const [program, ...args] of programs) {
      const file = join(folder, 'screen.png');
      if (!(await succeeds(program, [...args, file], env))) continue;
      const bytes = await readFile(file).catch(() => undefined);
      if (bytes?.subarray(0, PNG.length).equals(PNG)) return bytes;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  throw new EngineError(
    programs.length === 0
      ? 'No picture of the screen can be taken on this system.'
      : `No picture of the screen could be taken: none of ${programs.map(([program]) => program).join(', ')} works here. Install one of them.`,
  );
}

/** With what a program needs to find the screen, and nothing else of the editor's environment. */
const NEEDED =
  /^(?:DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|HOME|PATH|LANG)$/;

function succeeds(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => NEEDED.test(name)));
  return new Promise((resolve) => {
    execFile(program, [...args], { env: own, timeout: TIMEOUT_MS, windowsHide: true }, (error) =>
      resolve(!error),
    );
  });
}
