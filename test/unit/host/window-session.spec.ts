import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Masking } from '../../../src/engine/vault/masking';
import type { WindowSession } from '../../../src/host/window-session';
import { MemorySecrets } from '../../helpers/memory-secrets';
import { BUNDLES, testPorts } from '../../helpers/session';
import { FakeEditor, withEditor } from '../views/editor';

/** The store's worker that ships, in a thread that ends when the file `end` appears, and takes that away. */
function mortalWorker(folder: string, end: string): void {
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'store-worker.cjs'),
    `require(${JSON.stringify(join(BUNDLES, 'store-worker.cjs'))});
     const { existsSync, rmSync } = require('node:fs');
     setInterval(() => {
       if (!existsSync(${JSON.stringify(end)})) return;
       rmSync(${JSON.stringify(end)});
       process.exit(7);
     }, 5);`,
  );
}

describe('the session of a window', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'cowork-window-'));
  const end = join(folder, 'end');
  const kinds: string[] = [];
  let made: WindowSession;
  before(async () => {
    mortalWorker(join(folder, 'bundles'), end);
    const editor = new FakeEditor();
    Object.assign(editor.api, { l10n: { t: (text: string) => text } });
    const secrets = new MemorySecrets();
    const ports = await testPorts(folder, { bundles: join(folder, 'bundles'), secrets });
    const log = { error: () => {}, warn: () => {} };
    made = withEditor(editor, (load) => {
      const { WindowSession: Made } = load('../../../src/host/window-session');
      return new Made(() => ports, log, new Masking()) as WindowSession;
    });
    made.onChange(({ kind }) => kinds.push(kind));
  });
  after(async () => {
    await made.close();
    delete require.cache[require.resolve('../../../src/host/window-session')];
    rmSync(folder, { recursive: true, force: true });
  });

  it('is begun anew when a person tries again after its record has failed, once however often they press', async () => {
    await made.start();
    const first = made.session;
    assert.ok(first);
    await first.engine.pause('lunch');
    writeFileSync(end, '');
    while (first.engine.status().phase !== 'failed') await new Promise((resolve) => setTimeout(resolve, 5));
    assert.match(first.engine.status().detail, /^Nothing can be recorded, so nothing runs\. .*Try again/);
    await assert.rejects(first.engine.resume('back'), 'nothing can be recorded');
    await Promise.all([made.again(), made.again(), made.start()]);
    const second = made.session;
    assert.ok(second && second !== first);
    assert.deepEqual(kinds, ['starting', 'ready', 'starting', 'starting', 'ready']);
    // What was on record is there, and more can be.
    assert.equal(second.engine.status().phase, 'paused');
    await second.engine.resume('back');
    assert.equal(second.engine.status().phase, 'ready');
    assert.equal(existsSync(end), false);
  });

  it('goes on as it is when it works', async () => {
    const running = made.session;
    await made.again();
    assert.equal(made.session, running);
    assert.equal(made.get().kind, 'ready');
  });
});
