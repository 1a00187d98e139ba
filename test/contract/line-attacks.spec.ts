import assert from 'node:assert/strict';
import { validateSignature } from '@line/bot-sdk';
import { ACCESS_TOKEN, BOT, CHANNEL_SECRET } from '../peers/line/server';
import { type Attack, describeAttacks, SAME_CALL_AGAIN, signatureAttacks } from './attacks';
import { GROUP, LineBench } from './benches/line';
import { ContractHouse } from './house';
import { headerOf, opensslHmac, post, withHeader } from './letter';

const SIGNATURE = 'X-Line-Signature';
const OTHER_SECRET = 'f'.repeat(32);
const HOUR = 3_600_000;

const line = (bench: unknown): LineBench => {
  assert.ok(bench instanceof LineBench);
  return bench;
};

const message = (bench: LineBench, text: string) => ({ id: bench.peer.newId(), type: 'text', text });

/** Another signature over the same bytes. */
const signed = (name: string, signature: (body: Buffer, now: string) => string): Attack => ({
  name,
  write: (letter) => withHeader(letter, SIGNATURE, signature(letter.body, headerOf(letter, SIGNATURE))),
  status: [401],
  reason: /signature/,
});

/** A call that is signed as LINE signs, with something else in it. */
const genuine = (
  name: string,
  body: (bench: LineBench, text: string) => unknown,
  { status, reason, secret }: { status: readonly number[]; reason: RegExp; secret?: string },
): Attack => ({
  name,
  write: (_letter, bench, text) => line(bench).sign(body(line(bench), text), secret),
  status,
  reason,
});

const withEvent = (change: (bench: LineBench, text: string) => Record<string, unknown>, to = BOT.userId) => {
  return (bench: LineBench, text: string) => ({ destination: to, events: [change(bench, text)] });
};
const event = (bench: LineBench, text: string, more: Record<string, unknown> = {}) => ({
  ...bench.event('dm', bench.people[0], { type: 'message', message: message(bench, text) }),
  ...more,
});

const own: readonly Attack[] = [
  ...signatureAttacks(SIGNATURE),
  signed('a signature with another secret', (body) => opensslHmac(OTHER_SECRET, body).toString('base64')),
  // To HMAC an empty key and one of a zero byte are the same.
  signed('a signature with an empty secret', (body) => opensslHmac('\0', body).toString('base64')),
  signed('a signature with the access token', (body) => opensslHmac(ACCESS_TOKEN, body).toString('base64')),
  signed('a signature by SHA-1 of the same secret', (body) =>
    opensslHmac(CHANNEL_SECRET, body, 'sha1').toString('base64'),
  ),
  signed('a signature by SHA-512 of the same secret', (body) =>
    opensslHmac(CHANNEL_SECRET, body, 'sha512').toString('base64'),
  ),
  signed('the right signature in hexadecimal', (body) => opensslHmac(CHANNEL_SECRET, body).toString('hex')),
  signed('a signature with an algorithm before it', (_body, now) => `sha256=${now}`),
  signed('a signature in other letters', (_body, now) => now.toLowerCase()),
  signed('a signature without its padding', (_body, now) => now.replace(/=+$/, '')),
  signed('a signature that decodes to the same bytes', (_body, now) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = now.replace(/=+$/, '').slice(-1);
    const twin = `${now.slice(0, 42)}${alphabet[alphabet.indexOf(last) + 1]}=`;
    assert.deepEqual(Buffer.from(twin, 'base64'), Buffer.from(now, 'base64'));
    return twin;
  }),
  {
    name: 'a signature under another name',
    write: (letter) =>
      withHeader(withHeader(letter, 'X-Hub-Signature', headerOf(letter, SIGNATURE)), SIGNATURE, undefined),
    status: [401],
    reason: /no signature/,
  },
  SAME_CALL_AGAIN,
  {
    name: 'the event of before as a redelivery, in a call of its own',
    write: (letter, bench) => {
      const { events } = JSON.parse(letter.body.toString('utf8')) as { events: object[] };
      const again = events.map((one) => ({ ...one, deliveryContext: { isRedelivery: true } }));
      return line(bench).sign({ destination: BOT.userId, events: again });
    },
    afterGenuine: true,
    status: [200],
    reason: /replay/,
  },
  {
    name: 'the message of before in an event of its own',
    write: (letter, bench) => {
      const { events } = JSON.parse(letter.body.toString('utf8')) as { events: [object] };
      const again = { ...events[0], webhookEventId: '01FZ74A0TDDPYRVKNK77ATTACK' };
      return line(bench).sign({ destination: BOT.userId, events: [again] });
    },
    afterGenuine: true,
    status: [200],
    reason: /accepted/,
  },
  genuine(
    'a genuine call of yesterday and an hour',
    withEvent((bench, text) => event(bench, text, { timestamp: Date.now() - 25 * HOUR })),
    {
      status: [200],
      reason: /timestamp/,
    },
  ),
  genuine(
    'a genuine call from an hour ahead',
    withEvent((bench, text) => event(bench, text, { timestamp: Date.now() + HOUR })),
    {
      status: [200],
      reason: /timestamp/,
    },
  ),
  genuine('a genuine call for another account', withEvent(event, `U${'66'.repeat(16)}`), {
    status: [403],
    reason: /destination/,
  }),
  genuine('a genuine call for nobody', (bench, text) => ({ events: [event(bench, text)] }), {
    status: [400],
    reason: /not understood/,
  }),
  genuine('a genuine call for the account in other letters', withEvent(event, BOT.userId.toUpperCase()), {
    status: [403],
    reason: /destination/,
  }),
  genuine(
    'what is said in a group that is not listed',
    withEvent((bench, text) => {
      const other = `C${'66'.repeat(16)}`;
      const mention = { mentionees: [{ index: 0, length: 4, type: 'user', isSelf: true }] };
      return event(bench, text, {
        source: { type: 'group', groupId: other, userId: bench.people[0] },
        message: { ...message(bench, `@bot ${text}`), mention },
      });
    }),
    { status: [200], reason: /group not listed/ },
  ),
  genuine(
    'a group that calls itself a direct message',
    withEvent((bench, text) => event(bench, text, { source: { type: 'user', groupId: GROUP } })),
    {
      status: [200],
      reason: /nothing for us/,
    },
  ),
  genuine(
    'what LINE gave to another service',
    withEvent((bench, text) => event(bench, text, { mode: 'standby' })),
    { status: [200], reason: /nothing for us/ },
  ),
  genuine(
    'an event without a number',
    withEvent((bench, text) => event(bench, text, { webhookEventId: undefined })),
    { status: [400], reason: /not understood/ },
  ),
  genuine(
    'an event without a time',
    withEvent((bench, text) => event(bench, text, { timestamp: undefined })),
    { status: [400], reason: /not understood/ },
  ),
  genuine('what is signed and not JSON', () => '{"destination":"U', {
    status: [400],
    reason: /not understood/,
  }),
  genuine('what is signed and a list', () => '[]', { status: [400], reason: /not understood/ }),
  genuine(
    'events that are not a list',
    (bench, text) => ({
      destination: BOT.userId,
      events: { 0: event(bench, text), length: 1 },
    }),
    { status: [400], reason: /not understood/ },
  ),
  {
    name: 'a call under the secret of before, after it was changed',
    arrange: async (house) => void house.secrets.values.set('line/channelSecret', OTHER_SECRET),
    write: (letter, bench) => {
      // What comes afterwards is signed with the secret of now.
      const own = line(bench);
      own.genuine = async (next) =>
        own.sign({ destination: BOT.userId, events: [event(own, next)] }, OTHER_SECRET);
      return letter;
    },
    status: [401],
    reason: /signature/,
  },
];

describeAttacks(() => new LineBench(), '[LN-2] LINE', own);

describe('the door of LINE', () => {
  async function inHouse(
    run: (house: ContractHouse, bench: LineBench) => Promise<void>,
    options = {},
  ): Promise<void> {
    const bench = new LineBench();
    const house = await ContractHouse.open(bench, options);
    try {
      await run(house, bench);
      house.check();
    } finally {
      await house.close();
    }
  }

  it('[LN-2] is tried with what LINE’s own SDK takes for genuine, and for nothing else', async () => {
    const bench = new LineBench();
    const letter = await bench.genuine('hello');
    const signature = headerOf(letter, SIGNATURE);
    assert.ok(validateSignature(letter.body, CHANNEL_SECRET, signature));
    assert.ok(!validateSignature(letter.body, OTHER_SECRET, signature));
  });

  it('answers LINE’s question whether anybody is there', () =>
    inHouse(async (_house, bench) => {
      const answer = await post(bench.sign({ destination: BOT.userId, events: [] }));
      assert.equal(answer.status, 200);
      assert.equal(answer.body, '');
    }));

  it('[LN-2] takes each event of a call that has several, once, whichever of them came before', () =>
    inHouse(async (house, bench) => {
      const events = ['one', 'two', 'three'].map((text) => event(bench, text));
      assert.equal(
        (await post(bench.sign({ destination: BOT.userId, events: events.slice(0, 2) }))).status,
        200,
      );
      assert.equal((await post(bench.sign({ destination: BOT.userId, events }))).status, 200);
      await house.hear('three');
      assert.deepEqual(house.texts, ['one', 'two', 'three']);
    }));

  it('[LN-3] has every call on record, taken or not, with what was wrong with it', () =>
    inHouse(async (house, bench) => {
      await post(await bench.genuine('hello'));
      await house.hear('hello');
      await post(withHeader(await bench.genuine('forged'), SIGNATURE, 'x'));
      const calls = () => house.journal.ofType('webhook.request').map(({ data }) => data);
      await house.until(() => calls().length === 2, 'both calls on record');
      assert.deepEqual(
        calls().map(({ channel, method, status, outcome, reason }) => ({
          channel,
          method,
          status,
          outcome,
          reason,
        })),
        [
          { channel: 'line', method: 'POST', status: 200, outcome: 'accepted', reason: 'accepted' },
          { channel: 'line', method: 'POST', status: 401, outcome: 'refused', reason: 'signature' },
        ],
      );
      assert.ok(!JSON.stringify(calls()).includes('hello'), 'nothing of what was said');
    }));

  it('[LN-4] hears a person at their rate and not beyond, and the others all the same', () =>
    inHouse(
      async (house, bench) => {
        const [ann, bob] = bench.people;
        for (let index = 0; index < 6; index += 1)
          await bench.say({ text: `flood ${index}`, context: 'dm', from: ann });
        await bench.say({ text: 'from bob', context: 'dm', from: bob });
        await house.hear('from bob');
        assert.deepEqual(house.texts, ['flood 0', 'flood 1', 'flood 2', 'from bob']);
      },
      { limits: { knownIdentity: { burst: 3, perSecond: 0.001 } } },
    ));

  it('[LN-4] hears the account as a whole at its rate', () =>
    inHouse(
      async (house, bench) => {
        for (const from of bench.people)
          for (const text of ['one', 'two'])
            await bench.say({ text: `${text} of ${from.slice(0, 3)}`, context: 'dm', from });
        const dropped = () =>
          house.journal.records.some((record) => JSON.stringify(record).includes('rate-channel'));
        await house.until(dropped, 'the drop on record');
        assert.equal(house.texts.length, 3);
      },
      { limits: { knownChannel: { burst: 3, perSecond: 0.001 } } },
    ));
});
