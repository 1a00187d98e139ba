import assert from 'node:assert/strict';
import { watchedContext } from '../unit/channels/support';
import { type Attack, describeAttacks } from './attacks';
import { TelegramBench } from './benches/telegram';
import { TelegramWebhookBench } from './benches/telegram-webhook';
import { ContractHouse } from './house';
import { headerOf, withHeader } from './letter';

const TOKEN = 'X-Telegram-Bot-Api-Secret-Token';

const telegram = (bench: unknown): TelegramWebhookBench => {
  assert.ok(bench instanceof TelegramWebhookBench);
  return bench;
};

const other = (
  name: string,
  change: (token: string) => string | undefined,
  reason = /secret token/,
): Attack => ({
  name,
  write: (letter) => withHeader(letter, TOKEN, change(headerOf(letter, TOKEN))),
  status: [401],
  reason,
});

const own: readonly Attack[] = [
  other('a call without the secret', () => undefined, /no secret token/),
  other('an empty secret', () => ''),
  other('a secret that is short of one character', (token) => token.slice(0, -1)),
  other('a secret with one character more', (token) => `${token}A`),
  other(
    'a secret with a character changed',
    (token) => `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`,
  ),
  other('the first half of the secret', (token) => token.slice(0, 20)),
  other('a secret in other letters', (token) =>
    token === token.toLowerCase() ? token.toUpperCase() : token.toLowerCase(),
  ),
  other('the secret twice in one header', (token) => `${token}, ${token}`),
  other('the bot’s token for the secret', () => '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX'),
  {
    name: 'the secret in two headers',
    write: (letter) => ({ ...letter, headers: [...letter.headers, [TOKEN, headerOf(letter, TOKEN)]] }),
    status: [400],
    reason: /duplicated header/,
  },
  {
    name: 'the secret in the address and not in the header',
    write: (letter) => ({
      ...withHeader(letter, TOKEN, undefined),
      url: `${letter.url}?secret_token=${headerOf(letter, TOKEN)}`,
    }),
    status: [401],
    reason: /no secret token/,
  },
  {
    name: 'the same update once more',
    write: (letter) => letter,
    afterGenuine: true,
    status: [200],
    reason: /replay/,
  },
  {
    name: 'the message of before in an update of its own',
    write: (letter, bench) => {
      const update = JSON.parse(letter.body.toString('utf8')) as { update_id: number };
      return telegram(bench).letter({ ...update, update_id: update.update_id + 5_000 });
    },
    afterGenuine: true,
    status: [200],
    reason: /accepted/,
  },
  {
    name: 'what is not JSON under the right secret',
    write: (_letter, bench) => telegram(bench).letter('{"update_id":1,"mess'),
    status: [400],
    reason: /not understood/,
  },
  {
    name: 'an update without a number',
    write: (letter, bench) => {
      const { message } = JSON.parse(letter.body.toString('utf8')) as { message: unknown };
      return telegram(bench).letter({ message });
    },
    status: [400],
    reason: /not understood/,
  },
  {
    name: 'the secret of the connection before',
    arrange: async (house, bench) => {
      const { secret } = telegram(bench).peer.caller;
      await house.manager.reconnect('telegram');
      await house.until(() => house.view.state === 'online', 'the channel to be online');
      assert.notEqual(telegram(bench).peer.caller.secret, secret, 'a new secret for each connection');
      old.secret = secret;
    },
    write: (letter) => withHeader(letter, TOKEN, old.secret),
    status: [401],
    reason: /secret token/,
  },
];

/** What the attack of the old secret has seen before. */
const old = { secret: '' };

describeAttacks(() => new TelegramWebhookBench(), '[TG-1] Telegram', own);

/** One Bot API server, whichever way the bot is set to hear. */
class Switching extends TelegramBench {
  mode = 'webhook';
  override settings(): Record<string, unknown> {
    return { ...super.settings(), mode: this.mode };
  }
}

describe('the webhook of Telegram', () => {
  it('is taken back when the mode is polling again, and what waited is heard', async () => {
    const bench = new Switching();
    const house = await ContractHouse.open(bench);
    try {
      await house.tell('by webhook', 'dm');
      assert.equal(bench.peer.webhook, true);
      await house.manager.disable('telegram', 'test');
      assert.equal(bench.peer.webhook, true, 'Telegram keeps what is said while the window is closed');
      await bench.say({ text: 'said meanwhile', context: 'dm' });
      bench.mode = 'polling';
      await house.connect();
      await house.hear('said meanwhile');
      assert.equal(bench.peer.webhook, false);
      assert.equal(bench.peer.calls.filter(({ method }) => method === 'deleteWebhook').length, 1);
      house.check();
    } finally {
      await house.close();
    }
  });

  it('of somebody else is left alone', async () => {
    const bench = new Switching();
    bench.mode = 'polling';
    bench.peer.webhook = true;
    const house = await ContractHouse.open(bench);
    try {
      await house.until(() => house.view.state === 'fatal', 'the refusal');
      assert.match(house.view.detail, /webhook set, so its messages go elsewhere/);
      assert.ok(bench.peer.calls.every(({ method }) => method !== 'deleteWebhook'));
    } finally {
      await house.close();
    }
  });

  it('is not set to an address that Telegram could not call', async () => {
    const bench = new Switching();
    const house = await ContractHouse.open(bench);
    try {
      const { createAdapter } = bench;
      const calls = bench.peer.calls.length;
      // As at Telegram itself, whose address is https.
      const watched = watchedContext(bench.descriptor, bench.settings(), bench.secrets());
      const context = {
        ...watched.context,
        webhook: async () => ({ url: 'http://127.0.0.1:1/x', isPublic: false, close: async () => {} }),
        settings: { ...bench.settings(), apiRoot: 'https://api.telegram.org' },
        fetch: (input: string | URL | Request, init?: RequestInit) =>
          fetch(String(input).replace('https://api.telegram.org', bench.peer.root), init),
      };
      await assert.rejects(
        createAdapter(context).connect(),
        /calls only public addresses.*cowork\.webhook\.publicUrl/,
      );
      assert.ok(bench.peer.calls.slice(calls).every(({ method }) => method !== 'setWebhook'));
    } finally {
      await house.close();
    }
  });
});
