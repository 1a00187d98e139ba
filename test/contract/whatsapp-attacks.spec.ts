import assert from 'node:assert/strict';
import { ACCESS_TOKEN, ACCOUNT_ID, APP_SECRET, VERIFY_TOKEN } from '../peers/whatsapp/server';
import { type Attack, describeAttacks, SAME_CALL_AGAIN, signatureAttacks } from './attacks';
import { WhatsAppBench } from './benches/whatsapp';
import { ContractHouse } from './house';
import { headerOf, type Letter, opensslHmac, post, withHeader } from './letter';

const SIGNATURE = 'X-Hub-Signature-256';
const OTHER_SECRET = 'f'.repeat(32);
const HOUR_S = 3_600;

type Json = Record<string, unknown>;

const whatsapp = (bench: unknown): WhatsAppBench => {
  assert.ok(bench instanceof WhatsAppBench);
  return bench;
};

/** Another signature over the same bytes. */
const signed = (name: string, signature: (body: Buffer, now: string) => string): Attack => ({
  name,
  write: (letter) => withHeader(letter, SIGNATURE, signature(letter.body, headerOf(letter, SIGNATURE))),
  status: [401],
  reason: /signature/,
});
const hex = (secret: string, body: Buffer, digest?: string) =>
  opensslHmac(secret, body, digest).toString('hex');

/** A call that is signed as Meta signs, with something else in it. */
const genuine = (
  name: string,
  body: (bench: WhatsAppBench, text: string) => unknown,
  status: number,
  reason: RegExp,
): Attack => ({
  name,
  write: (_letter, bench, text) => whatsapp(bench).sign(body(whatsapp(bench), text)),
  status: [status],
  reason,
});
const said = (bench: WhatsAppBench, text: string, more: Json = {}): Json => ({
  ...bench.message(bench.people[0], { type: 'text', text: { body: text } }),
  ...more,
});
const seconds = (offset: number): string => String(Math.floor(Date.now() / 1000) + offset);

/** Meta's question whether the address is ours, changed. */
const question = (
  name: string,
  change: (query: URLSearchParams) => void,
  reason: RegExp,
  status = 403,
): Attack => ({
  name,
  write: (letter) => asked(letter.url, change),
  status: [status],
  reason,
});
function asked(url: string, change: (query: URLSearchParams) => void = () => {}): Letter {
  const query = new URLSearchParams({
    'hub.mode': 'subscribe',
    'hub.challenge': '1158201444',
    'hub.verify_token': VERIFY_TOKEN,
  });
  change(query);
  return { method: 'GET', url: `${url}?${query}`, headers: [], body: Buffer.alloc(0) };
}

const own: readonly Attack[] = [
  ...signatureAttacks(SIGNATURE),
  signed('a signature with another secret', (body) => `sha256=${hex(OTHER_SECRET, body)}`),
  // To HMAC an empty key and one of a zero byte are the same.
  signed('a signature with an empty secret', (body) => `sha256=${hex('\0', body)}`),
  signed('a signature with the access token', (body) => `sha256=${hex(ACCESS_TOKEN, body)}`),
  signed('a signature with the verify token', (body) => `sha256=${hex(VERIFY_TOKEN, body)}`),
  signed('a signature by SHA-1 of the same secret', (body) => `sha1=${hex(APP_SECRET, body, 'sha1')}`),
  signed(
    'a signature by SHA-1 that calls itself SHA-256',
    (body) => `sha256=${hex(APP_SECRET, body, 'sha1')}`,
  ),
  signed('a signature by SHA-512 of the same secret', (body) => `sha512=${hex(APP_SECRET, body, 'sha512')}`),
  signed('a signature without its algorithm', (_body, now) => now.replace('sha256=', '')),
  signed('a signature of no algorithm', (_body, now) => now.replace('sha256=', 'none=')),
  signed('a signature in capitals', (_body, now) => now.replace(/[0-9a-f]+$/, (text) => text.toUpperCase())),
  signed('a signature in base64', (body) => `sha256=${opensslHmac(APP_SECRET, body).toString('base64')}`),
  {
    name: 'the old signature by SHA-1 alone',
    write: (letter) => withHeader(letter, SIGNATURE, undefined),
    status: [401],
    reason: /no signature/,
  },
  SAME_CALL_AGAIN,
  {
    name: 'the message of before in a call of its own',
    write: (letter, bench) => {
      const body = JSON.parse(letter.body.toString('utf8')) as { entry: [object] };
      return whatsapp(bench).sign({ ...body, entry: [{ ...body.entry[0], time: 1 }] });
    },
    afterGenuine: true,
    status: [200],
    reason: /replay/,
  },
  genuine(
    'a genuine call of yesterday and an hour',
    (bench, text) => bench.call([said(bench, text, { timestamp: seconds(-25 * HOUR_S) })]),
    200,
    /timestamp/,
  ),
  genuine(
    'a genuine call from an hour ahead',
    (bench, text) => bench.call([said(bench, text, { timestamp: seconds(HOUR_S) })]),
    200,
    /timestamp/,
  ),
  genuine(
    'a time in milliseconds',
    (bench, text) => bench.call([said(bench, text, { timestamp: String(Date.now()) })]),
    400,
    /not understood/,
  ),
  genuine(
    'a genuine call for another number of the app',
    (bench, text) => bench.call([said(bench, text)], 'Ann', { phone_number_id: '106540352242999' }),
    200,
    /phone number/,
  ),
  genuine(
    'a genuine call of another product of Meta',
    (bench, text) => ({ ...bench.call([said(bench, text)]), object: 'page' }),
    400,
    /not understood/,
  ),
  genuine(
    'a message in a field that is not for messages',
    (bench, text) => {
      const { entry } = bench.call([said(bench, text)]) as { entry: [{ changes: [{ value: Json }] }] };
      return bench.envelope(entry[0].changes[0].value, 'message_template_status_update');
    },
    200,
    /nothing for us/,
  ),
  genuine(
    'what is said in a group',
    (bench, text) => bench.call([said(bench, text, { group_id: 'Y2FwaV9ncm91cDox' })]),
    200,
    /group/,
  ),
  genuine(
    'a reaction that has a text',
    (bench, text) => bench.call([said(bench, text, { type: 'reaction' })]),
    200,
    /nothing for us/,
  ),
  genuine(
    'a notice of delivery that has a text',
    (bench, text) =>
      bench.envelope({
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: '1', phone_number_id: '106540352242922' },
        statuses: [{ id: bench.peer.newId(), status: 'delivered', text: { body: text } }],
      }),
    200,
    /status/,
  ),
  genuine(
    'a message without a number',
    (bench, text) => bench.call([said(bench, text, { id: undefined })]),
    400,
    /not understood/,
  ),
  genuine('what is signed and not JSON', () => '{"object":"whatsapp', 400, /not understood/),
  genuine('what is signed and a list', () => '[]', 400, /not understood/),
  question(
    'a question with another verify token',
    (query) => query.set('hub.verify_token', 'x'),
    /verify token/,
  ),
  question('a question without a verify token', (query) => query.delete('hub.verify_token'), /verify token/),
  question(
    'a question with a verify token short of one character',
    (query) => query.set('hub.verify_token', VERIFY_TOKEN.slice(0, -1)),
    /verify token/,
  ),
  question(
    'a question with the verify token twice',
    (query) => query.append('hub.verify_token', VERIFY_TOKEN),
    /verify token/,
  ),
  question(
    'a question with the app secret',
    (query) => query.set('hub.verify_token', APP_SECRET),
    /verify token/,
  ),
  question(
    'a question that asks for something else',
    (query) => query.set('hub.mode', 'unsubscribe'),
    /no question/,
  ),
  question(
    'a question whose challenge is a page',
    (query) => query.set('hub.challenge', '<script>alert(1)</script>'),
    /not understood/,
    400,
  ),
  {
    name: 'a call under the secret of before, after it was changed',
    arrange: async (house) => void house.secrets.values.set('whatsapp/appSecret', OTHER_SECRET),
    write: (letter, bench) => {
      // What comes afterwards is signed with the secret of now.
      const mine = whatsapp(bench);
      mine.genuine = async (next) => mine.sign(mine.call([said(mine, next)]), OTHER_SECRET);
      return letter;
    },
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a question with the verify token of before, after it was changed',
    arrange: async (house) => void house.secrets.values.set('whatsapp/verifyToken', 'y'.repeat(24)),
    write: (letter) => asked(letter.url),
    status: [403],
    reason: /verify token/,
  },
];

describeAttacks(() => new WhatsAppBench(), '[WA-3] WhatsApp', own);

describe('the door of WhatsApp', () => {
  async function inHouse(run: (house: ContractHouse, bench: WhatsAppBench) => Promise<void>): Promise<void> {
    const bench = new WhatsAppBench();
    const house = await ContractHouse.open(bench);
    try {
      await run(house, bench);
      house.check();
    } finally {
      await house.close();
    }
  }

  it('answers Meta’s question whether the address is ours, when it shows the verify token', () =>
    inHouse(async (_house, bench) => {
      const answer = await post(asked(bench.address));
      assert.equal(answer.status, 200);
      assert.equal(answer.body, '1158201444');
      assert.equal(answer.headers['content-type'], 'text/plain');
    }));

  it('takes each message of a call that has several, once, whichever of them came before', () =>
    inHouse(async (house, bench) => {
      const messages = ['one', 'two', 'three'].map((text) => said(bench, text));
      assert.equal((await post(bench.sign(bench.call(messages.slice(0, 2))))).status, 200);
      assert.equal((await post(bench.sign(bench.call(messages)))).status, 200);
      await house.hear('three');
      assert.deepEqual(house.texts, ['one', 'two', 'three']);
    }));

  it('puts on record why a message was not delivered in the end', () =>
    inHouse(async (house, bench) => {
      const status = {
        id: bench.peer.newId(),
        status: 'failed',
        recipient_id: bench.people[0],
        errors: [{ code: 131047, title: 'Re-engagement message' }],
      };
      const metadata = { display_phone_number: '1', phone_number_id: '106540352242922' };
      const letter = bench.sign(bench.envelope({ metadata, statuses: [status] }));
      assert.equal((await post(letter)).status, 200);
      const records = JSON.stringify(house.journal.records);
      assert.match(records, /delivery-failed/);
      assert.match(records, /more than 24 hours ago/);
      assert.ok(!records.includes(ACCOUNT_ID));
    }));
});
