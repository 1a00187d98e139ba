import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { ChannelError, type RunningProgram } from '../channels/contract';
import { childEnvironment } from '../engine/sandbox/environment';
import { ProcessTree } from '../engine/sandbox/process-tree';
import { newRunMarker, RUN_VARIABLE, releaseRunMarker } from '../engine/sandbox/run-marker';
import type { SessionPorts } from './ports';

/** A longer line is not of a protocol. In UTF-16 code units. */
const LINE_CAP = 8_000_000;
/** After which whatever is left of the tree is given up. */
const KILL_WITHIN_MS = 1_500;
const NO_FILE_LIMIT = 2 ** 40;

export interface ProgramPorts extends Pick<SessionPorts, 'workspace' | 'env' | 'home'> {
  readonly platform: NodeJS.Platform;
}

/**
 * Starts a program for a channel: its argv as it is, never through a shell, in the home folder, without the editor's
 * environment. Its end, and `stop`, take along everything that it has started.
 * @throws ChannelError `fatal` when it cannot be started
 */
export function startProgram(
  ports: ProgramPorts,
  path: string,
  args: readonly string[],
  heard: (line: string) => void,
): Promise<RunningProgram> {
  const { env } = childEnvironment({
    host: ports.env,
    workspace: ports.workspace,
    listed: {},
    platform: ports.platform,
  });
  const marker = newRunMarker(NO_FILE_LIMIT);
  const child = spawn(path, [...args], {
    cwd: ports.home,
    env: { ...env, [RUN_VARIABLE]: marker.id },
    stdio: ['pipe', 'pipe', 'ignore'],
    shell: false,
    // A process group of its own, by which it is ended as a whole.
    detached: ports.platform !== 'win32',
    windowsHide: true,
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      releaseRunMarker(marker);
      const code = /^[A-Z_]{2,40}$/.exec(error.code ?? '')?.[0];
      reject(
        new ChannelError(
          'fatal',
          `${path} could not be started${code ? ` (${code})` : ''}. Set its full path.`,
        ),
      );
    });
    child.once('spawn', () => {
      const pid = child.pid ?? 0;
      const tree = new ProcessTree({ pid, marker, startedAt: Date.now() }, ports.platform);
      let ending: Promise<unknown> | undefined;
      const end = () => {
        ending ??= tree.kill(KILL_WITHIN_MS);
        return ending;
      };
      const lines = new Lines(heard, () => void end());
      child.stdout.on('data', (bytes: Buffer) => lines.push(bytes));
      // It may have ended meanwhile; that it has is said elsewhere.
      child.stdin.on('error', () => undefined);
      const ended = new Promise<{ code: number | null; signal: string | null }>((over) => {
        child.once('close', (code, signal) => {
          void end().finally(() => {
            releaseRunMarker(marker);
            over({ code, signal });
          });
        });
      });
      resolve({
        pid,
        write: (line) => void (child.stdin.writable && child.stdin.write(`${line}\n`)),
        ended,
        stop: () => void end(),
      });
    });
  });
}

/** Whole lines out of pieces. */
class Lines {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  constructor(
    private readonly heard: (line: string) => void,
    private readonly tooLong: () => void,
  ) {}

  push(bytes: Buffer): void {
    const lines = (this.rest + this.decoder.write(bytes)).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.heard(line);
    if (this.rest.length <= LINE_CAP) return;
    this.rest = '';
    this.tooLong();
  }
}
