import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTools } from '../../../src/engine/tools/tools';
import { captureScreen } from '../../../src/host/screenshot';
import { TestDesk } from '../../helpers/desk';
import { makePlace, type Place, use } from './place';

describe('tools of the desk', () => {
  let desk: TestDesk;
  let place: Place;
  const call = (name: string, args: Record<string, unknown> = {}) =>
    use(createTools({ desk }).get(name)!, args, { ...place.context, desk });
  const at = (name: string) => join(place.workspace, name);
  beforeEach(() => {
    desk = new TestDesk();
    place = makePlace();
  });
  afterEach(() => place.remove());

  it('read and write the clipboard, and say what is put there before it is', async () => {
    assert.match((await call('clipboard.read')).output, /has no text/);
    const put = createTools({ desk }).get('clipboard.write')!;
    assert.equal(put.summary({ text: 'rm -rf ~\nyes' }), 'put on the clipboard:\nrm -rf ~\nyes');
    assert.equal((await call('clipboard.write', { text: 'häh' })).ok, true);
    const read = await call('clipboard.read');
    assert.equal(read.output, 'häh');
    assert.deepEqual(read.taint, ['the clipboard']);
    desk.clip = 'x'.repeat(100_000);
    assert.match(
      (await call('clipboard.read')).output,
      /^\[only the first 65536 of 100000 characters\]\nx{65536}$/,
    );
  });

  it('read and change a file as the editor has it while it has unsaved changes', async () => {
    writeFileSync(at('a.txt'), 'on the disk\n');
    desk.open.set(at('a.txt'), 'one\ntwo\nthree\n');
    assert.match((await call('read', { path: 'a.txt' })).output, /not saved\]\none\ntwo\nthree/);
    assert.match((await call('read', { path: 'a.txt', fromLine: 2, lines: 1 })).output, /\]\ntwo$/);
    const edited = await call('edit', { path: 'a.txt', edits: [{ before: 'two', after: '2' }] });
    assert.match(edited.output, /in the editor\. It had changes that were not saved/);
    assert.equal(desk.open.get(at('a.txt')), 'one\n2\nthree\n');
    assert.equal((await call('write', { path: 'a.txt', content: 'all new' })).ok, true);
    assert.equal(desk.open.get(at('a.txt')), 'all new');
    assert.equal(readFileSync(at('a.txt'), 'utf8'), 'on the disk\n', 'the person saves, not the agent');
    desk.open.clear();
    await call('write', { path: 'a.txt', content: 'on the disk again' });
    assert.equal(readFileSync(at('a.txt'), 'utf8'), 'on the disk again');
  });

  it('open a file of the workspace, not one that a link leads to outside', async () => {
    writeFileSync(at('a.txt'), '');
    writeFileSync(join(place.outside, 'b.txt'), '');
    symlinkSync(join(place.outside, 'b.txt'), at('link'));
    assert.equal((await call('open', { path: 'a.txt', line: 7 })).ok, true);
    assert.deepEqual(desk.shown, [{ path: at('a.txt'), line: 7 }]);
    for (const path of ['link', '../outside/b.txt', 'missing']) {
      const opened = await call('open', { path }).catch((error: Error) => ({
        ok: false,
        error: error.message,
      }));
      assert.equal(opened.ok, false, path);
    }
    assert.equal(desk.shown.length, 1);
  });

  it('list findings of the workspace, errors first, of a folder, and none from outside', async () => {
    mkdirSync(at('src'));
    writeFileSync(at('src/a.ts'), '');
    const finding = { line: 3, column: 5, severity: 'warning', message: 'unused', source: 'ts' } as const;
    desk.found = [
      { ...finding, path: at('src/a.ts') },
      { ...finding, path: at('b.ts'), severity: 'error', message: 'broken', source: '' },
      { ...finding, path: join(place.outside, 'c.ts'), message: 'secret' },
    ];
    const all = await call('diagnostics');
    assert.equal(all.output, 'b.ts:3:5 error: broken\nsrc/a.ts:3:5 warning: unused (ts)');
    assert.equal((await call('diagnostics', { path: 'src' })).output, 'src/a.ts:3:5 warning: unused (ts)');
    desk.found = [];
    assert.match((await call('diagnostics')).output, /no errors/);
  });

  it('send a picture of the screen along, which a program of the system took', async () => {
    const shot = await call('screenshot');
    assert.equal(shot.attachments?.[0]?.mediaType, 'image/png');
    assert.deepEqual(await shot.attachments?.[0]?.read(), desk.picture);
    const fake = at('shot');
    writeFileSync(fake, '#!/bin/sh\n[ -z "$CANARY" ] && printf "\\211PNG\\r\\n\\032\\npicture" > "$2"\n', {
      mode: 0o755,
    });
    const bytes = await captureScreen([['/nonexistent/grim'], ['/bin/true'], [fake, '-f']], {
      CANARY: 'leaked',
    });
    assert.match(Buffer.from(bytes).toString('latin1'), /picture$/);
    await assert.rejects(captureScreen([['/bin/true']]), /none of \/bin\/true works here/);
    await assert.rejects(captureScreen([]), /No picture of the screen can be taken/);
  });

  it('send pictures and PDFs along as they are, by what they hold and not by their name', async () => {
    const png = Buffer.from('\x89PNG\r\n\x1a\n\x00\x01', 'latin1');
    writeFileSync(at('a.txt'), png);
    const read = await call('read', { path: 'a.txt' });
    assert.match(read.output, /^\[a\.txt: image\/png, 10 bytes, sent along/);
    assert.deepEqual(await read.attachments?.[0]?.read(), png);
    writeFileSync(at('a.txt'), 'changed since');
    assert.deepEqual(await read.attachments?.[0]?.read(), png, 'what was read is what is sent');
    writeFileSync(at('b.pdf'), '%PDF-1.7 …');
    assert.equal((await call('read', { path: 'b.pdf' })).attachments?.[0]?.mediaType, 'application/pdf');
    writeFileSync(at('c.png'), 'text');
    assert.equal((await call('read', { path: 'c.png' })).attachments, undefined);
    writeFileSync(at('big.png'), Buffer.concat([png, Buffer.alloc(5 * 1024 * 1024)]));
    assert.match((await call('read', { path: 'big.png' })).error ?? '', /at most 4194304 are sent/);
    assert.equal(existsSync(at('big.png')), true);
  });

  it('are not there without a desk', () => {
    const names = [...createTools().keys()];
    for (const name of ['clipboard.read', 'open', 'diagnostics', 'screenshot', 'history.search', 'http']) {
      assert.ok(!names.includes(name), name);
    }
  });
});
