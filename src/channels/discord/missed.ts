import * as z from 'zod';
import { Backoff, pause, sayWaiting } from '../backoff';
import { type AdapterContext, ChannelError } from '../contract';
import { jsonFrom } from '../json';
import { remember } from '../recent';
import { type DiscordClient, PLATFORM } from './client';

const BLOB = 'places';
/** Milliseconds between two savings. */
const SAVE_EVERY_MS = 2_000;
/** What was said longer ago than this is not asked for any more, in milliseconds. */
const MISSED_AT_MOST_MS = 24 * 3_600_000;
/** Messages of one answer, which is the most, and answers for one conversation. */
const PAGE = 100;
const PAGES_AT_MOST = 20;
/** Conversations that are remembered, and messages that may come over the connection as well. */
const PLACES = 200;
const HANDED_OVER = 4_000;
/** A wait that is not worth a word on the channel, in milliseconds. */
const SHORT_MS = 5_000;
/** The first moment of Discord's ids, in milliseconds: https://docs.discord.com/developers/reference#snowflakes */
const EPOCH_MS = 1_420_070_400_000n;

const snowflake = z.string().regex(/^\d{1,20}$/);
const kept = z.object({
  owner: z.string(),
  places: z.array(z.object({ id: snowflake, guild: snowflake.optional(), last: snowflake })),
});
const page = z.array(z.looseObject({ id: snowflake, edited_timestamp: z.string().nullish() })).max(PAGE);
export type Missed = z.output<typeof page>[number];

/** A conversation in which somebody has spoken to the bot. */
interface Place {
  readonly guild: string | undefined;
  /** Id of the last thing there that is on record. */
  last: bigint;
}

export interface MissedOptions {
  /** The account. What was kept for another one is no good. */
  readonly owner: string;
  /** Whether that server, or direct messages where there is none, are heard. */
  isHeard(guild: string | undefined): boolean;
  /** `edited`: it is no longer as it was said. Rejects when it could not be recorded. */
  handle(message: Missed, edited: boolean): Promise<void>;
  readonly onlineDetail: string;
}

/**
 * What was said in the conversations that are known while no session was there to bring it: asked for, oldest first,
 * behind the last thing of each that is on record. So nothing of before the bot was first spoken to is ever asked for.
 * https://docs.discord.com/developers/resources/message#get-channel-messages
 */
export class MissedMessages {
  private readonly places = new Map<string, Place>();
  private readonly handedOver = new Map<string, true>();
  private readonly backoff: Backoff;
  private savedAt = 0;

  constructor(
    private readonly context: Pick<
      AdapterContext,
      'store' | 'clock' | 'log' | 'state' | 'random' | 'note' | 'report'
    >,
    private readonly client: DiscordClient,
    private readonly options: MissedOptions,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  async load(): Promise<void> {
    const found = kept.safeParse(jsonFrom(await this.context.store.load(BLOB).catch(() => undefined)));
    if (!found.success || found.data.owner !== this.options.owner) return;
    for (const { id, guild, last } of found.data.places) this.places.set(id, { guild, last: BigInt(last) });
  }

  /** Whether it was asked for before it came over the connection, too. */
  has(messageId: string): boolean {
    return this.handedOver.has(messageId);
  }

  /** This is on record. Conversations are known from the first thing in them that is said to the bot. */
  async onRecord(
    conversation: string,
    guild: string | undefined,
    id: string,
    addressed: boolean,
  ): Promise<void> {
    if (!snowflake.safeParse(id).success || !snowflake.safeParse(conversation).success) return;
    const place = this.places.get(conversation);
    if (!place && !addressed) return;
    const last = BigInt(id);
    if (place && place.last < last) place.last = last;
    if (addressed) remember(this.places, conversation, place ?? { guild, last }, PLACES);
    if (!place || this.context.clock.now() - this.savedAt >= SAVE_EVERY_MS) await this.save();
  }

  /**
   * Resolves when all that was missed is on record. Waits as Discord asks, and tries again what fails; a conversation
   * that may not be read is left out, and said. @throws ChannelError when the signal is aborted before
   */
  async fetch(signal: AbortSignal): Promise<void> {
    const oldest = (BigInt(this.context.clock.now() - MISSED_AT_MOST_MS) - EPOCH_MS) << 22n;
    let problem = '';
    for (const [conversation, place] of [...this.places]) {
      if (!this.options.isHeard(place.guild)) continue;
      try {
        await this.fetchFrom(conversation, place, oldest, signal);
      } catch (error) {
        if (!(error instanceof ChannelError) || error.kind !== 'refused') throw error;
        problem = error.message;
      }
    }
    this.context.report({ missedProblem: problem });
    await this.save();
  }

  async save(): Promise<void> {
    this.savedAt = this.context.clock.now();
    const places = [...this.places].map(([id, { guild, last }]) => ({ id, guild, last: String(last) }));
    await this.context.store
      .save(BLOB, Buffer.from(JSON.stringify({ owner: this.options.owner, places })))
      .catch(() => this.context.log.warn('Discord: how far conversations were read could not be kept.'));
  }

  private async fetchFrom(
    conversation: string,
    place: Place,
    oldest: bigint,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, options } = this;
    let after = place.last > oldest ? place.last : oldest;
    for (let pages = 0; pages < PAGES_AT_MOST; pages += 1) {
      const path = `/channels/${conversation}/messages?after=${after}&limit=${PAGE}`;
      const found = await this.patiently(signal, async () =>
        page.safeParse(await client.call('GET', path, { signal })),
      );
      if (!found.success)
        throw new ChannelError('refused', 'What Discord answered is not a list of messages.');
      // They come newest first. Ids of one length would do for text, but not for a channel of the first years.
      const messages = found.data
        .map((message) => ({ message, id: BigInt(message.id) }))
        .filter(({ id }) => id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      for (const { message, id } of messages) {
        // Without the server's id, which only the gateway tells.
        const whole = { ...message, ...(place.guild === undefined ? {} : { guild_id: place.guild }) };
        const edited = typeof message.edited_timestamp === 'string';
        await this.patiently(signal, () => options.handle(whole, edited));
        // As it was said it may still come over the connection.
        if (!edited) remember(this.handedOver, message.id, true, HANDED_OVER);
        place.last = id;
        after = id;
      }
      if (found.data.length < PAGE || messages.length === 0) return;
      await this.save();
    }
    await this.context.note({
      code: 'missed-too-much',
      text: `More than ${PAGE * PAGES_AT_MOST} messages were missed in one Discord conversation. The newest of them were not read.`,
      conversation,
    });
  }

  /** @throws ChannelError `refused` as it is, or when the signal is aborted */
  private async patiently<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    const { context, backoff, options } = this;
    for (;;) {
      if (signal.aborted) throw new ChannelError('temporary', `${PLATFORM} is no longer wanted.`);
      try {
        const result = await run();
        if (backoff.count > 0) context.state('online', options.onlineDetail);
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
