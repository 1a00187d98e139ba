import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { htmlToText } from '../../../src/engine/tools/html-text';
import { createTools } from '../../../src/engine/tools/tools';
import { TestGate } from '../egress/gate';
import { makePlace, type Place, use } from './place';

describe('fetch', () => {
  let place: Place;
  let server: Server;
  let base: string;
  let asked: IncomingMessage[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let gate: TestGate;
  const get = (url: string) =>
    use(createTools(gate).get('fetch')!, { url }, { ...place.context, allowedHosts: [new URL(base).host] });

  before((done) => {
    server = createServer((request, response) => {
      asked.push(request);
      answer(request, response);
    });
    server.listen(0, '127.0.0.1', () => {
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      done();
    });
  });
  after(() => server.close());
  beforeEach(() => {
    place = makePlace();
    gate = new TestGate();
    asked = [];
  });
  afterEach(() => place.remove());

  it('reads text, by GET, with nothing but what it is asked for', async () => {
    answer = (_, response) => response.setHeader('content-type', 'text/plain').end('hello');
    const result = await get(`${base}/a?b`);
    assert.equal(result.output, `[200 ${base}/a?b]\nhello`);
    assert.deepEqual(result.taint, [new URL(base).host]);
    assert.equal(asked[0]?.method, 'GET');
    assert.equal(asked[0]?.headers.cookie, undefined);
    assert.equal(asked[0]?.headers.authorization, undefined);
  });

  it('gives the readable part of a page', async () => {
    answer = (_, response) =>
      response
        .setHeader('content-type', 'text/html; charset=utf-8')
        .end(
          '<html><head><title>no</title></head><body><script>alert("<p>x")</script><h1>A &amp; B</h1><p>one<br>two &#x263a;</p></body>',
        );
    assert.equal((await get(base)).output, `[200 ${base}/]\nA & B\n\none\ntwo ☺`);
  });

  it('follows to the same host only, and not for ever', async () => {
    answer = (request, response) =>
      request.url === '/a' ? response.writeHead(302, { location: '/b' }).end() : response.end('there');
    assert.match((await get(`${base}/a`)).output, /there$/);
    answer = (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    const away = await get(base);
    assert.match(
      away.error ?? '',
      /leads on to http:\/\/169\.254\.169\.254\/latest, which was not asked for/,
    );
    answer = (_, response) => response.writeHead(302, { location: '/' }).end();
    assert.match((await get(base)).error ?? '', /on and on/);
  });

  it('refuses what is not text, too long or no page', async () => {
    answer = (_, response) => response.setHeader('content-type', 'image/png').end(Buffer.alloc(10));
    assert.match((await get(base)).error ?? '', /image\/png, which is not text/);
    answer = (_, response) => response.setHeader('content-type', 'text/plain').end('x'.repeat(3 << 20));
    const long = await get(base);
    assert.match(long.output, /only the first 2097152 bytes/);
    for (const url of ['file:///etc/passwd', 'not a url', 'https://user:pass@example.com/', 'javascript:1']) {
      await assert.rejects(get(url), /address/, url);
    }
  });

  it('sends nothing to a host that was not decided on', async () => {
    const tool = createTools(gate).get('fetch')!;
    const facts = await tool.facts({ url: 'https://example.com/' }, place.context);
    assert.deepEqual(facts.hosts, ['example.com']);
    const result = await tool.run({ url: base }, { ...place.context, facts });
    assert.match(result.error ?? '', /not the host that was decided on/);
    assert.equal(asked.length, 0);
  });

  it('does not exist without a way out', () => {
    assert.equal(createTools().has('fetch'), false);
  });

  it('reads pages that are not well-formed', () => {
    for (const text of ['<', '<a ', '<script>', '<!--', '&#', '"<p '])
      assert.equal(typeof htmlToText(text.repeat(50_000)), 'string');
    assert.equal(htmlToText('a < b <b>c</b> <script>d'), 'a < b c');
  });
});
