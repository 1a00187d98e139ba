import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { upstreamFromEnvironment } from '../../../src/engine/egress/upstream';
import { EgressRefused } from '../../../src/engine/model/egress';
import { TestGate } from './gate';

describe('the egress gate', () => {
  let gate: TestGate;
  beforeEach(() => {
    gate = new TestGate();
  });
  afterEach(() => gate.close());
  const types = () => gate.records.map(({ type }) => type);
  const own = (port: number) => {
    const host = `127.0.0.1:${port}`;
    return gate.egress.client('test', [host], { configured: [host] });
  };

  it('[FAQ-1] lets out to a listed host, on record before the first byte, and once', async () => {
    let onRecord: readonly string[] | undefined;
    const port = await gate.serve((_, response) => {
      onRecord ??= types();
      response.end('hello');
    });
    const { fetch } = own(port);
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'hello');
    assert.deepEqual(onRecord, ['egress.destination']);
    assert.deepEqual(gate.records[0]?.data, { purpose: 'test', host: '127.0.0.1', port, secure: false });
    assert.deepEqual(gate.egress.destinations(), [{ purpose: 'test', hosts: [`127.0.0.1:${port}`] }]);
  });

  it('[FAQ-1] refuses what is not listed, and records that once', async () => {
    let asked = 0;
    const port = await gate.serve((_, response) => {
      asked++;
      response.end();
    });
    const { fetch, admit } = gate.egress.client('test', ['example.com']);
    for (let i = 0; i < 2; i++) {
      await assert.rejects(fetch(`http://127.0.0.1:${port}/`), EgressRefused);
      await assert.rejects(admit(`ws://127.0.0.1:${port}/`), /not among the hosts of test/);
    }
    assert.equal(asked, 0);
    assert.deepEqual(types(), ['egress.refused']);
  });

  it('[FAQ-1] sends nothing when it cannot be recorded', async () => {
    let asked = 0;
    const port = await gate.serve((_, response) => {
      asked++;
      response.end();
    });
    const broken = new TestGate({ records: { append: () => Promise.reject(new Error('disk full')) } });
    const host = `127.0.0.1:${port}`;
    const { fetch } = broken.egress.client('test', [host], { configured: [host] });
    await assert.rejects(fetch(`http://${host}/`), /disk full/);
    assert.equal(asked, 0);
  });

  it('[FAQ-1] requires TLS except to this machine', async () => {
    gate.names.set('example.com', ['93.184.216.34']);
    gate.names.set('nas.lan', ['192.168.1.9']);
    const { fetch, admit } = gate.egress.client('test', ['example.com', 'nas.lan'], {
      configured: ['nas.lan'],
    });
    await assert.rejects(fetch('http://example.com/'), /would not be encrypted/);
    await assert.rejects(admit('ws://example.com/'), /would not be encrypted/);
    await assert.rejects(fetch('http://nas.lan/'), /would not be encrypted/);
    // Listed with its scheme by the person, a host of their own network may be reached as it is.
    const listed = gate.egress.client('lan', ['http://nas.lan'], { configured: ['http://nas.lan'] });
    assert.equal((await listed.admit('http://nas.lan/')).port, 80);
    gate.names.set('nas.lan', ['93.184.216.34']);
    await assert.rejects(listed.admit('http://nas.lan/'), /would not be encrypted/);
  });

  it('[FAQ-1] refuses private and link-local addresses behind a name, mixed ones too', async () => {
    const { fetch, admit } = gate.egress.client('test', ['api.example.com', '*.example.net'], {
      configured: ['*.example.net'],
    });
    for (const addresses of [
      ['127.0.0.1'],
      ['10.0.0.1'],
      ['169.254.169.254'],
      ['::ffff:10.0.0.1'],
      ['fe80::1'],
      ['0.0.0.0'],
      ['93.184.216.34', '192.168.0.1'],
    ]) {
      gate.names.set('api.example.com', addresses);
      gate.names.set('a.example.net', addresses);
      for (const url of ['https://api.example.com/', 'https://a.example.net/']) {
        await assert.rejects(fetch(url), EgressRefused, `${url} ${addresses}`);
        await assert.rejects(admit(url), EgressRefused, `${url} ${addresses}`);
      }
    }
    const literal = gate.egress.client('literal', ['169.254.169.254', '10.0.0.1']);
    await assert.rejects(literal.fetch('https://169.254.169.254/latest'), /link-local/);
    await assert.rejects(literal.fetch('https://10.0.0.1/'), /private network/);
    // What the person has set may be private; a link-local address only when it is itself what was set.
    gate.names.set('chat.corp', ['10.0.0.1']);
    const configured = gate.egress.client('own', ['chat.corp', '169.254.1.1'], {
      configured: ['chat.corp', '169.254.1.1'],
    });
    await configured.admit('https://chat.corp/');
    await configured.admit('https://169.254.1.1/');
    gate.names.set('chat.corp', ['169.254.169.254']);
    await assert.rejects(configured.admit('https://chat.corp/'), /link-local/);
  });

  it('[FAQ-1] connects to the very address that was looked at: a name that changes leads nowhere', async () => {
    let asked = 0;
    const port = await gate.serve((_, response) => {
      asked++;
      response.end('mine');
    });
    const host = `rebind.example.com:${port}`;
    const client = gate.egress.client('test', [host]);
    gate.names.set('rebind.example.com', ['93.184.216.34']);
    const { lookup } = await client.admit(`https://${host}/`);
    gate.names.set('rebind.example.com', ['127.0.0.1']);
    const refused = await new Promise<Error>((resolve) => {
      const socket = connect({ host: 'rebind.example.com', port, lookup });
      socket.once('error', resolve);
    });
    assert.ok(refused instanceof EgressRefused);
    await assert.rejects(client.fetch(`https://${host}/`), EgressRefused);
    assert.equal(asked, 0);
    // The system's resolver, which would know nothing of that name, was not asked beside ours.
    gate.names.set('local.example.com', ['127.0.0.1']);
    const named = `local.example.com:${port}`;
    const own = gate.egress.client('own', [named], { configured: [named] });
    assert.equal(await (await own.fetch(`http://${named}/`)).text(), 'mine');
  });

  it('[FAQ-1] looks at each hop of a redirect, follows GET only, and takes no credentials along', async () => {
    const other = await gate.serve((request, response) => response.end(JSON.stringify(request.headers)));
    const port = await gate.serve((request, response) => {
      if (request.url === '/loop') response.writeHead(302, { location: '/loop' });
      else if (request.url === '/away') response.writeHead(302, { location: `http://localhost:${other}/` });
      else response.writeHead(307, { location: `http://127.0.0.1:${other}/` });
      response.end();
    });
    gate.names.set('localhost', ['127.0.0.1']);
    const hosts = [`127.0.0.1:${port}`, `127.0.0.1:${other}`];
    const { fetch } = gate.egress.client('test', hosts, { configured: hosts });
    const headers = { authorization: 'Bearer canary', 'x-kept': 'yes' };
    const followed = (await (await fetch(`http://127.0.0.1:${port}/`, { headers })).json()) as Record<
      string,
      string
    >;
    assert.equal(followed['x-kept'], 'yes');
    assert.equal(followed.authorization, undefined);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/away`), /localhost.* was refused/);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/loop`), /on and on/);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' }), /is not sent/);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`, { redirect: 'error' }), /is not sent/);
    assert.equal((await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' })).status, 307);
  });

  it('does what fetch does: bodies, forms, compressed answers, empty ones, aborts, failures', async () => {
    const port = await gate.serve(async (request, response) => {
      if (request.url === '/gzip') {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('squeezed'));
      } else if (request.url === '/none') response.writeHead(204).end();
      else if (request.url === '/slow') response.write('a');
      else if (request.url === '/cut') {
        response.write('half');
        setImmediate(() => response.destroy());
      } else {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks).toString();
        response.end(JSON.stringify({ method: request.method, headers: request.headers, body }));
      }
    });
    const { fetch } = own(port);
    const at = (path: string) => `http://127.0.0.1:${port}${path}`;
    const echo = async (init: RequestInit) =>
      (await (await fetch(at('/'), init)).json()) as {
        method: string;
        headers: Record<string, string>;
        body: string;
      };
    const posted = await echo({ method: 'POST', body: 'häh', headers: { 'content-type': 'text/x' } });
    assert.equal(posted.body, 'häh');
    assert.equal(posted.headers['content-length'], '4');
    assert.equal(posted.headers['content-type'], 'text/x');
    const form = new FormData();
    form.append('file', new Blob(['bytes']), 'a.txt');
    const sent = await echo({ method: 'POST', body: form });
    assert.match(sent.headers['content-type'] ?? '', /^multipart\/form-data; boundary=/);
    assert.match(sent.body, /filename="a\.txt"[\s\S]*bytes/);
    const stream = new Blob(['streamed']).stream();
    assert.equal(
      (await echo({ method: 'PUT', body: stream, duplex: 'half' } as RequestInit)).body,
      'streamed',
    );
    const squeezed = await fetch(at('/gzip'));
    assert.equal(await squeezed.text(), 'squeezed');
    assert.equal(squeezed.url, at('/gzip'));
    assert.equal((await fetch(at('/none'))).status, 204);
    const stop = new AbortController();
    const slow = await fetch(at('/slow'), { signal: stop.signal });
    const reading = slow.text();
    stop.abort();
    await assert.rejects(reading);
    await assert.rejects(fetch(at('/slow'), { signal: AbortSignal.abort() }), { name: 'AbortError' });
    await assert.rejects((await fetch(at('/cut'))).text());
    gate.close();
    await assert.rejects(fetch(at('/')), (error: TypeError) => {
      assert.equal(error.message, 'fetch failed');
      return (error.cause as NodeJS.ErrnoException).code === 'ECONNREFUSED';
    });
  });

  it('goes through the proxy of the environment, and past it where NO_PROXY says so', async () => {
    const port = await gate.serve((_, response) => response.end('there'));
    const asked: string[] = [];
    const proxy = createServer((_, response) => response.writeHead(400).end());
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const target = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const address = `http://me:pass@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const through = new TestGate({
      upstream: upstreamFromEnvironment({ HTTP_PROXY: address, NO_PROXY: '.direct.example' }),
    });
    through.names.set('far.example', ['127.0.0.1']);
    through.names.set('a.direct.example', ['127.0.0.1']);
    const hosts = [`far.example:${port}`, `a.direct.example:${port}`];
    const { fetch } = through.egress.client('test', hosts, { configured: hosts });
    assert.equal(await (await fetch(`http://far.example:${port}/`)).text(), 'there');
    assert.equal(await (await fetch(`http://a.direct.example:${port}/`)).text(), 'there');
    assert.deepEqual(asked, [`far.example:${port} Basic ${Buffer.from('me:pass').toString('base64')}`]);
    proxy.close();
    proxy.closeAllConnections();
  });

  it('[FAQ-1] has no way out for what was switched off', async () => {
    const port = await gate.serve((_, response) => response.end('hello'));
    const first = own(port);
    await (await first.fetch(`http://127.0.0.1:${port}/`)).text();
    first.close();
    await assert.rejects(first.fetch(`http://127.0.0.1:${port}/`), /switched off/);
    assert.deepEqual(gate.egress.destinations(), []);
  });
});
