import * as z from 'zod';
import { Backoff, pause, sayWaiting } from './backoff';
import { type AdapterContext, ChannelError } from './contract';
import { jsonFrom } from './json';
import { remember } from './recent';

const BLOB = 'places';
/** Milliseconds between two savings. */
const SAVE_EVERY_MS = 2_000;
/** What was said longer ago than this is not asked for any more, in milliseconds. */
const MISSED_AT_MOST_MS = 24 * 3_600_000;
/** Answers for one conversation. */
const ANSWERS_AT_MOST = 20;
/** Conversations that are remembered, and messages, which may come both ways. */
const PLACES = 200;
const TAKEN = 4_000;
/** A wait that is not worth a word on the channel, in milliseconds. */
const SHORT_MS = 5_000;

const kept = z.object({
  owner: z.string(),
  places: z.array(z.object({ id: z.string(), about: z.string().optional(), last: z.string() })),
});

/** A conversation in which somebody has spoken to the bot. */
interface Place {
  /** What the platform's part wants to know of it again. */
  readonly about: string | undefined;
  /** Id of the last thing there that is on record. */
  last: string;
}

export interface MissedMessage<Message> {
  readonly id: string;
  /** It is no longer as it was said. */
  readonly edited: boolean;
  readonly message: Message;
}

/** What the platform does differently from the others. */
export interface MissedSource<Message> {
  /** For sentences: `Discord`. */
  readonly platform: string;
  /** The account. What was kept for another one is no good. */
  readonly owner: string;
  readonly onlineDetail: string;
  /** Where an id stands among those of its conversation; undefined when it is not of a message. */
  order(id: string): bigint | undefined;
  /** The first id of a moment, in milliseconds since the epoch. */
  idOf(moment: number): string;
  /** Whether anything that is said there is heard under the settings of now. */
  isHeard(about: string | undefined): boolean;
  /**
   * What was said there behind `after`, in any order: all of it, or the oldest of it and that there is `more`.
   * @throws ChannelError `refused` where it may not be read
   */
  read(
    conversation: string,
    after: string,
    signal: AbortSignal,
  ): Promise<{ readonly messages: readonly MissedMessage<Message>[]; readonly more: boolean }>;
  /** Rejects when it could not be recorded. */
  handle(
    message: Message,
    place: { readonly id: string; readonly about: string | undefined },
    edited: boolean,
  ): Promise<void>;
}

/**
 * What was said in the conversations that are known while no connection was there to bring it: asked for, oldest first,
 * behind the last thing of each that is on record. So nothing of before the bot was first spoken to is ever asked for.
 */
export class MissedMessages<Message> {
  private readonly places = new Map<string, Place>();
  private readonly taken = new Map<string, true>();
  private readonly backoff: Backoff;
  private savedAt = 0;

  constructor(
    private readonly context: Pick<
      AdapterContext,
      'store' | 'clock' | 'log' | 'state' | 'random' | 'note' | 'report'
    >,
    private readonly source: MissedSource<Message>,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  async load(): Promise<void> {
    const found = kept.safeParse(jsonFrom(await this.context.store.load(BLOB).catch(() => undefined)));
    if (!found.success || found.data.owner !== this.source.owner) return;
    for (const { id, about, last } of found.data.places)
      if (this.source.order(last) !== undefined) this.places.set(id, { about, last });
  }

  /** Whether it is on record already, having been asked for. */
  has(conversation: string, messageId: string): boolean {
    return this.taken.has(`${conversation}/${messageId}`);
  }

  /** This is on record, as it was said. Conversations are known from the first thing in them that is said to the bot. */
  async onRecord(
    conversation: string,
    about: string | undefined,
    messageId: string,
    addressed: boolean,
  ): Promise<void> {
    if (this.source.order(messageId) === undefined) return;
    const place = this.places.get(conversation);
    if (!place && !addressed) return;
    remember(this.taken, `${conversation}/${messageId}`, true, TAKEN);
    if (place) place.last = this.later(place.last, messageId);
    if (addressed) remember(this.places, conversation, place ?? { about, last: messageId }, PLACES);
    if (!place || this.context.clock.now() - this.savedAt >= SAVE_EVERY_MS) await this.save();
  }

  /**
   * Resolves when all that was missed is on record. Waits as the platform asks, and tries again what fails; a
   * conversation that may not be read is left out, and said. @throws ChannelError when the signal is aborted before
   */
  async fetch(signal: AbortSignal): Promise<void> {
    const { source, context } = this;
    const oldest = source.idOf(context.clock.now() - MISSED_AT_MOST_MS);
    let problem = '';
    // As they are now: what comes over the connection meanwhile moves them on.
    const behind = [...this.places].map(
      ([id, place]) => [id, place, this.later(place.last, oldest)] as const,
    );
    for (const [id, place, after] of behind) {
      if (!source.isHeard(place.about)) continue;
      try {
        await this.fetchFrom(id, place, after, signal);
      } catch (error) {
        if (!(error instanceof ChannelError) || error.kind !== 'refused') throw error;
        problem = error.message;
      }
    }
    context.report({ missedProblem: problem });
    await this.save();
  }

  async save(): Promise<void> {
    const { context, source } = this;
    this.savedAt = context.clock.now();
    const places = [...this.places].map(([id, { about, last }]) => ({ id, about, last }));
    await context.store
      .save(BLOB, Buffer.from(JSON.stringify({ owner: source.owner, places })))
      .catch(() =>
        context.log.warn(`${source.platform}: how far conversations were read could not be kept.`),
      );
  }

  private async fetchFrom(id: string, place: Place, behind: string, signal: AbortSignal): Promise<void> {
    const { source } = this;
    let after = behind;
    for (let answers = 0; answers < ANSWERS_AT_MOST; answers += 1) {
      const { messages, more } = await this.patiently(signal, () => source.read(id, after, signal));
      const newer = messages
        .filter((one) => this.isLater(one.id, after))
        .sort((a, b) => (this.isLater(b.id, a.id) ? -1 : 1));
      for (const one of newer) {
        const { about } = place;
        if (!this.has(id, one.id)) {
          await this.patiently(signal, () => source.handle(one.message, { id, about }, one.edited));
          // As it was said it may still come over the connection.
          if (!one.edited) remember(this.taken, `${id}/${one.id}`, true, TAKEN);
        }
        place.last = this.later(place.last, one.id);
        after = one.id;
      }
      if (!more || newer.length === 0) return;
      await this.save();
    }
    await this.context.note({
      code: 'missed-too-much',
      text: `More was missed in one conversation of ${source.platform} than is asked for. The newest of it was not read.`,
      conversation: id,
    });
  }

  private isLater(one: string, other: string): boolean {
    return (this.source.order(one) ?? -1n) > (this.source.order(other) ?? -1n);
  }

  private later(one: string, other: string): string {
    return this.isLater(other, one) ? other : one;
  }

  /** @throws ChannelError `refused` as it is, or when the signal is aborted */
  private async patiently<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    const { context, backoff, source } = this;
    for (;;) {
      if (signal.aborted) throw new ChannelError('temporary', `${source.platform} is no longer wanted.`);
      try {
        const result = await run();
        if (backoff.count > 0) context.state('online', source.onlineDetail);
        backoff.succeeded();
        return result;
      } catch (error) {
        const known = error instanceof ChannelError ? error : undefined;
        if (known?.kind === 'refused') throw known;
        if (signal.aborted) continue;
        if (known?.kind === 'fatal') {
          context.state('fatal', known.message);
          await aborted(signal);
          continue;
        }
        const asked = known?.retryAfterMs ?? 0;
        if (known?.kind === 'rate-limited' && asked < SHORT_MS) {
          await pause(context.clock, Math.max(asked, 1), signal);
          continue;
        }
        const delay = backoff.next(asked);
        const why = known?.message ?? 'It could not be put on record.';
        sayWaiting(context, `What was said meanwhile could not be taken over: ${why}`, delay);
        await pause(context.clock, delay, signal);
      }
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
