import * as z from 'zod';
import type { AdapterContext } from '../contract';
import { jsonFrom } from '../json';
import type { SignalClient } from './client';

const KEPT = 'identities';
/** People whose keys are remembered. */
const REMEMBERED = 5_000;

/** ListIdentitiesCommand in the source of signal-cli. */
const identities = z.array(
  z.looseObject({
    uuid: z
      .string()
      .transform((id) => id.toLowerCase())
      .nullish(),
    fingerprint: z.string(),
    safetyNumber: z.string().nullish(),
    trustLevel: z.string(),
  }),
);
type Identity = z.output<typeof identities>[number];

const kept = z.object({
  /** By account id: the key that was there when they were first heard after being let in. */
  pins: z.record(z.string(), z.string()),
  /** Account ids of people who were suspended, with the key that was new then. */
  changed: z.record(z.string(), z.string()),
});

/**
 * The keys of people who are let in. Trust on first use, and never a second time: somebody whose key is another than
 * before is suspended, before they are heard, until the owner lets them in again.
 */
export class Identities {
  private pins = new Map<string, string>();
  private changed = new Map<string, string>();
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: AdapterContext,
    private readonly client: SignalClient,
    /** Our account id. */
    private readonly me: string,
  ) {}

  async open(): Promise<void> {
    const bytes = await this.context.store.load(KEPT);
    const parsed = kept.safeParse(jsonFrom(bytes));
    if (!parsed.success) return;
    this.pins = new Map(Object.entries(parsed.data.pins));
    this.changed = new Map(Object.entries(parsed.data.changed));
  }

  /**
   * Looks at one person's key before a message of theirs is heard, and suspends them when it has changed. Nothing to
   * do for people who are not let in.
   * @throws ChannelError when signal-cli cannot tell, so that the message must wait
   */
  check(person: string): Promise<void> {
    return this.inTurn(async () => {
      if (!this.context.people.isKnown(this.me, person)) return;
      await this.look(await this.list({ number: person }), [person]);
    });
  }

  /** Remembers the key of somebody who has just been let in. @throws ChannelError */
  async pin(person: string): Promise<void> {
    if (!this.pins.has(person)) await this.check(person);
  }

  /** Looks at everybody's. @throws ChannelError */
  checkAll(): Promise<void> {
    return this.inTurn(async () => {
      const all = await this.list({});
      this.context.report({
        identities: all.length,
        untrusted: all.filter(({ trustLevel }) => trustLevel === 'UNTRUSTED').length,
      });
      await this.look(all, [...this.pins.keys()]);
    });
  }

  /** One look at a time, so that nobody is suspended twice for one change. */
  private inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.looking.then(run);
    this.looking = turn.catch(() => undefined);
    return turn;
  }

  private async list(params: { number?: string }): Promise<readonly Identity[]> {
    return identities.parse(await this.client.call('listIdentities', params));
  }

  private async look(found: readonly Identity[], people: readonly string[]): Promise<void> {
    const before = this.state();
    for (const person of people) {
      if (!this.context.people.isKnown(this.me, person)) {
        // Whoever is let in again is looked at afresh.
        this.pins.delete(person);
        continue;
      }
      const identity = found.find(({ uuid }) => uuid === person);
      if (!identity) continue;
      const { fingerprint, trustLevel } = identity;
      const pin = this.pins.get(person);
      if ((pin !== undefined && pin !== fingerprint) || trustLevel === 'UNTRUSTED') {
        await this.suspend(person, identity);
        continue;
      }
      if (pin === undefined && this.pins.size < REMEMBERED) this.pins.set(person, fingerprint);
      this.changed.delete(person);
    }
    if (this.state() !== before) await this.save();
    this.report();
  }

  private async suspend(person: string, { fingerprint, safetyNumber }: Identity): Promise<void> {
    const number = safetyNumber?.slice(0, 200) || 'not shown by signal-cli';
    await this.context.note({
      code: 'safety-number-changed',
      text: `The safety number of ${person} has changed; they are suspended. It is now ${number}. Compare it with them, trust it in signal-cli, and let them in again.`,
      sender: person,
    });
    await this.context.people.suspend(
      this.me,
      person,
      `The safety number on Signal has changed. It is now ${number}.`,
    );
    this.pins.delete(person);
    this.changed.set(person, fingerprint);
  }

  private report(): void {
    this.context.report({ changedKeys: [...this.changed.keys()] });
  }

  private state(): string {
    return JSON.stringify({
      pins: Object.fromEntries(this.pins),
      changed: Object.fromEntries(this.changed),
    });
  }

  private async save(): Promise<void> {
    await this.context.store.save(KEPT, Buffer.from(this.state()));
  }
}
