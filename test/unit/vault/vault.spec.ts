import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/engine/model/ports';
import type { SecretBackend } from '../../../src/engine/vault/backend';
import { KeychainBackend } from '../../../src/engine/vault/keychain';
import { Masking } from '../../../src/engine/vault/masking';
import { SealedFileBackend } from '../../../src/engine/vault/sealed-file';
import { Vault } from '../../../src/engine/vault/vault';
import { ManualClock } from '../../helpers/manual-clock';
import { MemorySecrets } from '../../helpers/memory-secrets';

const broken: SecretBackend = {
  level: 'editor',
  get: () => Promise.reject(new Error('Canceled')),
  set: () => Promise.reject(new Error('Canceled')),
  delete: () => Promise.reject(new Error('Canceled')),
};

describe('vault', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cowork-vault-'));
    file = join(directory, 'secrets.json');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const sealed = (passphrase: string) => new SealedFileBackend(file, async () => passphrase);
  const open = (passphrase: string, masking = new Masking()) =>
    Vault.open(
      [broken, new KeychainBackend(() => Promise.reject(new Error('no D-Bus'))), sealed(passphrase)],
      masking,
      systemClock,
    );

  it('[FAQ-2] falls back to the encrypted file and says why the better places were not used', async () => {
    const vault = await open('correct horse');
    assert.equal(vault.level, 'file');
    assert.deepEqual(vault.passedOver, [
      { level: 'editor', why: 'Canceled' },
      { level: 'keychain', why: 'no D-Bus' },
    ]);
  });

  it('[FAQ-2] gives a secret back in the next session, and the file shows neither it nor the passphrase', async () => {
    await (await open('correct horse')).set('telegram/botToken', 'the-secret-token');
    const bytes = await readFile(file, 'utf8');
    assert.ok(!bytes.includes('the-secret-token') && !bytes.includes('correct horse'));
    assert.ok(!bytes.includes(Buffer.from('the-secret-token').toString('base64').slice(0, 12)));
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const again = await open('correct horse');
    assert.equal(await again.get('telegram/botToken'), 'the-secret-token');
    await again.idle();
    assert.deepEqual(await again.names(), ['telegram/botToken']);
  });

  it('refuses a wrong passphrase in plain words', async () => {
    await (await open('correct horse')).set('telegram/botToken', 'the-secret-token');
    await assert.rejects(open('wrong'), /not the passphrase/);
  });

  it('[FAQ-2] binds each secret to its name: entries cannot be exchanged', async () => {
    const backend = sealed('correct horse');
    await backend.set('a/one', 'value-one');
    await backend.set('b/two', 'value-two');
    const stored = JSON.parse(await readFile(file, 'utf8'));
    [stored.secrets['a/one'], stored.secrets['b/two']] = [stored.secrets['b/two'], stored.secrets['a/one']];
    await writeFile(file, JSON.stringify(stored));
    await assert.rejects(sealed('correct horse').get('a/one'));
  });

  it('says that a damaged file is damaged, and does not overwrite it', async () => {
    await writeFile(file, '{"format":"cowork-vault-1"');
    await assert.rejects(sealed('correct horse').set('a/one', 'x'), /damaged/);
    assert.equal(await readFile(file, 'utf8'), '{"format":"cowork-vault-1"');
  });

  it('[FAQ-2] makes each value known to the masking service before it leaves the vault', async () => {
    await (await open('correct horse')).set('telegram/botToken', 'the-secret-token');
    const masking = new Masking();
    await (await open('correct horse', masking)).warmMasking();
    assert.equal(masking.mask('x the-secret-token'), 'x ‹secret telegram/botToken›');
  });

  it('keeps creation time and moves rotation time when a secret is replaced', async () => {
    let now = 1000;
    const vault = await Vault.open([sealed('p')], new Masking(), { ...systemClock, now: () => now });
    await vault.set('a/b', 'first-value');
    now = 2000;
    await vault.set('a/b', 'second-value');
    assert.deepEqual(await vault.times(), [{ name: 'a/b', createdAt: 1000, rotatedAt: 2000 }]);
    now = 3000;
    await vault.set('a/b', 'second-value');
    assert.equal((await vault.times())[0]?.rotatedAt, 2000, 'the same value again is no rotation');
  });

  it('notes when a secret was used, to the hour, and not that it was read at start', async () => {
    const clock = new ManualClock(1000);
    const secrets = new MemorySecrets();
    const vault = await Vault.open([secrets], new Masking(), clock);
    await vault.set('a/b', 'some-value');
    await vault.warmMasking();
    await vault.idle();
    assert.equal((await vault.times())[0]?.lastUsedAt, undefined);
    await vault.get('a/b');
    clock.advance(1000);
    await vault.get('a/b');
    await vault.idle();
    assert.equal((await vault.times())[0]?.lastUsedAt, 1000);
    clock.advance(3_600_000);
    await vault.get('a/b');
    await vault.idle();
    assert.equal((await vault.times())[0]?.lastUsedAt, 3_602_000);
  });

  it('writes the encrypted file without taking back what another window wrote, and notices one made anew', async () => {
    const [one, two] = [sealed('p'), sealed('p')];
    await one.set('a/first', 'value-one');
    assert.equal(await two.get('a/first'), 'value-one');
    await one.set('a/second', 'value-two');
    await two.set('b/third', 'value-three');
    assert.equal(await sealed('p').get('a/second'), 'value-two');
    await rm(file);
    await sealed('another').set('c/fourth', 'value-four');
    await assert.rejects(two.set('d/fifth', 'value-five'), /made anew by another window/);
  });

  for (const place of ['editor', 'file'] as const) {
    it(`loses nothing when two windows store secrets (${place})`, async () => {
      const shared = new MemorySecrets();
      const one = await Vault.open([place === 'editor' ? shared : sealed('p')], new Masking(), systemClock);
      await one.set('a/first', 'value-one');
      const two = await Vault.open([place === 'editor' ? shared : sealed('p')], new Masking(), systemClock);
      await one.set('a/second', 'value-two');
      await two.set('b/third', 'value-three');
      const names = ['a/first', 'a/second', 'b/third'];
      for (const vault of [one, two]) {
        assert.deepEqual([...(await vault.names())].sort(), names);
        assert.equal(await vault.get('a/second'), 'value-two');
        assert.equal(await vault.get('b/third'), 'value-three');
        await vault.idle();
      }
    });
  }
});
