import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { WebhookAnswer } from '../../../src/channels/webhook-contract';
import { until } from '../channels/support';
import { Bench, JSON_POST, post, raw, sign, signedHandler } from './support';

const EMPTY = { status: 200, reason: 'accepted' } satisfies WebhookAnswer;

describe('the webhook server', () => {
  let bench: Bench;
  let taken: string[];

  beforeEach(() => {
    bench = new Bench();
    taken = [];
  });
  afterEach(() => bench.close());

  const open = (limits = {}) => bench.server(limits).open('line', JSON_POST, signedHandler(taken));
  const request = (url: string, head: string, body = '') => {
    const { pathname } = new URL(url);
    return raw(url, `POST ${pathname} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}\r\n\r\n${body}`);
  };

  it('listens on this machine alone, and only while a channel has a door', async () => {
    const server = bench.server();
    const one = await server.open('line', JSON_POST, signedHandler(taken));
    const two = await server.open('teams', JSON_POST, signedHandler(taken));
    assert.equal(new URL(one.url).hostname, '127.0.0.1');
    assert.equal(new URL(one.url).port, new URL(two.url).port, 'one server for all');
    assert.notEqual(new URL(one.url).pathname, new URL(two.url).pathname);
    assert.equal((await post(one.url, '{"a":1}')).status, 200);
    await one.close();
    assert.equal((await post(one.url, '{"a":2}')).status, 404);
    assert.equal((await post(two.url, '{"a":3}')).status, 200);
    await two.close();
    await assert.rejects(post(two.url, '{"a":4}'), /fetch failed/);
  });

  it('keeps the path of a channel across restarts, and gives a new one when asked', async () => {
    const first = await open();
    await bench.close();
    const server = bench.server();
    const second = await server.open('line', JSON_POST, signedHandler(taken));
    assert.equal(new URL(first.url).pathname, new URL(second.url).pathname);
    assert.ok(new URL(second.url).pathname.length > 40, 'not to be guessed');
    await server.renewPath('line');
    assert.equal((await post(second.url, '{}')).status, 404);
    const now = await server.addressOf('line');
    assert.equal((await post(now?.url ?? '', '{}')).status, 200);
  });

  it('names the public address: the owner’s own, else the forwarded one, else none', async () => {
    bench.settings = { port: 0, publicUrl: 'https://own.example/hooks/', sourceHeader: '' };
    const own = await open();
    assert.match(own.url, /^https:\/\/own\.example\/hooks\/[\w-]{43}$/);
    assert.equal(own.isPublic, true);
    await own.close();
    bench.settings = { port: 0, publicUrl: '', sourceHeader: '' };
    bench.forwarded = 'https://abc-1234.tunnels.example/';
    const forwarded = await open();
    assert.match(forwarded.url, /^https:\/\/abc-1234\.tunnels\.example\/[\w-]{43}$/);
    await forwarded.close();
    bench.forwarded = undefined;
    assert.equal((await open()).isPublic, false);
  });

  it('tells whether the public address leads here', async () => {
    const server = bench.server();
    const local = await server.open('line', JSON_POST, signedHandler(taken));
    const { origin } = new URL(local.url);
    const check = (answer: (path: string) => Promise<Response>) =>
      server.checkReach('line', ({ pathname }) => answer(pathname));
    assert.deepEqual(await check(assert.fail), { kind: 'local' });
    bench.settings = { port: 0, publicUrl: 'https://own.example', sourceHeader: '' };
    const host = 'own.example';
    assert.deepEqual(await check((path) => fetch(`${origin}${path}`)), { kind: 'reached', host });
    assert.deepEqual(await check(async () => new Response('another site')), {
      kind: 'elsewhere',
      host,
      status: 200,
    });
    assert.deepEqual(await check(() => fetch('http://127.0.0.1:1')), {
      kind: 'unreachable',
      host,
      why: 'fetch failed',
    });
    // The page stands only while it is asked for.
    let seen = '';
    await check(async (path) => {
      seen = path;
      return new Response('');
    });
    assert.equal((await fetch(`${origin}${seen}`)).status, 404);
  });

  it('says which port is taken and how to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    bench.settings = { port, publicUrl: '', sourceHeader: '' };
    await assert.rejects(open(), new RegExp(`port ${port} .* in use .*cowork\\.webhook\\.port`));
    other.close();
    bench.settings = { port: 0, publicUrl: '', sourceHeader: '' };
    assert.equal((await post((await open()).url, '{}')).status, 200, 'works once it is mended');
  });

  it('[LN-3] [MT-4] puts every request on the record, accepted or refused, with the reason', async () => {
    const { url } = await open();
    await post(url, '{"n":1}');
    await post(url, '{"n":2}', { 'x-signature': 'wrong' });
    await post(url, '{"n":3}', { 'x-signature': 'wrong' });
    await fetch(url);
    await post(new URL('/guess', url).href, '{}');
    await bench.close();
    assert.deepEqual(bench.refused(), { signature: 2, method: 1, 'no such path': 1 });
    const accepted = bench.journal
      .ofType('webhook.request')
      .filter(({ data }) => data.outcome === 'accepted');
    assert.deepEqual(
      accepted.map(({ data }) => [data.channel, data.status, data.reason, data.replayKeys?.length]),
      [['line', 200, 'accepted', 1]],
    );
    assert.deepEqual(taken, ['{"n":1}']);
  });

  it('answers a refusal with a status and nothing else', async () => {
    const { url } = await open();
    for (const response of [
      await post(url, '{}', { 'x-signature': 'wrong' }),
      await post(new URL('/guess', url).href, '{}'),
      await fetch(url),
    ]) {
      assert.equal(await response.text(), '');
      assert.deepEqual(
        [...response.headers.keys()].sort().filter((name) => name !== 'keep-alive'),
        ['cache-control', 'connection', 'content-length'],
      );
    }
  });

  const heads: [string, (url: string) => Promise<string>, number, string][] = [
    [
      'a body without a length',
      (url) => request(url, 'Content-Type: application/json', '{}'),
      411,
      'no length',
    ],
    [
      'a chunked body',
      (url) =>
        request(url, 'Content-Type: application/json\r\nTransfer-Encoding: chunked', '2\r\n{}\r\n0\r\n\r\n'),
      411,
      'no length',
    ],
    [
      'two lengths of a body',
      (url) =>
        request(
          url,
          'Content-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked',
          '{}',
        ),
      400,
      'not understood',
    ],
    [
      'a body that is announced as too large',
      (url) => request(url, 'Content-Type: application/json\r\nContent-Length: 1048577'),
      413,
      'body too large',
    ],
    [
      'a compressed body',
      (url) => {
        const bomb = gzipSync(Buffer.alloc(10_000_000)).toString('latin1');
        return request(
          url,
          `Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}`,
          bomb,
        );
      },
      415,
      'compressed body',
    ],
    [
      'another content type',
      (url) => request(url, 'Content-Type: text/plain\r\nContent-Length: 2', '{}'),
      415,
      'content type',
    ],
    [
      'a header that comes twice',
      (url) =>
        request(
          url,
          `Content-Type: application/json\r\nX-Signature: a\r\nx-signature: ${sign('{}')}\r\nContent-Length: 2`,
          '{}',
        ),
      400,
      'duplicated header',
    ],
    [
      'too many headers',
      (url) =>
        request(
          url,
          `Content-Type: application/json\r\nContent-Length: 2\r\n${Array.from({ length: 70 }, (_, n) => `X-${n}: 1`).join('\r\n')}`,
          '{}',
        ),
      431,
      'too many headers',
    ],
  ];
  for (const [what, act, status, reason] of heads) {
    it(`refuses ${what}`, async () => {
      const { url } = await open();
      assert.match(await act(url), new RegExp(`^HTTP/1\\.1 ${status} `));
      await bench.close();
      assert.deepEqual(bench.refused(), { [reason]: 1 });
      assert.deepEqual(taken, []);
    });
  }

  it('takes a replay for what it is, also after a restart, and never runs it twice', async () => {
    const first = await open();
    assert.equal((await post(first.url, '{"run":"once"}')).status, 200);
    assert.equal((await post(first.url, '{"run":"once"}')).status, 200);
    await bench.close();
    const second = await open();
    assert.equal((await post(second.url, '{"run":"once"}')).status, 200);
    assert.deepEqual(taken, ['{"run":"once"}']);
  });

  it('lets a request come again whose first try failed, and answers 500 until then', async () => {
    let fail = true;
    const { url } = await bench.server().open('line', JSON_POST, async (asked) => {
      assert.ok(asked.firstTime('event-1', 60_000), 'the failed try does not count');
      if (fail) throw new Error('the journal cannot be written');
      return EMPTY;
    });
    assert.equal((await post(url, '{}')).status, 500);
    fail = false;
    assert.equal((await post(url, '{}')).status, 200);
    assert.match(bench.logged.join('\n'), /journal cannot be written/);
  });

  it('does not acknowledge what it cannot record', async () => {
    const { url } = await open();
    bench.journal.append = () => Promise.reject(new Error('disk full'));
    assert.equal((await post(url, '{"n":1}')).status, 500);
    assert.equal((await post(url, '{"n":1}')).status, 500, 'and it may come again');
  });

  it('takes two deliveries of one event at the same time for one', async () => {
    let running = 0;
    let most = 0;
    const { url } = await bench.server().open('line', JSON_POST, async ({ firstTime }) => {
      if (!firstTime('same', 60_000)) return { status: 200, reason: 'replay' };
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running -= 1;
      return EMPTY;
    });
    await Promise.all(Array.from({ length: 10 }, () => post(url, '{}')));
    assert.equal(most, 1);
    const reasons = bench.journal.ofType('webhook.request').map(({ data }) => data.reason);
    assert.equal(reasons.filter((reason) => reason === 'accepted').length, 1);
  });

  it('answers before the platform gives up, and works afterwards', async () => {
    let done = false;
    const { url } = await bench.server().open('line', JSON_POST, async () => ({
      ...EMPTY,
      after: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        done = true;
      },
    }));
    assert.equal((await post(url, '{}')).status, 200);
    assert.equal(done, false);
    await until(() => done, 'the work after the answer');
    const slow = await bench
      .server({ answerWithin: 30 })
      .open('teams', JSON_POST, () => new Promise(() => undefined));
    assert.equal(
      (await post(slow.url, '{}')).status,
      503,
      'a channel that is busy lets the platform try again',
    );
  });

  it('lets go of connections that send nothing or too slowly, and serves the others meanwhile', async () => {
    const { url } = await open({ headersWithin: 1_000, requestWithin: 1_500, connections: 300 });
    const slow = Array.from({ length: 200 }, () => raw(url, 'POST /x HTTP/1.1\r\nHost: x\r\nX-Slow: ', true));
    for (let n = 0; n < 20; n += 1) assert.equal((await post(url, `{"n":${n}}`)).status, 200);
    const answers = await Promise.all(slow);
    assert.ok(
      answers.every((answer) => answer === '' || /^HTTP\/1\.1 40[08]/.test(answer)),
      answers[0],
    );
    assert.equal(taken.length, 20);
  });

  it('[LN-4] slows a source down that is refused again and again, when a proxy names it', async () => {
    bench.settings = { port: 0, publicUrl: '', sourceHeader: 'X-Forwarded-For' };
    const { url } = await open({ refusals: { burst: 3, perSecond: 0.001 } });
    const from = (source: string, body: string, signature = sign(body)) =>
      post(url, body, { 'x-forwarded-for': source, 'x-signature': signature }).then(({ status }) => status);
    for (let n = 0; n < 3; n += 1) assert.equal(await from('1.1.1.1, 203.0.113.9', '{}', 'wrong'), 401);
    assert.equal(
      await from('9.9.9.9, 203.0.113.9', '{"n":1}'),
      429,
      'by its last entry, which the proxy wrote',
    );
    assert.equal(await from('203.0.113.9, 198.51.100.7', '{"n":2}'), 200);
    await bench.close();
    const sources = bench.journal.ofType('webhook.request').map(({ data }) => data.source);
    assert.ok(sources.includes('203.0.113.9') && sources.includes('198.51.100.7'));
  });

  it('does not believe a caller about where it comes from unless told to', async () => {
    const { url } = await open({ refusals: { burst: 1, perSecond: 0.001 } });
    for (let n = 0; n < 5; n += 1)
      await post(url, '{}', { 'x-forwarded-for': '203.0.113.9', 'x-signature': 'wrong' });
    assert.equal((await post(url, '{"n":1}', { 'x-forwarded-for': '203.0.113.9' })).status, 200);
    assert.ok(bench.journal.ofType('webhook.request').every(({ data }) => data.source === ''));
  });

  it('puts no path and no secret on the record or in the log', async () => {
    const { url } = await open();
    const path = new URL(url).pathname.slice(1);
    await post(url, '{}');
    await post(url, '{}', { 'x-signature': 'wrong' });
    await post(`${url}x`, '{}');
    await bench.close();
    assert.ok(!JSON.stringify([bench.journal.records, bench.logged]).includes(path));
  });
});
