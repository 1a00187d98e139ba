import type { InboundMessage } from '../../engine/model/message';
import type { AdapterContext } from '../contract';
import { domainOf } from './addresses';
import type { EmailSettings } from './descriptor';
import { type Heading, readHeading, readMessage, type Skip, threadOf } from './inbound';
import { imitated, looksLike } from './look-alike';
import type { Listed } from './mailbox';
import { prove } from './proof';
import type { LookupSource } from './resolver';
import type { Thread } from './state';

/** What became of a message that was looked at. */
export type Taken =
  | {
      readonly kind: 'message';
      readonly message: InboundMessage;
      readonly thread: Thread;
      readonly keys: readonly string[];
    }
  | { readonly kind: 'skipped'; readonly why: Skip | 'unproven' | 'look-alike' }
  /** DNS did not answer; to be asked again. */
  | { readonly kind: 'unclear' };

/** About one person the owner is told once an hour. */
const TOLD_EVERY_MS = 3_600_000;
const TOLD_CAP = 500;
const LISTED_CAP = 20;

/** Decides which mail is handed on: not automatic, for us, from a proven sender, and never seen before. */
export class Intake {
  private readonly counts = { unproven: 0, automatic: 0 };
  private readonly told = new Map<string, number>();
  private readonly lookAlikes = new Set<string>();
  private readonly domains: Set<string>;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: EmailSettings,
    private readonly us: string,
    private readonly lookups: LookupSource,
    /** Of people who have written in earlier runs. */
    earlier: Iterable<string> = [],
  ) {
    this.domains = new Set([...earlier, domainOf(us)]);
  }

  /** Domains of people who are let in and have written, and our own. */
  get knownDomains(): readonly string[] {
    return [...this.domains];
  }

  /** From the head alone, so that what is not for us is not even fetched. `seen` says what was handled before. */
  async heading(listed: Listed, seen: (key: string) => boolean): Promise<Heading | Taken> {
    const heading = await readHeading(listed, this.us, this.settings.subjectFilter).catch(
      (): Skip => 'unreadable',
    );
    if (typeof heading === 'string') return this.skip(heading);
    return seen(heading.key) ? this.skip('seen') : heading;
  }

  /** Proves who sent it, and reads it. Never rejects. */
  async take(
    heading: Heading,
    source: Buffer,
    place: { readonly uidValidity: string; readonly uid: number },
    seen: (key: string) => boolean,
  ): Promise<Taken> {
    try {
      return await this.judge(heading, source, place, seen);
    } catch (error) {
      this.context.log.warn(`A mail could not be read: ${error instanceof Error ? error.name : 'unknown'}.`);
      return this.skip('unreadable');
    }
  }

  /** Tells the tree and the Checklist what was passed over. */
  report(waiting: number): void {
    this.context.report({ ...this.counts, waiting, lookAlikes: [...this.lookAlikes] });
  }

  private async judge(
    heading: Heading,
    source: Buffer,
    place: { readonly uidValidity: string; readonly uid: number },
    seen: (key: string) => boolean,
  ): Promise<Taken> {
    const { from, head } = heading;
    // Two fetches of one message; what was read in the head must be what is proved.
    if (!source.subarray(0, heading.bytes.length).equals(heading.bytes)) return this.skip('ambiguous');
    const now = this.context.clock.now();
    const known = this.context.people.isKnown(this.us, from);
    const proof = await prove({
      source,
      head,
      from,
      receivedBy: this.settings.receivedBy,
      now,
      lookup: this.lookups.forMessage(),
    });
    if (proof.kind === 'unclear') return { kind: 'unclear' };
    if (proof.kind === 'unproven') {
      if (known) {
        await this.tell(from, {
          code: 'sender-not-proven',
          text: `Mail that says it is from ${from} was not read: ${proof.why}. Someone else may have written it.`,
          sender: from,
        });
      }
      return this.skip('unproven');
    }
    // Whoever can change the recipients could send our answer to themselves.
    if (!heading.direct && !proof.coversRecipients) return this.skip('unproven');
    const keys = [heading.key, ...(proof.signature ? [`s:${proof.signature.slice(0, 24)}`] : [])];
    if (keys.some(seen)) return this.skip('seen');
    if (!known && (await this.imitates(from))) return this.skip('look-alike');
    const message = await readMessage(heading, source, place, this.us, now);
    if (typeof message === 'string') return this.skip(message);
    if (known) this.domains.add(domainOf(from));
    // Strangers leave no traces here, or a flood of them would push out those of people.
    return { kind: 'message', message, thread: threadOf(heading), keys: known ? keys : [] };
  }

  private async imitates(from: string): Promise<boolean> {
    const original = imitated(from);
    const person =
      original !== undefined && this.context.people.isKnown(this.us, original) ? original : undefined;
    const like = person ?? looksLike(domainOf(from), this.domains);
    if (like === undefined) return false;
    if (this.lookAlikes.size < LISTED_CAP) this.lookAlikes.add(from);
    await this.tell(domainOf(from), {
      code: 'look-alike-domain',
      text: `Mail from ${from} was not handed on: its domain can be mistaken for ${like}.`,
      sender: from,
    });
    return true;
  }

  private async tell(about: string, note: Parameters<AdapterContext['note']>[0]): Promise<void> {
    const now = this.context.clock.now();
    const before = this.told.get(about);
    if (before !== undefined && now - before < TOLD_EVERY_MS) return;
    this.told.delete(about);
    this.told.set(about, now);
    if (this.told.size > TOLD_CAP) {
      const oldest = this.told.keys().next().value;
      if (oldest !== undefined) this.told.delete(oldest);
    }
    await this.context.note(note);
  }

  private skip(why: Extract<Taken, { kind: 'skipped' }>['why']): Taken {
    if (why === 'automatic') this.counts.automatic += 1;
    if (why === 'unproven') this.counts.unproven += 1;
    return { kind: 'skipped', why };
  }
}
