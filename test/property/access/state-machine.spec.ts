import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codesFor, standingOf } from '../../../src/engine/access/standing';
import { AccessHouse, outcome, who } from '../../helpers/access-house';
import { type Mode, Model, type Place, type Rank } from './model';

const PEOPLE = ['a', 'b', 'c', 'd'];
const CHANNEL = 'telegram';
const STATUS = { in: 'active', gone: 'lapsed', suspended: 'suspended', revoked: 'revoked' } as const;

/** The product, with the codes it gave out, by number. */
class Real {
  readonly house = new AccessHouse();
  readonly codes = new Map<number, { code: string; codeId: string }>();

  async say(sender: string, place: Place, text: string): Promise<string> {
    const result = outcome(await this.house.say(sender, text, { context: place }));
    return ['principal', 'welcome', 'already'].includes(result) ? result : 'out';
  }

  /** A text that has the form of a code and is none that was ever given out. */
  noCode(): string {
    const given = new Set([...this.codes.values()].map(({ code }) => code));
    for (const symbol of 'ABCDEFGH') {
      const text = symbol.repeat(6);
      if (!given.has(text)) return text;
    }
    throw new Error('out of codes');
  }
}

/** Does one thing to both, then compares all that can be seen of them. */
class Step implements fc.AsyncCommand<Model, Real> {
  constructor(
    private readonly name: string,
    private readonly apply: (model: Model, real: Real) => Promise<void>,
    private readonly possible: (model: Model) => boolean = () => true,
  ) {}

  check(model: Readonly<Model>): boolean {
    return this.possible(model as Model);
  }

  async run(model: Model, real: Real): Promise<void> {
    model.step++;
    await this.apply(model, real);
    const { house } = real;
    for (const person of PEOPLE) {
      for (const place of ['dm', 'group'] as const) {
        const at = {
          channel: CHANNEL,
          account: 'bot1',
          conversation: place === 'dm' ? `dm-${person}` : 'room',
          context: place,
        };
        const standing = standingOf(
          house.state(),
          house.config,
          { channel: CHANNEL, account: 'bot1', sender: person },
          at,
        );
        assert.equal(standing.kind !== 'out', model.mayTalk(person, place), `${person} in ${place}`);
        const usable = codesFor(house.state(), { ...at, sender: person }, at, house.clock.now());
        assert.equal(
          usable.length,
          model.liveCodes().filter(([, code]) => code.place === place).length,
          'live codes',
        );
      }
      const known = model.people.get(person);
      const user = house.state().users[who(person)];
      assert.equal(user?.role, known?.rank, `role of ${person}`);
      assert.equal(user?.status, known && STATUS[known.status], `status of ${person}`);
    }
    assert.equal(house.service.conversations().length, model.room ? 1 : 0, 'conversations');
  }

  toString(): string {
    return this.name;
  }
}

const person = fc.constantFrom(...PEOPLE);
const place = fc.constantFrom<Place>('dm', 'group');
/** Counts back from the newest code: the last ones are tried most, dead ones too, and now and then none. */
const anyCode = fc.nat({ max: 5 });
const numbered = (real: Real, back: number): number | undefined =>
  back === 5 || back >= real.codes.size ? undefined : real.codes.size - 1 - back;
const textOf = (real: Real, number: number | undefined): string =>
  (number === undefined ? undefined : real.codes.get(number)?.code) ?? real.noCode();

const issue = fc
  .record({
    place,
    rank: fc.constantFrom<Rank>('observer', 'member', 'approver', 'owner'),
    by: fc.option(person),
  })
  .map(
    (code) =>
      new Step(
        `issue(${code.place}, ${code.rank}, said by ${code.by})`,
        async (model, real) => {
          const number = real.codes.size;
          const issued = await real.house.service.issueCode({
            channel: CHANNEL,
            context: code.place,
            role: code.rank,
          });
          real.codes.set(number, issued);
          model.codes.set(number, {
            place: code.place,
            rank: code.rank,
            until: model.now + 300_000,
            tries: 0,
            made: model.step,
          });
          if (!code.by) return;
          model.step++;
          const { place: at, by } = code;
          assert.equal(await real.say(by, at, issued.code), model.say(by, at, number));
        },
        (model) =>
          model.modes[code.place] === 'pairing' &&
          model.liveCodes().filter(([, live]) => live.place === code.place).length < 10,
      ),
  );

const tryCode = fc.tuple(person, place, anyCode).map(
  ([sender, at, back]) =>
    new Step(`try(${sender}, ${at}, ${back} back)`, async (model, real) => {
      const number = numbered(real, back);
      assert.equal(await real.say(sender, at, textOf(real, number)), model.say(sender, at, number));
    }),
);

const guessMany = fc.tuple(person, place, fc.integer({ min: 1, max: 6 })).map(
  ([sender, at, times]) =>
    new Step(`guess(${sender}, ${at}, ${times} times)`, async (model, real) => {
      for (let time = 0; time < times; time++) {
        assert.equal(await real.say(sender, at, real.noCode()), model.say(sender, at, undefined));
      }
    }),
);

const race = fc.tuple(fc.shuffledSubarray(PEOPLE, { minLength: 2 }), place, anyCode).map(
  ([senders, at, back]) =>
    new Step(`race(${senders.join(' ')}, ${at}, ${back} back)`, async (model, real) => {
      const number = numbered(real, back);
      const code = textOf(real, number);
      const results = await Promise.all(senders.map((sender) => real.say(sender, at, code)));
      assert.deepEqual(
        results,
        senders.map((sender) => model.say(sender, at, number)),
      );
    }),
);

const message = fc.tuple(person, place).map(
  ([sender, at]) =>
    new Step(`message(${sender}, ${at})`, async (model, real) => {
      assert.equal(await real.say(sender, at, 'hello there'), model.talk(sender, at));
    }),
);

const mode = fc.tuple(place, fc.constantFrom<Mode>('pairing', 'allowlist', 'open', 'disabled')).map(
  ([at, to]) =>
    new Step(`mode(${at}, ${to})`, async (model, real) => {
      await real.house.service.setMode(CHANNEL, at, to);
      model.setMode(at, to);
    }),
);

const list = fc.tuple(place, fc.subarray(PEOPLE), fc.boolean()).map(
  ([at, senders, room]) =>
    new Step(`list(${at}, ${senders.join(' ')}, ${room})`, async (model, real) => {
      const conversations = at === 'group' && room ? ['room'] : [];
      await real.house.service.setAllowlist(CHANNEL, at, { senders, conversations });
      model.setList(at, senders, room);
    }),
);

const revoke = fc.tuple(fc.subarray(PEOPLE, { minLength: 1 })).map(
  ([people]) =>
    new Step(`revoke(${people.join(' ')})`, async (model, real) => {
      await real.house.service.revoke(
        people.map((one) => who(one)),
        'test',
      );
      for (const one of people) model.setStatus(one, 'revoked');
    }),
);

const suspend = person.map(
  (one) =>
    new Step(`suspend(${one})`, async (model, real) => {
      await real.house.service.suspend(who(one), 'test');
      model.setStatus(one, 'suspended');
    }),
);

const restore = person.map(
  (one) =>
    new Step(
      `restore(${one})`,
      async (model, real) => {
        await real.house.service.restore(who(one), 'test');
        model.restore(one);
      },
      (model) => model.people.get(one)?.status === 'suspended',
    ),
);

const leaveRoom = fc.constant(
  new Step(
    'removeConversation',
    async (model, real) => {
      const room = real.house.service.conversations()[0];
      assert.ok(room);
      await real.house.service.removeConversation(room.key, 'test');
      model.room = undefined;
    },
    (model) => model.room !== undefined,
  ),
);

const wait = fc.constantFrom(1_000, 61_000, 150_000, 301_000, 901_000, 86_500_000).map(
  (ms) =>
    new Step(`wait(${ms} ms)`, async (model, real) => {
      await real.house.clock.advanceAsync(ms);
      model.now += ms;
    }),
);

const restart = fc.constant(
  new Step('restart', async (_model, real) => {
    real.house.restart();
  }),
);

describe('the access state machine', () => {
  it('[ACC-1] [ACC-2] [ACC-5] does what a small model of it does, whatever happens in whatever order', async function () {
    this.timeout(600_000);
    await fc.assert(
      fc.asyncProperty(
        fc.commands(
          [
            issue,
            issue,
            tryCode,
            tryCode,
            tryCode,
            guessMany,
            race,
            message,
            message,
            message,
            mode,
            list,
            revoke,
            suspend,
            restore,
            leaveRoom,
            wait,
            restart,
          ],
          { maxCommands: 40, size: 'max' },
        ),
        (commands) => fc.asyncModelRun(() => ({ model: new Model(), real: new Real() }), commands),
      ),
      { numRuns: process.env.COWORK_FULL === '1' ? 10_000 : 500 },
    );
  });
});
