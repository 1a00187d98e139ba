import { type AdapterContext, ChannelError } from '../contract';
import type { EmailSettings } from './descriptor';
import type { Heading } from './inbound';
import type { Intake, Taken } from './intake';
import { type Listed, type Mailbox, MESSAGE_CAP } from './mailbox';
import type { Cursor, MailState } from './state';

/** Messages, and bytes of them, that are looked at together. A larger message is looked at alone. */
const BATCH = 10;
const BATCH_BYTES = 8 * 1024 * 1024;
/** When a sender is asked about again after DNS did not answer, in milliseconds. Then no more. */
const ASK_AGAIN_MS = [60_000, 120_000, 240_000, 480_000, 900_000, 1_800_000];

interface Outcome {
  readonly listed: Listed;
  readonly taken: Taken;
}

/** A message that has been fetched and is being proved. */
interface Look {
  readonly outcome: Promise<Outcome>;
}

/**
 * Reads what is new in the mailbox, each message once. How far it came is written down after the messages are on
 * record, so a crash has some delivered again, and the gateway knows what it has seen.
 */
export class Reader {
  constructor(
    private readonly context: AdapterContext,
    private readonly settings: EmailSettings,
    private readonly state: MailState,
    private readonly intake: Intake,
  ) {}

  /**
   * Everything that is new now. @returns when to come again though nothing new came, in milliseconds since the epoch.
   * @throws ChannelError
   */
  async read(mailbox: Mailbox): Promise<number | undefined> {
    const cursor = this.state.current;
    if (!cursor) await this.begin(mailbox);
    else if (cursor.uidValidity !== mailbox.uidValidity) await this.renumbered(mailbox, cursor);
    else {
      await this.askAgain(mailbox);
      await this.newer(mailbox);
    }
    const pending = this.state.current?.pending ?? [];
    this.intake.report(pending.length);
    return pending.length > 0 ? Math.min(...pending.map(({ due }) => due)) : undefined;
  }

  /** What is there already was not written to us. */
  private async begin(mailbox: Mailbox): Promise<void> {
    const newest = await mailbox.newest();
    await this.state.moveTo({
      uidValidity: mailbox.uidValidity,
      uid: mailbox.uidNext - 1,
      // The dates are in seconds.
      date: newest === undefined ? Math.floor(this.context.clock.now() / 1_000) * 1_000 : newest + 1_000,
      pending: [],
      recent: [],
      domains: [],
    });
    await this.newer(mailbox);
  }

  private async newer(mailbox: Mailbox): Promise<void> {
    const from = this.state.current?.uid ?? 0;
    const uids = await mailbox.newer(from, this.settings.subjectFilter);
    await this.all(mailbox, uids, 0, (cursor, uid) => ({ ...cursor, uid: Math.max(cursor.uid, uid) }));
  }

  /**
   * The server has numbered the folder anew, so the numbers say nothing. Dates do, roughly, and what was handled is
   * known by its id. The old cursor stays, and with it the date to begin at, until all of it is done.
   */
  private async renumbered(mailbox: Mailbox, old: Cursor): Promise<void> {
    const floor = Math.min(old.date, ...old.pending.map(({ arrived }) => arrived));
    const uids = await mailbox.since(floor, this.settings.subjectFilter);
    await this.state.moveTo({ ...old, date: floor, pending: [] });
    await this.all(mailbox, uids, floor, (cursor) => ({ ...cursor, date: floor }));
    const now = this.state.current ?? old;
    await this.state.moveTo({
      ...now,
      date: old.date,
      uidValidity: mailbox.uidValidity,
      uid: Math.max(mailbox.uidNext - 1, ...uids),
    });
  }

  private async askAgain(mailbox: Mailbox): Promise<void> {
    const now = this.context.clock.now();
    const due = this.state.current?.pending.filter((entry) => entry.due <= now).map(({ uid }) => uid) ?? [];
    await this.all(mailbox, due, 0, (cursor) => cursor);
  }

  /** In order, in batches. `floor`: what arrived earlier is passed over. @throws ChannelError */
  private async all(
    mailbox: Mailbox,
    uids: readonly number[],
    floor: number,
    advance: (cursor: Cursor, uid: number) => Cursor,
  ): Promise<void> {
    for (let from = 0; from < uids.length; from += BATCH) {
      const asked = uids.slice(from, from + BATCH);
      const listed = (await mailbox.heads(asked)).filter(({ arrived }) => arrived >= floor);
      for (const batch of bySize(listed)) await this.batch(mailbox, batch, advance);
      // Those that are gone, or were passed over.
      await this.move((cursor) => {
        const gone = new Set(asked.filter((uid) => !listed.some((one) => one.uid === uid)));
        const pending = cursor.pending.filter(({ uid }) => !gone.has(uid));
        return advance({ ...cursor, pending }, asked.at(-1) ?? 0);
      });
    }
  }

  private async batch(
    mailbox: Mailbox,
    batch: readonly Listed[],
    advance: (cursor: Cursor, uid: number) => Cursor,
  ): Promise<void> {
    const looks: Look[] = [];
    for (const listed of batch) looks.push(await this.look(mailbox, listed));
    const outcomes = withoutTwins(await Promise.all(looks.map(({ outcome }) => outcome)));
    const messages = outcomes.flatMap(({ taken }) => (taken.kind === 'message' ? [taken] : []));
    await this.state.keepThreads(messages.map(({ thread }) => thread));
    // At once and in order: nobody waits for the person before them.
    const handed = await Promise.allSettled(
      outcomes.map(({ taken }) =>
        taken.kind === 'message' ? this.context.receive(taken.message) : undefined,
      ),
    );
    const failed = handed.findIndex(({ status }) => status === 'rejected');
    const done = failed < 0 ? outcomes : outcomes.slice(0, failed);
    const keys = outcomes.flatMap(({ taken }, index) =>
      taken.kind === 'message' && handed[index]?.status === 'fulfilled' ? taken.keys : [],
    );
    await this.move((cursor) => {
      const next = done.reduce(
        (sum, outcome) => advance(settle(sum, outcome, this.now()), outcome.listed.uid),
        cursor,
      );
      return { ...next, recent: [...next.recent, ...keys], domains: [...this.intake.knownDomains] };
    });
    if (failed >= 0)
      throw new ChannelError(
        'temporary',
        'The last mail could not be put on record. It is read again by itself.',
      );
  }

  /** Fetches one message when its head is one for us. The fetching is waited for, the proof is not. */
  private async look(mailbox: Mailbox, listed: Listed): Promise<Look> {
    const as = (taken: Taken): Look => ({ outcome: Promise.resolve({ listed, taken }) });
    const seen = (key: string) => this.state.current?.recent.includes(key) ?? false;
    const heading = await this.intake.heading(listed, seen);
    if (isTaken(heading)) return as(heading);
    const source = listed.bytes <= MESSAGE_CAP ? await mailbox.source(listed.uid) : undefined;
    if (!source) return as({ kind: 'skipped', why: 'too-large' });
    const place = { uidValidity: mailbox.uidValidity, uid: listed.uid };
    const taking = this.intake.take(heading, source, place, seen);
    return { outcome: taking.then((taken) => ({ listed, taken })) };
  }

  private async move(change: (cursor: Cursor) => Cursor): Promise<void> {
    const cursor = this.state.current;
    if (!cursor) return;
    const next = change(cursor);
    if (JSON.stringify(next) !== JSON.stringify(cursor)) await this.state.moveTo(next);
  }

  private now(): number {
    return this.context.clock.now();
  }
}

function isTaken(value: Heading | Taken): value is Taken {
  return 'kind' in value;
}

/** Notes what became of one message; the number of the cursor is moved by the caller. */
function settle(cursor: Cursor, { listed, taken }: Outcome, now: number): Cursor {
  const { uid, arrived } = listed;
  const before = cursor.pending.find((entry) => entry.uid === uid);
  const others = cursor.pending.filter((entry) => entry.uid !== uid);
  const date = Math.max(cursor.date, arrived);
  const tries = before?.tries ?? 0;
  const wait = ASK_AGAIN_MS[tries];
  if (taken.kind !== 'unclear' || wait === undefined) return { ...cursor, date, pending: others };
  return { ...cursor, date, pending: [...others, { uid, arrived, tries: tries + 1, due: now + wait }] };
}

/** Of messages that came together and are the same one, the first. */
function withoutTwins(outcomes: readonly Outcome[]): readonly Outcome[] {
  const met = new Set<string>();
  return outcomes.map((outcome) => {
    const { taken } = outcome;
    if (taken.kind !== 'message') return outcome;
    if (taken.keys.some((key) => met.has(key)))
      return { ...outcome, taken: { kind: 'skipped', why: 'seen' } };
    for (const key of taken.keys) met.add(key);
    return outcome;
  });
}

function bySize(listed: readonly Listed[]): readonly (readonly Listed[])[] {
  const batches: Listed[][] = [];
  let bytes = 0;
  for (const one of listed) {
    const last = batches.at(-1);
    if (!last || bytes + one.bytes > BATCH_BYTES) {
      batches.push([one]);
      bytes = one.bytes;
    } else {
      last.push(one);
      bytes += one.bytes;
    }
  }
  return batches;
}
