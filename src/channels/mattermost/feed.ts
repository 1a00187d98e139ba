import * as z from 'zod';
import { Backoff, pause, sayWaiting } from '../backoff';
import type { AdapterContext } from '../contract';
import { jsonFrom } from '../json';
import { remember } from '../recent';
import type { MattermostClient } from './client';
import type { MattermostSettings } from './descriptor';
import { isListed, type MattermostPost, type PlaceOfPost, post, readPost } from './inbound';

/** What was said longer ago than this is not asked for any more, in milliseconds. */
const MISSED_AT_MOST_MS = 24 * 3_600_000;
/** Posts of one moment may get their numbers in another order; what was taken already is dropped by the gateway. */
const OVERLAP_MS = 5_000;
/** Milliseconds between two savings of the cursor. */
const SAVE_EVERY_MS = 2_000;
/** Threads and posts that are remembered. */
const REMEMBERED = 2_000;
const CURSOR = 'cursor';

const channels = z.array(
  z.looseObject({
    id: z.string(),
    type: z.string(),
    team_id: z.string().default(''),
    last_post_at: z.number().default(0),
  }),
);
/** https://api.mattermost.com/#tag/posts/operation/GetPostsForChannel */
const postList = z.looseObject({ posts: z.record(z.string(), z.unknown()) });

const cursorSchema = z.object({ at: z.number(), floor: z.number() });

interface Arrival {
  readonly said: MattermostPost;
  readonly place: PlaceOfPost;
  readonly name: string;
}

/**
 * What people say, in order and without loss: what comes over the connection, and what was missed, which is asked
 * for. The cursor is the time of the last post that is on record.
 */
export class Feed {
  /** Both in the server's time: of the last post on record, and of the last one before we first came. */
  private cursor = { at: 0, floor: 0 };
  private queue: Promise<void> = Promise.resolve();
  /** Counts the times that something was missed; what was queued before then is fetched with the rest. */
  private turn = 0;
  private savedAt = 0;
  private readonly backoff: Backoff;
  /** By a post's id: that of the thread it is in, which is its own when it began one. */
  private readonly threads = new Map<string, string>();
  /** By a thread's id: who began it. */
  private readonly starters = new Map<string, string>();
  private readonly taken = new Map<string, string>();
  gaps = 0;

  constructor(
    private readonly context: AdapterContext,
    private readonly client: MattermostClient,
    private readonly settings: MattermostSettings,
    private readonly me: { readonly id: string; readonly username: string },
    private readonly stopped: AbortSignal,
    private readonly onlineDetail: () => string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  /** Reads the cursor. Without one nothing that was said before now is ever asked for. @throws ChannelError */
  async open(): Promise<void> {
    const kept = cursorSchema.safeParse(jsonFrom(await this.context.store.load(CURSOR)));
    if (kept.success) this.cursor = { ...kept.data };
    else {
      const last = latest(await this.places());
      this.cursor = { at: last, floor: last };
    }
  }

  /** Something may be missing: it is asked for before anything else is taken. */
  missed(): void {
    this.turn += 1;
    const { turn } = this;
    this.queue = this.queue.then(() => this.catchUp(turn));
  }

  take(arrival: Arrival): void {
    const { turn } = this;
    this.queue = this.queue.then(async () => {
      if (this.turn !== turn || this.stopped.aborted) return;
      try {
        await this.deliver(arrival);
      } catch {
        // It could not be recorded: it is asked for again, with all that came after it.
        this.missed();
      }
    });
  }

  /** The thread that an answer to this post belongs to. */
  threadOf(postId: string): string {
    return this.threads.get(postId) ?? postId;
  }

  /** We said something: an answer in its thread is meant for us. */
  sent(postId: string, rootId: string): void {
    remember(this.threads, postId, rootId || postId, REMEMBERED);
    if (rootId === '') remember(this.starters, postId, this.me.id, REMEMBERED);
  }

  async close(): Promise<void> {
    await this.queue;
    await this.save();
  }

  private async deliver({ said, place, name }: Arrival): Promise<void> {
    if (!isListed(place, said.channel_id, this.settings)) return;
    remember(this.threads, said.id, said.root_id || said.id, REMEMBERED);
    if (said.root_id === '') remember(this.starters, said.id, said.user_id, REMEMBERED);
    else await this.learnStarter(said.root_id);
    const message = readPost(said, place, name, {
      me: this.me,
      settings: this.settings,
      isOurs: (thread) => this.starters.get(thread) === this.me.id,
      now: this.context.clock.now(),
    });
    // What was asked for may have come over the connection as well.
    if (message && (message.change || !this.taken.has(said.id))) await this.context.receive(message);
    remember(this.taken, said.id, '', REMEMBERED);
    this.cursor.at = Math.max(this.cursor.at, said.create_at);
    if (this.context.clock.now() - this.savedAt >= SAVE_EVERY_MS) await this.save();
  }

  private async learnStarter(rootId: string): Promise<void> {
    if (this.starters.has(rootId)) return;
    const root = post.safeParse(await this.client.get(`posts/${rootId}`).catch(() => undefined));
    if (root.success) remember(this.starters, rootId, root.data.user_id, REMEMBERED);
  }

  private async catchUp(turn: number): Promise<void> {
    for (;;) {
      if (this.turn !== turn || this.stopped.aborted) return;
      try {
        const missing = await this.missing();
        this.gaps += missing.length > 0 ? 1 : 0;
        for (const arrival of missing) await this.deliver(arrival);
        if (this.backoff.count > 0) this.context.state('online', this.onlineDetail());
        this.backoff.succeeded();
        return;
      } catch (error) {
        if (this.stopped.aborted) return;
        const delay = this.backoff.next();
        const why = error instanceof Error ? error.message : 'Something went wrong.';
        sayWaiting(this.context, `What was said meanwhile could not be taken over: ${why}`, delay);
        await pause(this.context.clock, delay, this.stopped);
      }
    }
  }

  /** What was said since the cursor where we take part, oldest first. */
  private async missing(): Promise<Arrival[]> {
    const places = await this.places();
    const since = Math.max(
      this.cursor.at - OVERLAP_MS,
      latest(places) - MISSED_AT_MOST_MS,
      this.cursor.floor,
    );
    const listed = places
      .filter((one) => one.last_post_at > since)
      .filter((one) => isListed({ type: one.type, teamId: one.team_id }, one.id, this.settings));
    const arrivals: Arrival[] = [];
    for (const { id, type, team_id: teamId } of listed) {
      const path = `channels/${id}/posts?since=${Math.floor(since)}`;
      const { posts } = postList.parse(await this.client.get(path, this.stopped));
      for (const one of Object.values(posts)) {
        const parsed = post.safeParse(one);
        // Older ones are there because they were changed since.
        if (parsed.success && parsed.data.create_at > since)
          arrivals.push({ said: parsed.data, place: { type, teamId }, name: '' });
      }
    }
    return arrivals.sort((a, b) => a.said.create_at - b.said.create_at);
  }

  /** The channels that the bot is a member of. */
  private async places(): Promise<z.output<typeof channels>> {
    return channels.parse(await this.client.get(`users/${this.me.id}/channels`, this.stopped));
  }

  private async save(): Promise<void> {
    this.savedAt = this.context.clock.now();
    await this.context.store
      .save(CURSOR, Buffer.from(JSON.stringify(this.cursor)))
      .catch(() => this.context.log.warn('Mattermost: how far it was read could not be kept.'));
  }
}

/** Of the last thing that was said in any of them, in the server's milliseconds. */
function latest(places: z.output<typeof channels>): number {
  return places.reduce((most, one) => Math.max(most, one.last_post_at), 0);
}
