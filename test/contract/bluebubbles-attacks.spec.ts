import assert from 'node:assert/strict';
import type { BubbleMessage } from '../peers/bluebubbles/server';
import { type Attack, describeAttacks, SAME_CALL_AGAIN } from './attacks';
import { BlueBubblesBench, dm } from './benches/bluebubbles';
import { ContractHouse } from './house';
import { post } from './letter';

const bubbles = (bench: unknown): BlueBubblesBench => {
  assert.ok(bench instanceof BlueBubblesBench);
  return bench;
};

/** A call that somebody makes who has found the path: nothing of it is signed. */
const call = (
  name: string,
  data: (bench: BlueBubblesBench, text: string) => unknown,
  status: number,
  reason: RegExp,
  type = 'new-message',
): Attack => ({
  name,
  write: (_letter, bench, text) => bubbles(bench).call(data(bubbles(bench), text), type),
  status: [status],
  reason,
});
/** A message that the server has, of a kind that is not taken. */
const has = (
  name: string,
  more: Partial<BubbleMessage>,
  reason: RegExp,
  chat = (bench: BlueBubblesBench) => dm(bench.people[0]),
): Attack =>
  call(
    name,
    (bench, text) => bench.peer.whisper(chat(bench), bench.people[0], { text, ...more }),
    200,
    reason,
  );
const guid = (value: unknown) => () => ({ guid: value, text: 'attack', isFromMe: false });

/** The address of the connection before. */
const old = { url: '' };

const own: readonly Attack[] = [
  call(
    'a message that the server does not have',
    (bench, text) => ({
      guid: '11111111-2222-3333-4444-555555555555',
      text,
      isFromMe: false,
      dateCreated: Date.now(),
      handle: { address: bench.people[0], service: 'iMessage' },
      chats: [{ guid: dm(bench.people[0]) }],
    }),
    404,
    /no such message/,
  ),
  call('a message without a number', guid(undefined), 400, /not understood/),
  call('a number that is a list', guid(['a'.repeat(10)]), 400, /not understood/),
  call('a number that leads elsewhere', guid('../../../server/info'), 400, /not understood/),
  call('a number with a question behind it', guid('AAAAAAAA?password=x'), 400, /not understood/),
  call('a number of a thousand letters', guid('A'.repeat(1_000)), 400, /not understood/),
  call('a number that is escaped', guid('AAAAAAAA%2f..%2fserver'), 400, /not understood/),
  call(
    'an edited message in a notice of edits',
    (bench, text) => bench.peer.whisper(dm(bench.people[0]), bench.people[0], { text }),
    200,
    /nothing for us/,
    'updated-message',
  ),
  has('what the account itself said', { isFromMe: true }, /nothing for us/),
  has('a tapback', { associatedMessageGuid: 'p:0/AAAAAAAA' }, /nothing for us/),
  has('a notice of the group', { itemType: 1 }, /nothing for us/),
  has('what was said two days ago', { dateCreated: Date.now() - 48 * 3_600_000 }, /timestamp/),
  has('an SMS', { handle: { address: '+16505551234', service: 'SMS' } }, /not iMessage/),
  has(
    'an SMS in a chat of iMessage',
    { handle: { address: '+16505551234', service: 'RCS' } },
    /not iMessage/,
  ),
  has('an iMessage in a chat of SMS', {}, /not iMessage/, (bench) => `SMS;-;${bench.people[0]}`),
  has('a message of nobody', { handle: null }, /not iMessage/),
  has('an empty sender', { handle: { address: '', service: 'iMessage' } }, /no sender/),
  has('a sender without a country', { handle: { address: '6505551234', service: 'iMessage' } }, /no sender/),
  has('a message in no chat', { chats: [] }, /not iMessage|no conversation/),
  has(
    'a call in a group that is not listed',
    { text: '@agent attack' },
    /group not listed/,
    () => 'iMessage;+;chat666',
  ),
  SAME_CALL_AGAIN,
  {
    name: 'the answer about another message than was asked for',
    write: (_letter, bench, text) => {
      const { peer, people } = bubbles(bench);
      peer.confuses = peer.whisper(dm(people[0]), people[0], { text });
      const { genuine } = bubbles(bench);
      bubbles(bench).genuine = async (next) => {
        peer.confuses = undefined;
        return genuine.call(bench, next);
      };
      return bubbles(bench).call({ guid: 'BBBBBBBB-2222-3333-4444-555555555555' });
    },
    status: [404],
    reason: /no such message/,
  },
  {
    name: 'what is not JSON',
    write: (_letter, bench) => bubbles(bench).letter('{"type":"new-mess'),
    status: [400],
    reason: /not understood/,
  },
  {
    name: 'the path of before, after it was renewed',
    arrange: async (house, bench) => {
      old.url = bubbles(bench).call({}).url;
      house.secrets.values.delete('bluebubbles/webhook-path');
      await house.manager.reconnect('bluebubbles');
      await house.until(() => house.view.state === 'online', 'the channel to be online');
      assert.notEqual(new URL(bubbles(bench).call({}).url).pathname, new URL(old.url).pathname);
    },
    write: (letter) => ({
      ...letter,
      url: new URL(new URL(old.url).pathname, letter.url).href,
    }),
    status: [404],
    reason: /no such path/,
  },
];

describeAttacks(() => new BlueBubblesBench(), 'BlueBubbles', own);

describe('the door of BlueBubbles', () => {
  async function inHouse(
    run: (house: ContractHouse, bench: BlueBubblesBench) => Promise<void>,
    options = {},
  ): Promise<void> {
    const bench = new BlueBubblesBench();
    const house = await ContractHouse.open(bench, { speed: 1, ...options });
    try {
      await run(house, bench);
      house.check();
    } finally {
      await house.close();
    }
  }

  it('believes the server, whatever a call says of a message', () =>
    inHouse(async (house, bench) => {
      const said = bench.peer.say(dm(bench.people[1]), bench.people[1], { text: 'what bob said' });
      const forged = {
        ...said,
        text: '/run rm -rf .',
        handle: { address: bench.people[0], service: 'iMessage' },
        chats: [{ guid: dm(bench.people[0]) }],
      };
      assert.equal((await post(bench.call(forged))).status, 200);
      const heard = await house.hear('what bob said');
      assert.equal(heard.sender.id, bench.people[1]);
      assert.equal(heard.conversation, dm(bench.people[1]));
    }));

  it('[BB-3] hears nobody who is not paired, and tells them how once', () =>
    inHouse(
      async (house, bench) => {
        for (const text of ['hello', 'rm -rf /']) await bench.say({ text, context: 'dm' });
        await house.until(() => house.journal.ofType('message.refused').length === 2, 'two refusals');
        await house.until(() => bench.seen('dm').length === 1, 'one answer');
        assert.deepEqual(house.texts, []);
        assert.match(bench.seen('dm')[0]?.text ?? '', /code/);
      },
      { strangers: true },
    ));

  it('takes its webhook back when it is switched off, and leaves others alone', () =>
    inHouse(async (house, bench) => {
      bench.peer.webhooks.push({ id: 99, url: 'http://other.example/x', events: ['*'] });
      assert.equal(bench.peer.webhooks.length, 2);
      await house.manager.disable('bluebubbles', 'test');
      assert.deepEqual(
        bench.peer.webhooks.map(({ id }) => id),
        [99],
      );
    }));
});
