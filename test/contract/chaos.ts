import assert from 'node:assert/strict';
import type { ChatContext } from '../../src/engine/model/identity';
import { skip } from '../harness/report';
import { bytesKept } from '../helpers/memory';
import type { ChannelBench, Fault } from './bench';
import { ContractHouse } from './house';

const MESSAGES = process.env.COWORK_FULL === '1' ? 2_000 : 200;
/** Messages that people are ahead of the engine; the gateway keeps a bounded number and says so to who is faster. */
const AHEAD = 30;
/** Of the channel's clock, where the bench names none of its own. */
const SPEED = 20;
const NO_LIMIT = { burst: 1_000_000, perSecond: 1_000_000 };
/** What may be left in memory of each message: its records, which the test keeps, and little else. Bytes. */
const KEPT_PER_MESSAGE = 24 * 1024;
const KEPT_ANYWAY = 24 * 1024 * 1024;

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A platform in trouble: cut lines, refusals, errors, garbage, silence, repeats, edits and lost answers while people
 * talk, and a journal that cannot be written now and then. Each message reaches the engine once and each answer
 * arrives; one is repeated only when the answer to its sending was lost.
 */
export function describeChaos(make: () => ChannelBench, title: string): void {
  const seed = Number(process.env.COWORK_SEED ?? Date.now() % 1_000_000);
  it(`${title} (${MESSAGES} messages, seed ${seed})`, async function () {
    this.timeout(900_000);
    const bench = make();
    // Lines that are dead take their heartbeats to be noticed, so there are few of them.
    const faults = bench.faults.filter(
      (fault) =>
        fault !== 'revoke' &&
        fault !== 'stall' &&
        // What is lost in a place that cannot be asked is lost.
        (fault !== 'lose-session' || bench.recovers === undefined),
    );
    if (bench.absent !== undefined) skip(this, bench.absent);
    if (faults.length === 0) skip(this, 'the platform cannot fail');
    const random = numbers(seed);
    const house = await ContractHouse.open(bench, {
      speed: Math.max(bench.speed ?? 1, SPEED),
      random,
      limits: { knownIdentity: NO_LIMIT, knownChannel: NO_LIMIT },
      ...(bench.forgetful ? {} : { failing: () => random() < 0.02 }),
    });
    try {
      const before = bytesKept();
      await new Chaos(house, faults, random).run();
      house.check();
      const kept = bytesKept() - before;
      assert.ok(kept < KEPT_ANYWAY + MESSAGES * KEPT_PER_MESSAGE, `${kept} bytes are kept; seed ${seed}`);
    } catch (error) {
      throw new Error(`With COWORK_SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    } finally {
      await house.close();
    }
  });
}

/** Faults that end connections. */
const CUTS: ReadonlySet<Fault> = new Set(['drop', 'down', 'half-close', 'lose-session', 'garbage']);
/**
 * A line that ends again and again right after it began is met with waits of minutes, which is right, and would make
 * this last for hours. Milliseconds of the channel's clock.
 */
const BETWEEN_CUTS_MS = 12_000;

class Chaos {
  private lost = 0;
  private cutAt = Number.NEGATIVE_INFINITY;
  private said = 0;
  private readonly places: readonly ChatContext[];

  constructor(
    private readonly house: ContractHouse,
    private readonly faults: readonly Fault[],
    private readonly random: () => number,
  ) {
    this.places = house.bench.descriptor.capabilities.contexts;
  }

  async run(): Promise<void> {
    const { house } = this;
    const { bench } = house;
    const asked = bench.requests();
    const expected = new Map<string, ChatContext>();
    // A channel may know of a place only from what was said there.
    for (const context of this.places) {
      await house.tell(`first in ${context}.`, context);
      expected.set(`first in ${context}.`, context);
      this.said += 1;
    }
    for (let index = 0; index < MESSAGES; index += 1) {
      await house.until(
        () => this.said - house.heard.length < AHEAD && house.gateway.waiting.outbound < AHEAD,
        'the engine to follow',
        120_000,
      );
      const context = this.pick(this.places);
      const text = `message ${index}.`;
      expected.set(text, context);
      await this.speak(text, context);
      const trouble = this.random();
      if (trouble < 0.12) await this.trouble();
      if (this.random() < 0.2) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await bench.heal();
    if (!bench.forgetful)
      await house.until(() => house.heard.length >= expected.size, 'every message to be heard', 500_000);
    await house.until(() => house.idle(), 'every answer to be sent', 500_000);
    this.compare(expected);
    const requests = bench.requests() - asked;
    assert.ok(requests < MESSAGES * 8 + 200, `${requests} requests for ${MESSAGES} messages`);
  }

  private async speak(text: string, context: ChatContext): Promise<void> {
    const { bench } = this.house;
    const id = await bench.say({ text, context });
    this.said += 1;
    if (this.random() < 0.1) await bench.repeatLast();
    if (this.random() >= 0.08) return;
    // What is changed before it was heard is not run on some platforms, and is none of the losses that are looked for.
    if (bench.keepsNoVersions && !this.house.texts.includes(text)) return;
    await bench.edit?.(id, `${text} /run rm -rf . afterwards`, context);
  }

  private async trouble(): Promise<void> {
    const { bench } = this.house;
    const now = this.house.channelClock.now();
    const cut = now - this.cutAt >= BETWEEN_CUTS_MS;
    const possible = this.faults.filter((one) => cut || !CUTS.has(one));
    if (possible.length === 0) return;
    const fault = this.pick(possible);
    if (CUTS.has(fault)) this.cutAt = now;
    await bench.inject(fault);
    if (fault === 'lose-answer') this.lost += 1;
    // A platform that keeps nothing would lose what is said meanwhile.
    await new Promise((resolve) => setTimeout(resolve, this.random() * 30));
    await bench.heal();
    if (!bench.forgetful) return;
    await this.house.until(() => this.house.view.state === 'online', 'the channel to be online', 60_000);
    // A line is given time from when it stands, and what was lost with the one before it will never be heard.
    if (CUTS.has(fault)) this.cutAt = this.house.channelClock.now();
    this.said = this.house.heard.length;
  }

  private compare(expected: ReadonlyMap<string, ChatContext>): void {
    const { house } = this;
    const { texts } = house;
    assert.equal(new Set(texts).size, texts.length, 'nothing is heard twice');
    for (const text of texts) assert.ok(expected.has(text), `“${text}” was never said`);
    if (!house.bench.forgetful) assert.equal(texts.length, expected.size, 'everything is heard');
    let repeated = 0;
    for (const text of texts) {
      const count = house.count(`You said: ${text}`, expected.get(text) ?? 'dm');
      assert.ok(count >= 1, `the answer to “${text}” is missing: ${this.failures()}`);
      repeated += count - 1;
    }
    assert.ok(
      repeated <= this.lost,
      `${repeated} answers are repeated, ${this.lost} confirmations were lost`,
    );
    assert.ok(!house.states.some(({ state }) => state === 'fatal'), JSON.stringify(house.states.slice(-3)));
  }

  private failures(): string {
    const { journal } = this.house;
    return JSON.stringify(
      journal.ofType('reply.failed').flatMap(({ data }) => (data.final ? [data.error] : [])),
    );
  }

  private pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.random() * list.length)];
    if (one === undefined) throw new RangeError('nothing to choose from');
    return one;
  }
}
