import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { canonicalJson } from '../../../src/engine/journal';
import type { EgressPort } from '../../../src/engine/model/egress';
import { checkForUpdates, compareVersions } from '../../../src/session/posture/updates';

const INSTALLED = '1.2.3';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const KEY = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

/** The network as it is, with a note of what was asked for. */
function network(answer?: () => Promise<Response>) {
  const asked: { purpose: string; hosts: readonly string[] }[] = [];
  const egress: EgressPort = {
    client(purpose, hosts) {
      asked.push({ purpose, hosts });
      return {
        fetch: answer ?? fetch,
        admit: () => Promise.reject(new Error('not here')),
        close: () => {},
      };
    },
  };
  return { egress, asked };
}

describe('looking for updates', () => {
  let server: Server;
  let url: string;
  let body: unknown;
  let status = 200;
  before(async () => {
    server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest.json`;
  });
  after(() => server.close());
  beforeEach(() => {
    status = 200;
  });

  const info = (version: string, name = 'cowork-os.cowork-os') => ({ name, version });
  const check = (key = '', at = url) =>
    checkForUpdates({ installed: INSTALLED, url: at, publicKey: key, egress: network().egress });

  it('[OPS-4] tells a newer version from the installed one, and asks the host that was set and no other', async () => {
    const { egress, asked } = network();
    for (const [latest, wanted] of [
      ['1.2.4', 'newer'],
      ['1.10.0', 'newer'],
      ['1.2.3', 'current'],
      ['1.2.3-beta.1', 'current'],
      ['1.2.2', 'current'],
    ] as const) {
      body = { package: info(latest) };
      const found = await checkForUpdates({ installed: INSTALLED, url, publicKey: '', egress });
      assert.deepEqual([found.status, found.latest, found.signature], [wanted, latest, 'none'], latest);
    }
    assert.deepEqual(asked[0], { purpose: 'update-check', hosts: [new URL(url).host] });
  });

  it('[OPS-4] calls it unknown, and never the newest, when nobody answers or the answer makes no sense', async () => {
    const answers: readonly (readonly [unknown, number])[] = [
      ['', 200],
      ['{', 200],
      [[], 200],
      [{ package: { version: '9.0.0' } }, 200],
      [{ package: info('9') }, 200],
      [{ package: info('9.0.0', 'somebody.else') }, 200],
      [{ package: info('1.2.3') }, 500],
      [
        `{"package": {"name": "cowork-os.cowork-os", "version": "1.2.3", "x": "${'x'.repeat(300_000)}"}}`,
        200,
      ],
    ];
    for (const [answer, code] of answers) {
      body = answer;
      status = code;
      const found = await check();
      assert.equal(found.status, 'unknown', JSON.stringify(answer).slice(0, 80));
      assert.match(found.detail, /^Whether there is a newer version is unknown: /);
    }
    const offline = network(() => Promise.reject(new TypeError('fetch failed')));
    for (const place of [
      '',
      url,
      'https://updates.example/x.json',
      'not an address',
      'http://updates.example/x',
    ]) {
      const found = await checkForUpdates({
        installed: INSTALLED,
        url: place,
        publicKey: '',
        egress: offline.egress,
      });
      assert.equal(found.status, 'unknown', place);
    }
    const none = await checkForUpdates({ installed: INSTALLED, url, publicKey: '', egress: undefined });
    assert.equal(none.status, 'unknown');
  });

  it('[OPS-4] believes only what the key has signed, when one is set', async () => {
    const announced = info('9.0.0');
    const signature = sign(null, Buffer.from(canonicalJson(announced)), privateKey).toString('base64');
    body = { package: announced, signature };
    assert.deepEqual([(await check(KEY)).status, (await check(KEY)).signature], ['newer', 'valid']);
    body = { package: announced };
    assert.match((await check(KEY)).detail, /not signed/);
    body = { package: { ...announced, version: '9.0.1' }, signature };
    const forged = await check(KEY);
    assert.deepEqual([forged.status, forged.latest], ['unknown', undefined]);
    body = { package: announced, signature: 'AAAA' };
    assert.equal((await check(KEY)).status, 'unknown');
    body = { package: announced, signature };
    assert.equal((await check('not a key')).status, 'unknown');
  });

  it('[OPS-4] reads the marketplace’s answer, and says whether it offers a signature', async () => {
    const answer = (files: readonly { assetType: string }[]) => async () =>
      new Response(
        JSON.stringify({ results: [{ extensions: [{ versions: [{ version: '1.3.0', files }] }] }] }),
      );
    const signed = network(answer([{ assetType: 'Microsoft.VisualStudio.Services.VsixSignature' }]));
    const found = await checkForUpdates({
      installed: INSTALLED,
      url: '',
      publicKey: '',
      egress: signed.egress,
    });
    assert.deepEqual([found.status, found.latest, found.signature], ['newer', '1.3.0', 'offered']);
    assert.deepEqual(signed.asked, [{ purpose: 'update-check', hosts: ['marketplace.visualstudio.com'] }]);
    const missing = network(async () => new Response(JSON.stringify({ results: [{ extensions: [] }] })));
    const nothing = await checkForUpdates({
      installed: INSTALLED,
      url: '',
      publicKey: '',
      egress: missing.egress,
    });
    assert.equal(nothing.status, 'unknown');
  });

  it('orders versions as SemVer does', () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0',
      '1.0.10',
      '1.2.0',
      '10.0.0',
    ];
    for (const [at, version] of ordered.entries())
      for (const [other, against] of ordered.entries())
        assert.equal(
          Math.sign(compareVersions(version, against)),
          Math.sign(at - other),
          `${version} ${against}`,
        );
    assert.equal(compareVersions('1.0.0+a', '1.0.0+b'), 0);
  });
});
