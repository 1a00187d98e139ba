import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** Makes one window the owner of a bot account; the others learn who it is. */
export interface LeasePort {
  /** `key` names the account. Never waits for the holder. */
  acquire(key: string): Promise<Lease>;
}

export type Lease =
  | { readonly held: true; release(): Promise<void> }
  | { readonly held: false; readonly holder: string };

/** How long the holder has to say who it is, in milliseconds. */
const ANSWER_WITHIN_MS = 1_000;
const SOMEBODY = 'another window';

/**
 * A lease that the operating system keeps: a listening socket of an agreed name, which only one process can have
 * and which is gone with it, however it ends. Who connects to it is told who holds it.
 * Linux: an abstract socket. Windows: a named pipe. Elsewhere: a socket file in `folder`, whose left-overs are
 * recognised by nobody answering.
 */
export class OsLease implements LeasePort {
  constructor(
    /** Who we are, for the others to read: the name of the open folder. */
    private readonly holder: string,
    /** An owner-only folder with a short path; used where socket files are needed. */
    private readonly folder: string,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  async acquire(key: string): Promise<Lease> {
    const path = this.pathOf(key);
    const first = await this.tryListen(path);
    if (first) return leaseOf(first);
    const holder = await askHolder(path);
    if (holder !== undefined) return { held: false, holder };
    // Nobody answers. A socket file is a left-over then; other kinds vanish with their process.
    if (this.usesFile()) await rm(path, { force: true });
    const second = await this.tryListen(path);
    return second ? leaseOf(second) : { held: false, holder: (await askHolder(path)) ?? SOMEBODY };
  }

  private usesFile(): boolean {
    return this.platform !== 'linux' && this.platform !== 'win32';
  }

  private pathOf(key: string): string {
    const owner = process.getuid?.() ?? process.env.USERNAME ?? '';
    const name = `cowork-os-${createHash('sha256').update(`${owner}\n${key}`).digest('hex').slice(0, 24)}`;
    if (this.platform === 'linux') return `\0${name}`;
    if (this.platform === 'win32') return `\\\\.\\pipe\\${name}`;
    return join(this.folder, name);
  }

  /** Undefined when the name is taken. */
  private tryListen(path: string): Promise<Server | undefined> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        socket.on('error', () => socket.destroy());
        socket.end(this.holder.slice(0, 300));
      });
      server.once('error', (error) => {
        if ('code' in error && error.code === 'EADDRINUSE') resolve(undefined);
        else reject(error);
      });
      server.listen(path, () => {
        server.unref();
        resolve(server);
      });
    });
  }
}

function leaseOf(server: Server): Lease {
  return {
    held: true,
    release: () => new Promise((resolve) => (server.listening ? server.close(() => resolve()) : resolve())),
  };
}

/** What the holder says of itself; undefined when nobody is there. */
function askHolder(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = '';
    const done = (answer: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => done(SOMEBODY), ANSWER_WITHIN_MS);
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text = `${text}${part}`.slice(0, 300);
    });
    socket.on('end', () => done(text || SOMEBODY));
    socket.on('error', () => done(undefined));
  });
}
