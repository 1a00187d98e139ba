import assert from 'node:assert/strict';
import { type ChannelAdapter, ChannelError } from '../../../src/channels/contract';
import { createAdapter } from '../../../src/channels/email/adapter';
import { emailDescriptor } from '../../../src/channels/email/descriptor';
import type { Clock } from '../../../src/engine/model/ports';
import { skip } from '../../harness/report';
import { hasDovecot } from '../../peers/email/dovecot';
import { BOT, type Delivery, MailWorld, PASSWORD } from '../../peers/email/world';
import { type MemoryStore, outbound, until, type Watched, watchedContext } from './support';

export const ANN = 'ann@people.example';
export const BOB = 'bob@other.example';

/** An adapter that is connected, with what it did. */
export interface Connected extends Watched {
  readonly adapter: ChannelAdapter;
  /** Delivers a good mail and waits for it: all that came before has been looked at then. */
  settle(): Promise<void>;
  /** What was said, without the marks of `settle`. */
  texts(): readonly string[];
}

/** A world of mail for a suite, and adapters that end with each test. */
export class MailHouse {
  readonly world = new MailWorld();
  private readonly open: ChannelAdapter[] = [];
  private marks = 0;

  /** To be called in a `describe`. */
  static use(prepare: (world: MailWorld) => void = () => undefined): MailHouse {
    const house = new MailHouse();
    prepare(house.world);
    before(async function () {
      if (!hasDovecot()) skip(this, 'dovecot-imapd is not installed');
      await house.world.start();
    });
    after(() => house.world.stop());
    afterEach(() => house.tidy());
    return house;
  }

  make(
    more: Record<string, unknown> = {},
    parts: { store?: MemoryStore; clock?: Clock; secrets?: Record<string, string | undefined> } = {},
  ): Watched & { readonly adapter: ChannelAdapter } {
    const watched = watchedContext(
      emailDescriptor,
      { ...this.world.settings(), ...more },
      parts.secrets ?? this.world.secrets(),
      parts.clock,
      parts.store ? { store: parts.store } : {},
    );
    const adapter = createAdapter(watched.context);
    this.open.push(adapter);
    return { ...watched, adapter };
  }

  async connect(...how: Parameters<MailHouse['make']>): Promise<Connected> {
    const made = this.make(...how);
    await made.adapter.connect();
    const settle = async () => {
      this.marks += 1;
      const text = `mark ${this.marks}`;
      const filter = String(how[0]?.subjectFilter ?? '[cowork]');
      await this.world.deliver({ from: BOB, subject: `${filter} mark`, text });
      await until(() => made.received.some((message) => message.text === text), text);
    };
    const texts = () => made.received.map(({ text }) => text).filter((text) => !/^mark \d+$/.test(text));
    return { ...made, settle, texts };
  }

  /** Connects, delivers, and says what of it was handed on. */
  async heard(delivery: Delivery, more: Record<string, unknown> = {}, known: readonly string[] = []) {
    const connected = await this.connect(more);
    for (const person of known) connected.known.add(`${BOT}/${person}`);
    await this.world.deliver(delivery);
    await connected.settle();
    const messages = connected.received.filter(({ text }) => !/^mark \d+$/.test(text));
    return { ...connected, messages };
  }

  private async tidy(): Promise<void> {
    await Promise.all(this.open.splice(0).map((adapter) => adapter.disconnect()));
    const { imapWire, smtpWire, smtp, dns } = this.world;
    imapWire.heal();
    smtpWire.heal();
    smtp.taken.length = 0;
    smtp.faults = [];
    dns.broken.clear();
    assert.deepEqual(smtp.violations.splice(0), []);
  }
}

/** A text to Ann. */
export const reply = (text: string, part: object = {}) =>
  outbound({ channel: 'email', account: BOT, conversation: ANN, text, ...part });

/** It rejects with what a person must mend, and does not say the password. */
export async function fatal(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof ChannelError, String(error));
    assert.equal(error.kind, 'fatal', error.message);
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes(PASSWORD));
    return true;
  });
}
