import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { systemCode } from '../http';
import type { Standing } from '../standing';
import { noAccount, PLATFORM } from './client';

/** signal-cli gives a sign of life every 15 s (HttpServerHandler in its source); without two of them it is dead. */
const SILENT_AT_MOST_MS = 40_000;
/** An event is a message with the addresses of its files, never their bytes. In UTF-16 code units. */
const EVENT_CAP = 4_000_000;

/** What one event says: https://github.com/AsamK/signal-cli (JsonReceiveMessageHandler in its source) */
export interface SignalEvent {
  /** Absent from older versions of signal-cli. */
  readonly id: string | undefined;
  readonly data: string;
}

/**
 * Opens the stream of events and hands them over one by one; the next is read when the one before is done.
 * `after` is the id of the last event that is not wanted again.
 * @throws ChannelError
 */
export async function openEvents(
  context: Pick<AdapterContext, 'fetch' | 'clock'>,
  url: string,
  after: string | undefined,
  stopped: AbortSignal,
  /** Never rejects. */
  take: (event: SignalEvent) => Promise<void>,
): Promise<Standing> {
  const ending = new AbortController();
  const signal = AbortSignal.any([stopped, ending.signal]);
  const watch = new Silence(context, () => ending.abort());
  let response: Response;
  try {
    response = await context.fetch(url, {
      headers: { accept: 'text/event-stream', ...(after === undefined ? {} : { 'last-event-id': after }) },
      signal,
    });
  } catch (error) {
    watch.end();
    if (error instanceof ChannelError) throw error;
    const code = systemCode(error);
    throw new ChannelError(
      'temporary',
      `Signal’s daemon cannot be reached${code ? ` (${code})` : ''}. Start its daemon on this machine; it is tried again by itself.`,
    );
  }
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok || !response.body || !type.startsWith('text/event-stream')) {
    watch.end();
    ending.abort();
    if (response.status === 400) throw noAccount();
    throw new ChannelError(
      'temporary',
      `${PLATFORM} answered with error ${response.status}. It is tried again.`,
    );
  }
  return {
    ended: read(response.body, watch, take, signal)
      .catch(() => undefined)
      .finally(() => {
        watch.end();
        ending.abort();
      }),
    close: () => ending.abort(),
  };
}

async function read(
  body: ReadableStream<Uint8Array>,
  watch: Silence,
  take: (event: SignalEvent) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    // While we are busy ourselves nothing is read, so nothing can be heard.
    watch.pause();
    for (const event of parser.push(decoder.decode(value, { stream: true }))) {
      if (signal.aborted) return;
      await take(event);
    }
    if (signal.aborted) return;
    watch.start();
  }
}

/** Notices when nothing at all is heard any more. */
class Silence {
  private timer: { dispose(): void } | undefined;

  constructor(
    private readonly context: Pick<AdapterContext, 'clock'>,
    private readonly silent: () => void,
  ) {
    this.start();
  }

  start(): void {
    this.pause();
    this.timer = this.context.clock.after(SILENT_AT_MOST_MS, this.silent);
  }

  pause(): void {
    this.timer?.dispose();
    this.timer = undefined;
  }

  end(): void {
    this.pause();
  }
}

/** Lines of a stream of events: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export class EventParser {
  private rest = '';
  private data: string[] = [];
  private size = 0;
  private id: string | undefined;
  private type = '';

  /** The events that are complete with this piece. @throws ChannelError when one is far too large */
  push(piece: string): SignalEvent[] {
    const events: SignalEvent[] = [];
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.line(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (event) events.push(event);
    }
    if (this.rest.length + this.size > EVENT_CAP)
      throw new ChannelError('temporary', `${PLATFORM} sent an event that is too large.`);
    return events;
  }

  private line(line: string): SignalEvent | undefined {
    if (line === '') {
      const { data, id, type } = this;
      this.data = [];
      this.size = 0;
      this.id = undefined;
      this.type = '';
      return data.length > 0 && (type === '' || type === 'receive')
        ? { id, data: data.join('\n') }
        : undefined;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') {
      this.data.push(value);
      this.size += value.length;
    } else if (name === 'id' && !value.includes('\0')) this.id = value.slice(0, 200);
    else if (name === 'event') this.type = value;
    return undefined;
  }
}

/** Where the reading of events stands. */
export const cursorSchema = z.object({
  /** Of the last event that is on record. */
  id: z.string().optional(),
  /** Milliseconds since the epoch: when the account was first heard here. What is older is none of ours. */
  floor: z.number(),
});
export type Cursor = z.output<typeof cursorSchema>;
