import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { FilterProxy } from '../../../src/engine/sandbox/filter-proxy';
import { TestGate } from '../egress/gate';

/** What a proxy answers to one request, as it comes over the wire. */
function said(where: { path: string } | { port: number; host: string }, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(where, () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  });
}

describe('the proxy of a command', () => {
  let gate: TestGate;
  let port: number;
  let asked: { url: string; headers: Record<string, unknown> }[];
  beforeEach(async () => {
    gate = new TestGate();
    asked = [];
    port = await gate.serve((request, response) => {
      asked.push({ url: request.url ?? '', headers: request.headers });
      response.setHeader('x-answer', 'yes').end('the page');
    });
    gate.names.set('site.test', ['127.0.0.1']);
    gate.names.set('evil.test', ['127.0.0.1']);
    gate.names.set('inner.test', ['169.254.169.254']);
  });
  afterEach(() => gate.close());

  const network = () => {
    const own = `site.test:${port}`;
    const hosts = [own, `evil.test:${port}`, `inner.test:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`];
    return gate.egress.client('command', hosts, { configured: [own], plaintext: true });
  };

  it('[FAQ-1] tunnels to listed hosts and refuses literals, private and link-local addresses', async () => {
    const proxy = await FilterProxy.onSocket(network());
    const through = (host: string, then = '') =>
      said({ path: proxy.path }, `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n${then}`);
    try {
      assert.equal(statSync(dirname(proxy.path)).mode & 0o777, 0o700);
      const page = await through(
        `site.test:${port}`,
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      );
      assert.match(page, /^HTTP\/1\.1 200 Connection Established\r\n[\s\S]*the page$/);
      for (const host of [
        `evil.test:${port}`,
        `inner.test:${port}`,
        `127.0.0.1:${port}`,
        `2130706433:${port}`,
        `0x7f.1:${port}`,
        `[::1]:${port}`,
        `[::ffff:127.0.0.1]:${port}`,
        'site.test:22',
        'other.test:443',
      ]) {
        assert.match(await through(host), /^HTTP\/1\.1 403 Forbidden[\s\S]*was refused/, host);
      }
      for (const host of ['site.test', 'user@site.test:443', `site.test:${port}/x`, ':443', 'x:99999']) {
        assert.match(await through(host), /^HTTP\/1\.1 400/, host);
      }
      assert.equal(asked.length, 1);
      const contacted = gate.records
        .filter(({ type }) => type === 'egress.destination')
        .map(({ data }) => data);
      assert.deepEqual(contacted[0], { purpose: 'command', host: 'site.test', port, secure: true });
    } finally {
      proxy.close();
    }
    assert.equal(existsSync(dirname(proxy.path)), false);
  });

  it('[FAQ-1] forwards plain HTTP to the host of the address, whatever the headers say', async () => {
    const proxy = await FilterProxy.onSocket(network());
    const get = (url: string, headers = '') =>
      said(
        { path: proxy.path },
        `GET ${url} HTTP/1.1\r\nHost: evil.test\r\n${headers}Connection: x-hop, close\r\n\r\n`,
      );
    try {
      const page = await get(
        `http://site.test:${port}/a?b`,
        'X-Hop: 1\r\nX-Kept: 2\r\nProxy-Authorization: canary\r\n',
      );
      assert.match(page, /^HTTP\/1\.1 200 OK[\s\S]*x-answer: yes[\s\S]*the page/);
      const { url, headers } = asked[0]!;
      assert.equal(url, '/a?b');
      assert.equal(headers.host, `site.test:${port}`);
      assert.equal(headers['x-kept'], '2');
      assert.equal(headers['x-hop'], undefined);
      assert.equal(headers['proxy-authorization'], undefined);
      assert.match(await get(`http://evil.test:${port}/`), /^HTTP\/1\.1 403/);
      assert.match(await get(`http://127.0.0.1:${port}/`), /^HTTP\/1\.1 403/);
      assert.match(await get(`https://site.test:${port}/`), /^HTTP\/1\.1 400/);
      assert.match(await get('/etc/passwd'), /^HTTP\/1\.1 400/);
      assert.equal(asked.length, 1);
    } finally {
      proxy.close();
    }
  });

  it('[FAQ-1] on a port of this machine, is for the one command that has its password', async () => {
    const proxy = await FilterProxy.onPort(network());
    const at = { host: '127.0.0.1', port: proxy.port };
    const ask = (credentials: string) =>
      said(
        at,
        `GET http://site.test:${port}/ HTTP/1.1\r\nHost: a\r\n${credentials}Connection: close\r\n\r\n`,
      );
    try {
      assert.match(await ask(''), /^HTTP\/1\.1 407/);
      const wrong = Buffer.from('cowork:wrong').toString('base64');
      assert.match(await ask(`Proxy-Authorization: Basic ${wrong}\r\n`), /^HTTP\/1\.1 407/);
      const right = Buffer.from(`cowork:${new URL(proxy.url).password}`).toString('base64');
      assert.match(await ask(`Proxy-Authorization: Basic ${right}\r\n`), /the page/);
      assert.equal(asked.length, 1);
    } finally {
      proxy.close();
    }
    assert.equal(await ask(''), '');
  });

  it('ends every connection with its command', async () => {
    const proxy = await FilterProxy.onSocket(network());
    const open = said({ path: proxy.path }, `CONNECT site.test:${port} HTTP/1.1\r\n\r\n`);
    while (!gate.records.some(({ type }) => type === 'egress.destination')) {
      await new Promise((done) => setImmediate(done));
    }
    proxy.close();
    await open;
  });
});
