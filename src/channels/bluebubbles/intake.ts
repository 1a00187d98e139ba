import * as z from 'zod';
import { Backoff, pause, sayWaiting } from '../backoff';
import { type AdapterContext, ChannelError } from '../contract';
import { jsonObject } from '../doorway';
import type { WebhookAnswer, WebhookRequest } from '../webhook-contract';
import { type BlueBubblesClient, PLATFORM } from './client';
import type { BlueBubblesSettings } from './descriptor';
import { GUID, readMessage, type ServerMessage } from './inbound';

/** The server calls once and forgets: what did not arrive is asked for so often, in milliseconds. */
const ASK_EVERY_MS = 20_000;
/** After a call that could not be followed, in milliseconds. */
const RETRY_MS = 1_000;
/** What was said longer ago is not asked for, in milliseconds. */
const BACK_AT_MOST_MS = 24 * 3_600_000;
/** Messages of one moment may be numbered in another order. */
const OVERLAP_MS = 5_000;
const REMEMBER_MS = BACK_AT_MOST_MS + 2 * 3_600_000;
/** Messages that are remembered as taken, so that asking again does not take them again. */
const REMEMBERED = 5_000;
/** The kept name of where we are. */
const PLACE = 'place';

/** By the server's dates of messages, in milliseconds since the epoch. */
const place = z.object({
  /** Everything up to here was taken. */
  cursor: z.number(),
  /** What was said before the channel first connected is never taken. */
  floor: z.number(),
});
type Place = z.output<typeof place>;

/**
 * Takes in what people said. A call of the server is only a hint: the message that it names is asked for at the
 * server, and that is believed. What was said without a call that arrived is asked for as well.
 */
export class Intake {
  private readonly taken = new Set<string>();
  private readonly stopped = new AbortController();
  private readonly backoff: Backoff;
  private waiting = new AbortController();
  /** A call could not be followed, so there is something to ask for. */
  private missed = false;
  private running: Promise<void> | undefined;
  private place: Place = { cursor: 0, floor: 0 };

  constructor(
    private readonly context: AdapterContext,
    private readonly client: BlueBubblesClient,
    private readonly settings: BlueBubblesSettings,
    private readonly account: string,
    private readonly onlineDetail: () => string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  /** Finds its place: that of the run before, or now. */
  async start(): Promise<void> {
    const kept = place.safeParse(jsonObject((await this.context.store.load(PLACE)) ?? new Uint8Array()));
    const now = this.context.clock.now();
    await this.keep(kept.success ? kept.data : { cursor: now, floor: now });
  }

  /** Begins to ask for what was missed. */
  begin(): void {
    this.running = this.watch();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.waiting.abort();
    await this.running;
  }

  async answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const call = jsonObject(request.body);
    if (!call || !('type' in call)) return { status: 400, reason: 'not understood' };
    if (call.type !== 'new-message') return { status: 200, reason: 'nothing for us' };
    const data = 'data' in call ? call.data : undefined;
    const guid = typeof data === 'object' && data !== null && 'guid' in data ? data.guid : undefined;
    // The number becomes part of an address, so it is looked at first.
    if (typeof guid !== 'string' || !GUID.test(guid)) return { status: 400, reason: 'not understood' };
    if (!request.firstTime(`message ${guid}`, REMEMBER_MS)) return { status: 200, reason: 'replay' };
    try {
      const said = await this.client.message(guid);
      if (!said) return { status: 404, reason: 'no such message' };
      return { status: 200, reason: (await this.take(said)) ?? 'accepted' };
    } catch (error) {
      // The server does not call again.
      this.missed = true;
      this.waiting.abort();
      throw error;
    }
  }

  /** Resolves with why the message was left alone, or with undefined when it was taken. */
  private async take(said: ServerMessage): Promise<string | undefined> {
    if (this.taken.has(said.guid)) return 'replay';
    if (said.dateCreated < this.place.floor) return 'timestamp';
    const view = { account: this.account, settings: this.settings, now: this.context.clock.now() };
    const read = readMessage(said, view);
    if (typeof read === 'string') {
      if (read === 'group not listed') {
        const chat = said.chats?.[0]?.guid ?? '';
        this.context.log.info(`BlueBubbles: a call in ${chat} was left alone; it is not listed.`);
      }
    } else await this.context.receive(read);
    this.taken.add(said.guid);
    const [oldest] = this.taken;
    if (this.taken.size > REMEMBERED && oldest !== undefined) this.taken.delete(oldest);
    return typeof read === 'string' ? read : undefined;
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        await this.catchUp();
        if (signal.aborted) return;
        if (this.backoff.count > 0) this.context.state('online', this.onlineDetail());
        this.backoff.succeeded();
        this.waiting = new AbortController();
        const wake = AbortSignal.any([signal, this.waiting.signal]);
        if (!this.missed) await pause(this.context.clock, ASK_EVERY_MS, wake);
        // What could not be followed just now is not asked for at once.
        if (this.missed) await pause(this.context.clock, RETRY_MS, signal);
        this.missed = false;
      } catch (error) {
        if (signal.aborted) return;
        const failure =
          error instanceof ChannelError
            ? error
            : new ChannelError('temporary', `What was said on ${PLATFORM} could not be recorded.`);
        if (failure.kind === 'fatal') {
          this.context.state('fatal', failure.message);
          return;
        }
        const delay = this.backoff.next(failure.retryAfterMs);
        sayWaiting(this.context, failure.message, delay);
        await pause(this.context.clock, delay, signal);
      }
    }
  }

  /** Asks for what was said since, and takes what was not taken. @throws what the server or the record throws */
  private async catchUp(): Promise<void> {
    const { cursor, floor } = this.place;
    const since = Math.max(cursor, this.context.clock.now() - BACK_AT_MOST_MS) - OVERLAP_MS;
    let newest = cursor;
    for (const said of await this.client.since(since, this.stopped.signal)) {
      if (this.stopped.signal.aborted) return;
      await this.take(said);
      newest = Math.max(newest, said.dateCreated);
    }
    if (newest > cursor) await this.keep({ cursor: newest, floor });
  }

  private async keep(found: Place): Promise<void> {
    this.place = found;
    await this.context.store.save(PLACE, Buffer.from(JSON.stringify(found)));
  }
}
