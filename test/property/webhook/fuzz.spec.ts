import assert from 'node:assert/strict';
import { connect } from 'node:net';
import fc from 'fast-check';
import { Bench, JSON_POST, post, sign, signedHandler } from '../../unit/webhook/support';

const FULL = process.env.COWORK_FULL === '1';
const RUNS = FULL ? 100_000 : 3_000;
/** Connections at the same time. */
const ABREAST = 50;

describe('the webhook server under random bytes', () => {
  it(`survives ${RUNS} requests of noise and of mangled genuine ones`, async function () {
    this.timeout(FULL ? 600_000 : 60_000);
    const bench = new Bench();
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown) => rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    const taken: string[] = [];
    const seed = Number(process.env.COWORK_SEED ?? Date.now() % 1_000_000);
    try {
      const { url } = await bench
        .server({ headersWithin: 2_000, requestWithin: 3_000 })
        .open('line', JSON_POST, signedHandler(taken));
      const { pathname, port } = new URL(url);
      const body = '{"genuine":true}';
      const genuine = `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Signature: ${sign(body)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      const inputs = fc.sample(mangled(genuine), { numRuns: RUNS, seed });
      for (let at = 0; at < inputs.length; at += ABREAST) {
        await Promise.all(inputs.slice(at, at + ABREAST).map((bytes) => throwAt(Number(port), bytes)));
      }
      assert.equal((await post(url, '{"after":"all"}')).status, 200, `seed ${seed}`);
      assert.deepEqual(rejections, [], `seed ${seed}`);
      // Whatever was mangled, nothing but what is signed as it stands is taken.
      assert.ok(
        taken.every((text) => text === body || text === '{"after":"all"}'),
        `seed ${seed}`,
      );
    } finally {
      process.off('unhandledRejection', onRejection);
      await bench.close();
    }
    console.log(`    seed ${seed}`);
  });
});

/** Noise, and a genuine request with bytes changed, cut out, doubled or put in. */
function mangled(genuine: string): fc.Arbitrary<Buffer> {
  const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
  const change = fc.tuple(fc.nat(genuine.length - 1), fc.nat(20), fc.uint8Array({ maxLength: 12 }));
  const changed = fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) =>
      changes.reduce(
        (bytes, [at, length, put]) =>
          Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + length)]),
        Buffer.from(genuine, 'latin1'),
      ),
    );
  const line = fc.constantFrom(
    'Content-Length: 99999999999',
    'Content-Length: -1',
    'Transfer-Encoding: gzip, chunked',
    'Expect: 100-continue',
    'Upgrade: websocket\r\nConnection: upgrade',
    `X: ${'a'.repeat(20_000)}`,
    'Host: a\r\nHost: b',
    ' folded: yes',
    'a\0b: c',
  );
  const added = line.map((text) => Buffer.from(genuine.replace('\r\n', `\r\n${text}\r\n`), 'latin1'));
  return fc.oneof(noise, changed, added);
}

/** Resolves when the server has closed the connection, or has had its time. */
function throwAt(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('close', () => resolve());
  });
}
