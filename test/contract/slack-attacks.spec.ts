import assert from 'node:assert/strict';
import { type Attack, describeAttacks, SAME_CALL_AGAIN, signatureAttacks } from './attacks';
import { SIGNING_SECRET, SlackHttpBench } from './benches/slack-http';
import { ContractHouse } from './house';
import { headerOf, opensslHmac, post, withHeader } from './letter';

const SIGNATURE = 'X-Slack-Signature';
const STAMP = 'X-Slack-Request-Timestamp';
const OTHER_SECRET = 'f'.repeat(32);

const slack = (bench: unknown): SlackHttpBench => {
  assert.ok(bench instanceof SlackHttpBench);
  return bench;
};
const seconds = (offset: number): string => String(Math.floor(Date.now() / 1000) + offset);
const event = (text: string) => ({
  type: 'message',
  channel: 'D0001',
  channel_type: 'im',
  user: 'U0001',
  text,
  ts: '1700009999.000100',
  team: 'T0001',
});

/** A genuine message, signed at another time or with another secret. */
const signed = (name: string, stamp: () => string, reason: RegExp, secret = SIGNING_SECRET): Attack => ({
  name,
  write: (_letter, bench, text) =>
    slack(bench).sign('events_api', slack(bench).envelope(event(text)), 0, stamp(), secret),
  status: [401],
  reason,
});

const own: readonly Attack[] = [
  ...signatureAttacks(SIGNATURE),
  signed('a call of five minutes and ten seconds ago', () => seconds(-310), /timestamp/),
  signed('a call from five minutes and ten seconds ahead', () => seconds(310), /timestamp/),
  signed('a call of the year 1970', () => '0', /timestamp/),
  signed('a call without a time', () => '', /timestamp|no signature/),
  signed('a time in milliseconds', () => String(Date.now()), /timestamp/),
  signed('a time that is no number', () => 'now', /timestamp/),
  signed('a time in hexadecimal', () => `0x${Math.floor(Date.now() / 1000).toString(16)}`, /timestamp/),
  signed('a signature with another secret', () => seconds(0), /signature/, OTHER_SECRET),
  // To HMAC an empty key and one of a zero byte are the same.
  signed('a signature with an empty secret', () => seconds(0), /signature/, '\0'),
  {
    name: 'a time that was moved after the signing',
    write: (letter) => withHeader(letter, STAMP, seconds(1)),
    status: [401],
    reason: /signature/,
  },
  {
    name: 'no time at all',
    write: (letter) => withHeader(letter, STAMP, undefined),
    status: [401],
    reason: /no signature/,
  },
  {
    name: 'a signature of a version that there is not',
    write: (letter) => withHeader(letter, SIGNATURE, headerOf(letter, SIGNATURE).replace('v0=', 'v1=')),
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a signature without its version',
    write: (letter) => withHeader(letter, SIGNATURE, headerOf(letter, SIGNATURE).replace('v0=', '')),
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a signature in capitals',
    write: (letter) => withHeader(letter, SIGNATURE, headerOf(letter, SIGNATURE).toUpperCase()),
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a signature by SHA-1 of the same secret',
    write: (letter) => {
      const data = Buffer.concat([Buffer.from(`v0:${headerOf(letter, STAMP)}:`), letter.body]);
      return withHeader(letter, SIGNATURE, `v0=${opensslHmac(SIGNING_SECRET, data, 'sha1').toString('hex')}`);
    },
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a signature of the body alone',
    write: (letter) =>
      withHeader(letter, SIGNATURE, `v0=${opensslHmac(SIGNING_SECRET, letter.body).toString('hex')}`),
    status: [401],
    reason: /signature/,
  },
  {
    name: 'the verification token of old in place of a signature',
    write: (letter) => withHeader(letter, SIGNATURE, 'deprecated'),
    status: [401],
    reason: /signature/,
  },
  SAME_CALL_AGAIN,
  {
    name: 'the event of before in an envelope of its own',
    write: (letter, bench) => {
      const { event: same } = JSON.parse(letter.body.toString('utf8')) as { event: Record<string, unknown> };
      return slack(bench).sign('events_api', slack(bench).envelope(same), 1);
    },
    afterGenuine: true,
    status: [200],
    reason: /accepted/,
  },
  {
    name: 'a genuine call of another workspace',
    write: (_letter, bench, text) =>
      slack(bench).sign(
        'events_api',
        slack(bench).envelope({ ...event(text), team: 'T0666' }, { team_id: 'T0666' }),
      ),
    status: [200],
    reason: /workspace not allowed/,
  },
  {
    name: 'a message of another company in a channel that is shared',
    write: (_letter, bench, text) =>
      slack(bench).sign(
        'events_api',
        slack(bench).envelope({ ...event(text), team: 'T0666' }, { is_ext_shared_channel: true }),
      ),
    status: [200],
    reason: /workspace not allowed/,
  },
  {
    name: 'a question for the challenge that nobody signed',
    write: (letter) => ({
      ...withHeader(letter, SIGNATURE, `v0=${'0'.repeat(64)}`),
      body: Buffer.from('{"type":"url_verification","challenge":"tell me"}'),
    }),
    status: [401],
    reason: /signature/,
  },
  {
    name: 'what is signed and not JSON',
    write: (_letter, bench) => slack(bench).sign('events_api', '{"type":"event_callback","ev'),
    status: [400],
    reason: /not understood/,
  },
  {
    name: 'what is signed and not an object',
    write: (_letter, bench) => slack(bench).sign('events_api', '"attack"'),
    status: [400],
    reason: /not understood/,
  },
  {
    name: 'a call under the secret of before, after it was changed',
    arrange: async (house) => void house.secrets.values.set('slack/signingSecret', OTHER_SECRET),
    write: async (letter, bench, text) => {
      // What comes afterwards is signed with the secret of now.
      const { sign } = slack(bench);
      slack(bench).genuine = async (next) =>
        sign.call(
          bench,
          'events_api',
          slack(bench).envelope({ ...event(next), ts: slack(bench).peer.newTs() }),
          0,
          seconds(0),
          OTHER_SECRET,
        );
      assert.ok(letter.body.includes(text));
      return letter;
    },
    status: [401],
    reason: /signature/,
  },
];

describeAttacks(() => new SlackHttpBench(), '[SL-1] Slack', own);

describe('[SL-1] the door of Slack', () => {
  it('answers Slack’s question whether the address is ours, when it is signed', async () => {
    const bench = new SlackHttpBench();
    const house = await ContractHouse.open(bench);
    try {
      const question = {
        token: 'x',
        type: 'url_verification',
        challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
      };
      const answer = await post(bench.sign('events_api', question));
      assert.equal(answer.status, 200);
      assert.equal(answer.body, question.challenge);
      assert.equal(answer.headers['content-type'], 'text/plain');
    } finally {
      await house.close();
    }
  });

  it('takes the time of a call up to five minutes either way', async () => {
    const bench = new SlackHttpBench();
    const house = await ContractHouse.open(bench);
    try {
      for (const [text, offset] of [
        ['late', -290],
        ['early', 290],
      ] as const) {
        const body = bench.envelope({ ...event(text), ts: bench.peer.newTs() });
        assert.equal((await post(bench.sign('events_api', body, 0, seconds(offset)))).status, 200);
        await house.hear(text);
      }
    } finally {
      await house.close();
    }
  });

  it('does not open without a signing secret', async () => {
    const bench = new SlackHttpBench();
    const house = await ContractHouse.open(bench);
    try {
      house.secrets.values.delete('slack/signingSecret');
      await house.manager.reconnect('slack');
      assert.equal(house.view.state, 'unconfigured');
      assert.match(house.view.detail, /needs its signing secret/);
    } finally {
      await house.close();
    }
  });
});
