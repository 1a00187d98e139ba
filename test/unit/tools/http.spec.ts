import assert from 'node:assert/strict';
import { createTools } from '../../../src/engine/tools/tools';
import { TestGate } from '../egress/gate';
import { makePlace, type Place, use } from './place';

describe('http', () => {
  let gate: TestGate;
  let place: Place;
  let base: string;
  let asked: { method: string; url: string; headers: Record<string, unknown>; body: string }[];
  const send = (args: Record<string, unknown>) =>
    use(createTools(gate).get('http')!, args, { ...place.context, allowedHosts: [new URL(base).host] });

  beforeEach(async () => {
    gate = new TestGate();
    place = makePlace();
    asked = [];
    const port = await gate.serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      if (url === '/away') {
        response.statusCode = 302;
        response.setHeader('location', 'http://127.0.0.1:1/');
      }
      response.setHeader('content-type', 'application/json').end('{"ok":true}');
    });
    base = `http://127.0.0.1:${port}`;
  });
  afterEach(() => {
    gate.close();
    place.remove();
  });

  it('sends what was approved, and nothing of its own that could tell who', async () => {
    const args = { method: 'POST', url: `${base}/a`, headers: { 'x-own': 'yes' }, body: 'häh' };
    const result = await send(args);
    assert.equal(result.output, `[200 ${base}/a]\n{"ok":true}`);
    assert.equal(asked[0]?.method, 'POST');
    assert.equal(asked[0]?.body, 'häh');
    assert.equal(asked[0]?.headers['x-own'], 'yes');
    assert.equal(asked[0]?.headers.cookie, undefined);
    assert.equal(createTools(gate).get('http')!.summary(args), `POST ${base}/a\nx-own: yes\n\nhäh`);
  });

  it('goes nowhere that was not decided on, and follows nothing', async () => {
    assert.match((await send({ url: `${base}/away` })).output, /\[leads on to http:\/\/127\.0\.0\.1:1\/\]$/);
    assert.equal(asked.length, 1);
    const tool = createTools(gate).get('http')!;
    const facts = await tool.facts({ url: 'https://example.com/' }, place.context);
    const other = await tool.run({ url: base }, { ...place.context, facts });
    assert.match(other.error ?? '', /not the host that was decided on/);
    const unlisted = await use(tool, { url: base }, place.context);
    assert.match(unlisted.error ?? '', /was refused: it leads to this machine/);
    assert.equal(asked.length, 1);
  });

  it('refuses headers that belong to the connection, and what no header can hold', async () => {
    for (const name of ['Host', 'transfer-encoding', 'Proxy-Authorization']) {
      assert.match(
        (await send({ url: base, headers: { [name]: 'x' } })).error ?? '',
        /set by the connection/,
      );
    }
    await assert.rejects(send({ url: base, headers: { 'x-a': 'b\r\nx-c: d' } }), /headers/);
    await assert.rejects(send({ url: base, headers: { 'x a': 'b' } }), /headers/);
    assert.match((await send({ url: base, body: 'x' })).error ?? '', /carries nothing/);
    assert.equal(asked.length, 0);
  });
});
