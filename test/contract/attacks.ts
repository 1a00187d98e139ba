import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { ChannelBench } from './bench';
import { ContractHouse } from './house';
import { type Letter, post, type Reply, withHeader } from './letter';

/** A channel that is called, and the platform's hand to write its calls with. */
export interface CalledBench extends ChannelBench {
  /** A genuine call with a message of the first person in a DM, signed by an implementation that is not ours. */
  genuine(text: string): Promise<Letter>;
}

/** One way to get in without being the platform, or with what the platform has not said now. */
export interface Attack {
  readonly name: string;
  /** Makes the attack of a genuine call that was not sent, whose message has this text. */
  write(genuine: Letter, bench: CalledBench, text: string): Letter | Promise<Letter>;
  /** Before the attack, once the channel is online. */
  arrange?(house: ContractHouse, bench: CalledBench): void | Promise<void>;
  /** How it may be answered. A replay may be told that all is well, so that the platform does not repeat it. */
  readonly status: readonly number[];
  /** Why, in the access log. */
  readonly reason: RegExp;
  /** The genuine call is sent first, and the attack must not make it count twice. */
  readonly afterGenuine?: true;
  /** The message is genuine all the same and was heard: only the answer matters. */
  readonly heard?: true;
}

/** Headers that an answer may have: nothing about the server or the channel. */
const HARMLESS = new Set(['content-length', 'cache-control', 'connection', 'content-type', 'keep-alive']);
const MIB = 1024 * 1024;

/** What is proved is believed, and taken only once. */
export const SAME_CALL_AGAIN: Attack = {
  name: 'the same call once more',
  write: (letter) => letter,
  afterGenuine: true,
  status: [200],
  reason: /replay/,
};

/** What every door refuses, whatever its platform. */
export const COMMON_ATTACKS: readonly Attack[] = [
  {
    name: 'another method',
    write: (letter) => ({ ...letter, method: 'PUT' }),
    status: [405],
    reason: /method/,
  },
  {
    name: 'reading instead of sending',
    write: (letter) => ({ ...letter, method: 'DELETE', body: Buffer.alloc(0) }),
    status: [405],
    reason: /method/,
  },
  {
    name: 'a content type that the platform does not use',
    write: (letter) => withHeader(letter, 'Content-Type', 'text/xml'),
    status: [415],
    reason: /content type/,
  },
  {
    name: 'no content type',
    write: (letter) => withHeader(letter, 'Content-Type', undefined),
    status: [415],
    reason: /content type/,
  },
  {
    name: 'a body in chunks, of no announced length',
    write: (letter) => withHeader(letter, 'Transfer-Encoding', 'chunked'),
    status: [411],
    reason: /no length/,
  },
  {
    name: 'a length and chunks at once',
    write: (letter) =>
      withHeader(
        withHeader(letter, 'Transfer-Encoding', 'chunked'),
        'Content-Length',
        String(letter.body.length),
      ),
    status: [400, 411],
    reason: /no length|not understood/,
  },
  {
    name: 'a compressed body that would be far larger',
    write: (letter) => ({
      ...withHeader(letter, 'Content-Encoding', 'gzip'),
      body: gzipSync(Buffer.alloc(64 * MIB)),
    }),
    status: [415],
    reason: /compressed/,
  },
  {
    name: 'a body of two megabytes',
    write: (letter) => ({ ...letter, body: Buffer.concat([letter.body, Buffer.alloc(2 * MIB, 32)]) }),
    status: [413],
    reason: /too large/,
  },
  {
    name: 'headers of a hundred kilobytes',
    write: (letter) => withHeader(letter, 'X-Filler', 'x'.repeat(100_000)),
    status: [400, 431],
    reason: /header|not understood/,
  },
  {
    name: 'a header that comes twice',
    write: (letter) => ({ ...letter, headers: [...letter.headers, ['Content-Type', 'application/json']] }),
    status: [400],
    reason: /duplicated header/,
  },
  {
    name: 'the root of the server',
    write: (letter) => ({ ...letter, url: new URL('/', letter.url).href }),
    status: [404],
    reason: /no such path/,
  },
  {
    name: 'a path that is short of one character',
    write: (letter) => ({ ...letter, url: letter.url.slice(0, -1) }),
    status: [404],
    reason: /no such path/,
  },
  {
    name: 'a path with something behind it',
    write: (letter) => ({ ...letter, url: `${letter.url}/` }),
    status: [404],
    reason: /no such path/,
  },
  {
    name: 'a path with its name in other letters',
    write: (letter) => ({
      ...letter,
      url: letter.url.replace(/[a-z](?=[^/]*$)/, (c) => c.toUpperCase()),
    }),
    status: [404],
    reason: /no such path/,
  },
];

/** For platforms that sign the body: what is done to `header` and to the body. */
export function signatureAttacks(header: string): readonly Attack[] {
  const change = (
    name: string,
    value: (signature: string) => string | undefined,
    reason = /signature/,
  ): Attack => ({
    name,
    write: (letter) => withHeader(letter, header, value(signatureOf(letter, header))),
    status: [401],
    reason,
  });
  return [
    change('no signature', () => undefined),
    change('an empty signature', () => ''),
    change('a truncated signature', (signature) => signature.slice(0, -1)),
    change('a longer signature', (signature) => `${signature}0`),
    change('half of a signature', (signature) => signature.slice(0, Math.floor(signature.length / 2))),
    change('a signature with one character changed', (signature) => {
      const last = signature.replace(/=+$/, '').slice(-2, -1);
      const at = signature.lastIndexOf(last, signature.replace(/=+$/, '').length - 1);
      return `${signature.slice(0, at)}${last === '1' ? '2' : '1'}${signature.slice(at + 1)}`;
    }),
    change('a signature of the wrong length of zeros', () => '0'.repeat(64)),
    {
      name: 'a signature that comes twice',
      write: (letter) => ({
        ...letter,
        headers: [...letter.headers, [header, signatureOf(letter, header)]],
      }),
      status: [400],
      reason: /duplicated header/,
    },
    {
      name: 'a body that was changed after it was signed',
      write: (letter, _bench, text) => ({
        ...letter,
        body: Buffer.from(letter.body.toString('utf8').replace(text, `${text}!`)),
      }),
      status: [401],
      reason: /signature/,
    },
    {
      name: 'a body with a space behind it',
      write: (letter) => ({ ...letter, body: Buffer.concat([letter.body, Buffer.from(' ')]) }),
      status: [401],
      reason: /signature/,
    },
    {
      name: 'no body under the signature of one',
      write: (letter) => ({ ...letter, body: Buffer.from('{}') }),
      status: [401],
      reason: /signature/,
    },
  ];
}

function signatureOf(letter: Letter, header: string): string {
  return letter.headers.find(([name]) => name.toLowerCase() === header.toLowerCase())?.[1] ?? '';
}

/**
 * Tries each attack against the channel behind the real server: it is refused, its reason is on record, its answer
 * tells nothing, nothing of it is heard, and the next genuine call is.
 */
export function describeAttacks(make: () => CalledBench, title: string, attacks: readonly Attack[]): void {
  describe(`${title}: attacks on its door`, () => {
    it('lets a genuine call in', async () => {
      await withHouse(make, async (house, bench) => {
        const answer = await post(await bench.genuine('genuine'));
        assert.equal(answer.status, 200);
        await house.hear('genuine');
      });
    });

    for (const attack of [...attacks, ...COMMON_ATTACKS]) {
      it(`refuses ${attack.name}`, () =>
        withHouse(make, async (house, bench) => {
          await attack.arrange?.(house, bench);
          const genuine = await bench.genuine('attack');
          if (attack.afterGenuine) {
            assert.equal((await post(genuine)).status, 200);
            await house.hear('attack');
          }
          const answer = await post(await attack.write(genuine, bench, 'attack'));
          assert.ok(attack.status.includes(answer.status), `answered with ${answer.status}`);
          mustTellNothing(answer);
          await house.until(
            () => house.journal.ofType('webhook.request').some(({ data }) => attack.reason.test(data.reason)),
            `the reason ${attack.reason} on record: ${reasons(house)}`,
          );
          assert.equal((await post(await bench.genuine('afterwards'))).status, 200);
          await house.hear('afterwards');
          const heard = attack.afterGenuine ? ['attack', 'afterwards'] : ['afterwards'];
          if (!attack.heard) assert.deepEqual(house.texts, heard);
        }));
    }

    it('has at least 25 attacks of its own and in common', () => {
      assert.ok(attacks.length + COMMON_ATTACKS.length >= 25);
    });
  });
}

async function withHouse(
  make: () => CalledBench,
  run: (house: ContractHouse, bench: CalledBench) => Promise<void>,
): Promise<void> {
  const bench = make();
  const house = await ContractHouse.open(bench, { speed: 1 });
  try {
    await run(house, bench);
    house.check();
  } finally {
    await house.close();
  }
}

function mustTellNothing({ body, headers }: Reply): void {
  assert.equal(body, '', 'the answer has no body');
  for (const name of Object.keys(headers)) assert.ok(HARMLESS.has(name), `the answer has the header ${name}`);
}

function reasons(house: ContractHouse): string {
  return house.journal
    .ofType('webhook.request')
    .map(({ data }) => data.reason)
    .join(', ');
}
