import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ChannelRegistry, DESCRIPTORS } from '../../../src/channels/registry';

const ROOT = join(__dirname, '../../..');

describe('channel registry', () => {
  it('knows every folder that has an adapter, and no other', async () => {
    const folders = await readdir(join(ROOT, 'src/channels'), { withFileTypes: true });
    const adapters: string[] = [];
    for (const folder of folders.filter((entry) => entry.isDirectory())) {
      const files = await readdir(join(ROOT, 'src/channels', folder.name));
      if (files.includes('descriptor.ts')) adapters.push(folder.name);
    }
    assert.deepEqual(DESCRIPTORS.map(({ id }) => id).sort(), adapters.sort());
  });

  for (const descriptor of DESCRIPTORS) {
    const { id, settings, secrets, setup, capabilities } = descriptor;

    it(`[INI-1] leaves ${id} the pairing mode, and needs nothing set`, () => {
      assert.match(id, /^[a-z][a-z0-9]*$/);
      assert.ok(descriptor.allowedModes?.({}).includes('pairing') ?? true);
      assert.ok(settings.safeParse({}).success, 'every setting has a default');
      assert.ok(capabilities.maxLength >= 500);
      assert.ok(capabilities.contexts.length > 0);
      assert.ok(setup.length >= 3);
      for (const { help, label, validate } of secrets) {
        assert.ok(help.length > 20 && label.length > 3);
        const problem = validate?.('my secret');
        assert.ok(problem && !problem.includes('my secret'), 'says what is wrong and does not repeat it');
      }
    });

    it(`documents ${id}: its settings, secrets and hosts`, async () => {
      const guide = await readFile(join(ROOT, 'docs/channels', `${id}.md`), 'utf8');
      assert.ok(settings instanceof z.ZodObject);
      for (const key of Object.keys(settings.shape)) {
        assert.ok(guide.includes(`cowork.channels.${id}.${key}`), key);
      }
      for (const { label } of secrets) assert.ok(guide.includes(`*${label}*`), label);
      for (const host of descriptor.hosts?.({}) ?? []) assert.ok(guide.includes(host), host);
    });

    it(`[FAQ-1] lets ${id} reach only hosts that it can name beforehand`, () => {
      for (const host of descriptor.hosts?.({}) ?? [])
        assert.match(host, /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$/);
      if (!('apiRoot' in (settings as z.ZodObject).shape)) return;
      assert.deepEqual(descriptor.hosts?.({ apiRoot: 'http://127.0.0.1:8081/' }), ['127.0.0.1:8081']);
      assert.deepEqual(descriptor.hosts?.({ apiRoot: 'https://own.example/x' }), ['own.example']);
      // The token would go there in the clear, or with a password that is then in every log.
      for (const apiRoot of [
        'http://own.example',
        'http://127.0.0.1.evil.example',
        'https://user:secret@own.example',
        'https://own.example/?x=',
        'ftp://own.example',
        'own.example',
        '',
        7,
      ]) {
        assert.ok(!settings.safeParse({ apiRoot }).success, String(apiRoot));
      }
    });
  }

  it('tries a bundle again that could not be loaded, and loads one that could be once', async () => {
    let loads = 0;
    const registry = new ChannelRegistry(async () => {
      loads += 1;
      if (loads === 1) throw new Error('disk');
      return { createAdapter: () => assert.fail('not called') };
    });
    await assert.rejects(registry.loadAdapter('telegram'), /disk/);
    const [one, two] = await Promise.all([
      registry.loadAdapter('telegram'),
      registry.loadAdapter('telegram'),
    ]);
    assert.equal(one, two);
    assert.equal(loads, 2);
    assert.deepEqual(registry.loadedIds(), ['telegram']);
    await assert.rejects(registry.loadAdapter('fax'), RangeError);
  });
});
