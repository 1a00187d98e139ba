import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../engine/model/ports';
import { ENGINE, type RecordSink } from '../../engine/model/record';
import { type AdapterContext, ChannelError } from '../contract';
import { localDescriptor, localSettings } from './descriptor';
import { announceWindow, withdrawWindow } from './discovery';
import type { LocalDoor, LocalHub, LocalPeer } from './hub';
import { type ClientLine, clientLine, encodeLine, LineReader, type ServerLine } from './protocol';

const HELLO_WITHIN_MS = 5_000;
const GOODBYE_WITHIN_MS = 500;
const CONNECTION_CAP = 32;
/** Bytes that a client may leave unread before it is let go. */
const UNREAD_CAP = 16 * 1024 * 1024;
/** Refused connections are put on the record at most this often, with their number, in milliseconds. */
const REFUSAL_WINDOW_MS = 60_000;

export interface LocalServerDeps {
  /** Where windows announce themselves (`discoveryFolder`). */
  readonly folder: string;
  /** Name of the open folder, for people to choose by. */
  readonly workspace: string;
  readonly records: RecordSink;
}

/**
 * The loopback server behind `npm run chat`. It speaks only to who knows the window's token, which is in a file that
 * only the owner of this process can read.
 */
export class LocalServer implements LocalDoor {
  private readonly window = randomUUID();
  private server: Server | undefined;
  private readonly connections = new Set<Connection>();
  private clock: Clock | undefined;
  private refusals = 0;
  private refusalsOpen = false;

  constructor(private readonly deps: LocalServerDeps) {}

  async open(context: AdapterContext, hub: LocalHub): Promise<void> {
    this.clock = context.clock;
    const token = randomBytes(32).toString('hex');
    const { port } = localSettings.parse(context.settings);
    const server = createServer((socket) => {
      if (this.connections.size >= CONNECTION_CAP) {
        socket.destroy();
        return;
      }
      const connection = new Connection(socket, context, hub, token, this.deps.workspace, (reason) =>
        this.refused(context, reason),
      );
      this.connections.add(connection);
      socket.once('close', () => this.connections.delete(connection));
    });
    this.server = server;
    const bound = await listen(server, port);
    try {
      await announceWindow(this.deps.folder, {
        v: 1,
        window: this.window,
        pid: process.pid,
        port: bound,
        token,
        workspace: this.deps.workspace.slice(0, 300),
        startedAt: context.clock.now(),
      });
    } catch (error) {
      await this.close();
      throw new ChannelError(
        'fatal',
        `The local chat cannot be announced in “${this.deps.folder}”: ${error instanceof Error ? error.message : 'unknown error'}`,
      );
    }
  }

  async close(): Promise<void> {
    await withdrawWindow(this.deps.folder, this.window).catch(() => undefined);
    const { server } = this;
    this.server = undefined;
    for (const connection of this.connections) connection.end('The local chat was switched off in VS Code.');
    if (!server?.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Who does not read the goodbye is not waited for.
    const timer = this.clock?.after(GOODBYE_WITHIN_MS, () => {
      for (const connection of this.connections) connection.cut();
    });
    await closed;
    timer?.dispose();
  }

  /** One record for the first refusal, then one a minute with their number. */
  private refused(context: AdapterContext, reason: string): void {
    this.refusals += 1;
    if (this.refusalsOpen) return;
    this.refusalsOpen = true;
    void this.recordRefusals(context, reason);
    context.clock.after(REFUSAL_WINDOW_MS, () => {
      this.refusalsOpen = false;
      if (this.refusals > 0) void this.recordRefusals(context, reason);
    });
  }

  private async recordRefusals(context: AdapterContext, reason: string): Promise<void> {
    const count = this.refusals;
    this.refusals = 0;
    await this.deps.records
      .append({
        type: 'message.dropped',
        actor: ENGINE,
        subject: localDescriptor.id,
        data: { channel: localDescriptor.id, reason, count },
      })
      .catch(() => context.log.error('A refused connection of the local chat could not be recorded.'));
  }
}

/** One client. Reads the next line only when the one before is on the record. */
class Connection {
  private readonly reader = new LineReader();
  private readonly lines: string[] = [];
  private busy = false;
  private peer: LocalPeer | undefined;
  private readonly helloTimer;

  constructor(
    private readonly socket: Socket,
    context: AdapterContext,
    private readonly hub: LocalHub,
    private readonly token: string,
    private readonly workspace: string,
    private readonly refused: (reason: string) => void,
  ) {
    this.helloTimer = context.clock.after(HELLO_WITHIN_MS, () => this.end('No hello came.'));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.dispose());
    socket.on('data', (chunk: Buffer) => {
      try {
        this.lines.push(...this.reader.push(chunk));
      } catch (error) {
        this.refused('not understood');
        this.end(error instanceof Error ? sentence(error.message) : 'That was not understood.');
        return;
      }
      void this.work();
    });
  }

  end(text: string): void {
    this.socket.removeAllListeners('data');
    this.write({ type: 'bye', text });
    this.dispose();
    this.socket.destroySoon();
  }

  cut(): void {
    this.socket.destroy();
  }

  private dispose(): void {
    this.helloTimer.dispose();
    this.peer?.dispose();
    this.peer = undefined;
    this.lines.length = 0;
  }

  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.socket.pause();
    for (let line = this.lines.shift(); line !== undefined; line = this.lines.shift())
      await this.handle(line);
    this.busy = false;
    this.socket.resume();
  }

  private async handle(text: string): Promise<void> {
    const line = readLine(text);
    if (!this.peer) {
      if (line?.type === 'hello') this.greet(line);
      else {
        this.refused(line ? 'no token' : 'not understood');
        this.end('This is the local chat of CoWork OS. Use “npm run chat”.');
      }
      return;
    }
    if (line?.type !== 'say') {
      this.refused('not understood');
      this.write({ type: 'error', text: 'That line was not understood, so nothing was done.' });
      return;
    }
    try {
      await this.peer.say(line.text, {
        id: line.id,
        ...(line.inReplyTo === undefined ? {} : { inReplyTo: line.inReplyTo }),
      });
      this.write({ type: 'accepted', id: line.id });
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown error';
      this.write({ type: 'error', id: line.id, text: `The message was not taken: ${why}` });
    }
  }

  private greet(hello: Extract<ClientLine, { type: 'hello' }>): void {
    if (!sameText(hello.token, this.token)) {
      this.refused('wrong token');
      this.end('The key of this window was refused. Start “npm run chat” again; it reads the current one.');
      return;
    }
    this.helloTimer.dispose();
    const group = hello.group === undefined ? {} : { group: hello.group };
    this.write({ type: 'welcome', window: this.workspace, as: hello.as, ...group });
    this.peer = this.hub.attach({
      name: hello.as,
      ...group,
      onMessage: (message) => this.write({ type: 'message', ...message }),
    });
  }

  private write(line: ServerLine): void {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    if (this.socket.writableLength > UNREAD_CAP) {
      this.socket.destroy();
      return;
    }
    this.socket.write(encodeLine(line));
  }
}

function readLine(text: string): ClientLine | undefined {
  try {
    const parsed = clientLine.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Compares in a time that tells nothing of how much was right, nor of the length. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
    });
  } catch (error) {
    throw new ChannelError('fatal', bindProblem(error, port));
  }
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new ChannelError('fatal', 'The local chat got no port of its own.');
  }
  return address.port;
}

function bindProblem(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') {
    return `Port ${port} on 127.0.0.1 is taken by another program. Set “cowork.channels.local.port” to another one, or to 0 for any free port.`;
  }
  if (code === 'EACCES') {
    return `This system does not let us listen on port ${port}. Set “cowork.channels.local.port” to one above 1023, or to 0 for any free port.`;
  }
  return `The local chat cannot listen on 127.0.0.1${code ? ` (${code})` : ''}. Check whether a security program forbids it.`;
}
