import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { z } from 'zod';

/**
 * Messages and `imsg rpc` in front of it, refusing what it refuses. Written from
 *   https://github.com/steipete/imsg/blob/main/docs/rpc.md                framing, methods, objects
 *   https://github.com/steipete/imsg/tree/main/Sources/imsg               RPCServer (codes), RPCPayloads (fields)
 * The program itself is imsg.mjs, which hands the lines over.
 */
type Json = Record<string, unknown>;
export type Trouble = 'down' | 'error';

export interface SentText {
  readonly guid: string;
  readonly place: string;
  readonly text: string;
  readonly file?: { readonly name: string; readonly bytes: Buffer };
}

interface Run {
  readonly socket: Socket;
  watching: boolean;
  dead: boolean;
}

const call = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z.string().min(1),
  method: z.string(),
  params: z.record(z.string(), z.unknown()),
});
const send = z.strictObject({
  to: z.string().optional(),
  chat_guid: z.string().optional(),
  service: z.enum(['imessage', 'sms', 'auto']).optional(),
  text: z.string().min(1).optional(),
  file: z.string().min(1).optional(),
});

class Refused extends Error {
  constructor(
    readonly code: number,
    readonly data: string,
  ) {
    super(data);
  }
}

export class MessagesPeer {
  readonly messages: Json[] = [];
  readonly sent: SentText[] = [];
  readonly problems: string[] = [];
  /** By guid: the row of the chat. */
  readonly chats = new Map<string, number>();
  /** Where each watch began. */
  readonly since: number[] = [];
  trouble: Trouble | undefined;
  loseAnswer = false;
  requests = 0;
  /** The program to start; exists between `start` and `stop`. */
  program = '';
  private folder = '';
  private server: Server | undefined;
  private readonly runs = new Set<Run>();

  async start(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'cowork-imsg-'));
    const path = join(this.folder, 'socket');
    const server = createServer((socket) => this.welcome(socket));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(path, resolve));
    this.program = join(this.folder, 'imsg');
    const script = join(__dirname, 'imsg.mjs');
    await writeFile(this.program, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@" '${path}'\n`);
    await chmod(this.program, 0o755);
  }

  async stop(): Promise<void> {
    this.cut();
    const { server } = this;
    this.server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The programs that run now end. */
  cut(): void {
    for (const { socket } of this.runs) socket.destroy();
    this.runs.clear();
  }

  stall(): void {
    for (const run of this.runs) run.dead = true;
  }

  garble(): void {
    for (const { socket } of this.runs) {
      socket.write(
        'imsg: a warning that is no JSON\n{"jsonrpc":\n[1,2]\n{"jsonrpc":"2.0","id":{},"result":1}\n',
      );
      socket.write('{"jsonrpc":"2.0","method":"message","params":{"message":{"id":"x"}}}\n');
    }
  }

  /** Something is written into the database of Messages. @returns its guid */
  arrive(chatGuid: string, message: Json): string {
    if (!this.chats.has(chatGuid)) this.chats.set(chatGuid, this.chats.size + 1);
    const one = {
      id: this.messages.length + 1,
      chat_id: this.chats.get(chatGuid),
      guid: randomUUID().toUpperCase(),
      is_from_me: false,
      text: '',
      created_at: new Date().toISOString(),
      attachments: [],
      reactions: [],
      chat_identifier: chatGuid.split(';').at(-1),
      chat_guid: chatGuid,
      chat_name: '',
      participants: [],
      is_group: chatGuid.includes(';+;'),
      ...message,
    };
    this.messages.push(one);
    this.announce(one);
    return one.guid;
  }

  announce(message: Json): void {
    for (const run of this.runs) if (run.watching) this.notify(run, message);
  }

  private notify(run: Run, message: Json): void {
    this.write(run, { method: 'message', params: { subscription: 1, message } });
  }

  private write({ socket, dead }: Run, value: Json): void {
    if (!dead && !socket.destroyed) socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...value })}\n`);
  }

  private welcome(socket: Socket): void {
    this.requests += 1;
    socket.on('error', () => undefined);
    if (this.trouble === 'down') {
      socket.destroy();
      return;
    }
    const run: Run = { socket, watching: false, dead: false };
    this.runs.add(run);
    socket.on('close', () => this.runs.delete(run));
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.asked(run, line);
    });
  }

  private asked(run: Run, line: string): void {
    this.requests += 1;
    // What comes after the line was cut is not taken any more.
    if (run.dead || run.socket.destroyed) return;
    const parsed = call.safeParse(JSON.parse(line));
    if (!parsed.success) {
      this.problems.push(`not a call: ${line.slice(0, 100)}`);
      return;
    }
    const { id, method, params } = parsed.data;
    try {
      if (this.trouble === 'error') throw new Refused(-32603, 'database is locked');
      const result = this.answer(method, params, run);
      if (method === 'send' && this.loseAnswer) {
        this.loseAnswer = false;
        run.socket.destroy();
        return;
      }
      this.write(run, { id, result });
      if (method === 'watch.subscribe') this.watch(run, Number(params.since_rowid));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.write(run, { id, error: { code: error.code, message: 'refused', data: error.data } });
    }
  }

  private watch(run: Run, since: number): void {
    this.since.push(since);
    run.watching = true;
    for (const message of this.messages) if (Number(message.id) > since) this.notify(run, message);
  }

  private answer(method: string, params: Json, run: Run): Json {
    switch (method) {
      case 'chats.list': {
        const { limit } = z.strictObject({ limit: z.number().int().min(1) }).parse(params);
        return {
          chats: [...this.chats].slice(0, limit).map(([guid, id]) => ({ id, guid, service: 'iMessage' })),
        };
      }
      case 'messages.history': {
        const asked = z.strictObject({ chat_id: z.number(), limit: z.number() }).parse(params);
        const all = this.messages.filter((one) => one.chat_id === asked.chat_id);
        return { messages: all.reverse().slice(0, asked.limit) };
      }
      case 'watch.subscribe':
        z.strictObject({ since_rowid: z.number().int(), attachments: z.boolean() }).parse(params);
        if (run.watching) this.problems.push('watches twice');
        return { subscription: 1 };
      case 'send':
        return this.send(params);
      default:
        this.problems.push(`${method} is no method of imsg`);
        throw new Refused(-32601, method);
    }
  }

  private send(params: Json): Json {
    const parsed = send.safeParse(params);
    if (!parsed.success) {
      this.problems.push(`send: ${parsed.error.issues[0]?.message}`);
      throw new Refused(-32602, 'invalid');
    }
    const { to, chat_guid: guid, text = '', file: path } = parsed.data;
    if (text === '' && path === undefined) throw new Refused(-32602, 'text or file is required');
    if ((to === undefined) === (guid === undefined)) throw new Refused(-32602, 'use to or chat_*; not both');
    if (guid !== undefined && !this.chats.has(guid)) throw new Refused(-32602, 'unknown chat');
    const chat = guid ?? `iMessage;-;${to}`;
    const file = path === undefined ? undefined : this.staged(path);
    this.sent.push({
      guid: randomUUID().toUpperCase(),
      place: guid ?? to ?? '',
      text,
      ...(file ? { file } : {}),
    });
    // What was sent stands in the database like everything else.
    this.arrive(chat, { is_from_me: true, sender: '', text });
    return { ok: true };
  }

  /** imsg copies a file before it sends it, and says so when it is not there. */
  private staged(path: string): { name: string; bytes: Buffer } {
    try {
      if (!isAbsolute(path)) this.problems.push(`${path} is no full path`);
      if ((statSync(path).mode & 0o077) !== 0) this.problems.push(`${path} can be read by others`);
      return { name: basename(path), bytes: readFileSync(path) };
    } catch {
      throw new Refused(-32602, `no file at ${path}`);
    }
  }

  /** A file that comes with a message: Messages puts it into its folder below the home folder. */
  attach(home: string, name: string, mediaType: string, bytes: Uint8Array): Json {
    const folder = join(home, 'Library/Messages/Attachments', randomUUID());
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'content'), bytes);
    return {
      transfer_name: name,
      mime_type: mediaType,
      total_bytes: bytes.length,
      original_path: join(folder, 'content'),
      missing: false,
    };
  }
}
