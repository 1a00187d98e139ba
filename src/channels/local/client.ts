import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { LocalWindow } from './discovery';
import {
  encodeLine,
  LineReader,
  type LocalMessage,
  localMessage,
  PROTOCOL_VERSION,
  type ServerLine,
  serverLine,
} from './protocol';

const CONNECT_WITHIN_MS = 5_000;

export interface LocalClientOptions {
  readonly name: string;
  readonly group?: string;
  onMessage(message: LocalMessage): void;
  /** The window ended the conversation, or went away. Called once, also when we ended it. */
  onEnd(reason: string): void;
}

/** A conversation with a window from outside of it. */
export interface LocalClient {
  /** Resolves when the message is on the window's record. @throws Error with a sentence when it was not taken. */
  say(text: string): Promise<void>;
  end(): void;
}

/** @throws Error with a sentence when nobody listens there or the window refused us. */
export async function connectToWindow(
  window: LocalWindow,
  options: LocalClientOptions,
): Promise<LocalClient> {
  const socket = connect({ host: '127.0.0.1', port: window.port });
  const waiting = new Map<string, { resolve(): void; reject(error: Error): void }>();
  const reader = new LineReader();
  let reason = 'The window was closed.';

  return new Promise((resolve, reject) => {
    let welcomed = false;
    const timer = setTimeout(() => socket.destroy(), CONNECT_WITHIN_MS);
    const handlers = {
      welcome: () => {
        welcomed = true;
        clearTimeout(timer);
        resolve(clientOf(socket, waiting));
      },
      bye: (text: string) => {
        reason = text;
      },
      message: options.onMessage,
      settled: (id: string, problem?: string) => {
        const entry = waiting.get(id);
        waiting.delete(id);
        if (problem === undefined) entry?.resolve();
        else entry?.reject(new Error(problem));
      },
    };
    socket.once('connect', () => socket.write(encodeLine(helloOf(window, options))));
    socket.on('error', (error) => {
      reason = `The window cannot be reached (${'code' in error ? String(error.code) : error.name}).`;
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const text of reader.push(chunk)) dispatch(serverLine.parse(JSON.parse(text)), handlers);
      } catch {
        reason = 'The window said something that was not understood. Are both of the same version?';
        socket.destroy();
      }
    });
    socket.once('close', () => {
      clearTimeout(timer);
      for (const entry of waiting.values()) entry.reject(new Error(reason));
      waiting.clear();
      if (welcomed) options.onEnd(reason);
      else reject(new Error(reason));
    });
  });
}

function helloOf(window: LocalWindow, { name, group }: LocalClientOptions) {
  return {
    type: 'hello' as const,
    v: PROTOCOL_VERSION,
    token: window.token,
    as: name,
    ...(group === undefined ? {} : { group }),
  };
}

function dispatch(
  line: ServerLine,
  handlers: {
    welcome(): void;
    bye(text: string): void;
    message(message: LocalMessage): void;
    settled(id: string, problem?: string): void;
  },
): void {
  switch (line.type) {
    case 'welcome':
      handlers.welcome();
      break;
    case 'bye':
      handlers.bye(line.text);
      break;
    case 'message':
      handlers.message(localMessage.parse(line));
      break;
    case 'accepted':
      handlers.settled(line.id);
      break;
    case 'error':
      if (line.id !== undefined) handlers.settled(line.id, line.text);
  }
}

function clientOf(
  socket: Socket,
  waiting: Map<string, { resolve(): void; reject(error: Error): void }>,
): LocalClient {
  return {
    say: (text) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) {
          reject(new Error('The window was closed.'));
          return;
        }
        const id = randomUUID();
        waiting.set(id, { resolve, reject });
        socket.write(encodeLine({ type: 'say', id, text }));
      }),
    end: () => socket.end(),
  };
}
