import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { OutgoingFiles } from '../../../src/session/channel-files';

describe('files for programs of channels', () => {
  let folder: string;
  let files: OutgoingFiles;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'cowork-outgoing-')), 'outgoing');
    files = new OutgoingFiles(folder);
  });
  afterEach(() => rm(dirname(folder), { recursive: true, force: true }));

  it('are there under their name, byte for byte, for the owner alone, as long as they are used', async () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
    let used = '';
    const result = await files.with('report & <co>.pdf', bytes, async (path) => {
      used = path;
      assert.equal(basename(path), 'report & <co>.pdf');
      assert.deepEqual(new Uint8Array(await readFile(path)), bytes);
      if (process.platform !== 'win32') {
        assert.equal((await stat(path)).mode & 0o777, 0o600);
        assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
      }
      return 'taken';
    });
    assert.equal(result, 'taken');
    assert.ok(!existsSync(used));
    assert.deepEqual(await readdir(folder), []);
  });

  it('are gone when their use fails, too', async () => {
    await assert.rejects(
      files.with('a.txt', Buffer.from('a'), () => Promise.reject(new Error('not taken'))),
      /not taken/,
    );
    assert.deepEqual(await readdir(folder), []);
  });

  it('of one name do not meet', async () => {
    const read = await Promise.all(
      ['one', 'two'].map((text) =>
        files.with('a.txt', Buffer.from(text), async (path) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          return readFile(path, 'utf8');
        }),
      ),
    );
    assert.deepEqual(read, ['one', 'two']);
  });

  it('lie nowhere else, whatever they are called', async () => {
    for (const [name, called] of [
      ['../../../evil', '_.._.._evil'],
      ['/etc/passwd', '_etc_passwd'],
      ['a\\b:c', 'a_b_c'],
      ['..', 'file'],
      ['.bashrc', 'bashrc'],
      ['', 'file'],
      ['nul\0byte\n.txt', 'nul_byte_.txt'],
      ['gpj\u202e.exe', 'gpj_.exe'],
    ] as const)
      await files.with(name, Buffer.from('x'), async (path) => {
        assert.equal(basename(path), called, JSON.stringify(name));
        assert.equal(dirname(dirname(path)), folder);
      });
    await files.with(`${'ü'.repeat(300)}.tar`, Buffer.from('x'), async (path) => {
      assert.match(basename(path), /^ü+\.tar$/);
      assert.ok(Buffer.byteLength(basename(path)) <= 255);
    });
  });

  it('that an earlier run left behind are cleared away before the first', async () => {
    await mkdir(join(folder, 'left'), { recursive: true });
    await writeFile(join(folder, 'left', 'secret.txt'), 'secret');
    await files.with('a.txt', Buffer.from('a'), async () => {
      assert.ok(!existsSync(join(folder, 'left')));
    });
  });
});
