import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { skip } from '../../harness/report';

const run = promisify(execFile);
const PROGRAM = resolve(__dirname, '../../programs/keychain.ts');
/** Unlocks a new keyring with a password from standard input, then runs the program twice, as two sessions. */
const TWO_SESSIONS = `
  printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
  "$1" --require tsx/cjs "$2" store "$3" && "$1" --require tsx/cjs "$2" read "$3"
`;

describe('the keychain of the system', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'cowork-keychain-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('[FAQ-2] keeps a secret over two sessions in a real gnome-keyring', async function () {
    this.timeout(60_000);
    for (const program of ['dbus-run-session', 'gnome-keyring-daemon']) {
      if (!existsSync(`/usr/bin/${program}`)) skip(this, `${program} is not installed`);
    }
    const { stdout } = await run(
      'dbus-run-session',
      ['--', 'bash', '-c', TWO_SESSIONS, 'bash', process.execPath, PROGRAM, join(home, 'file')],
      { env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home } },
    );
    const [stored, read] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(stored, {
      level: 'keychain',
      value: 'kept-by-the-keyring',
      asked: 0,
      names: ['telegram/botToken'],
    });
    assert.deepEqual(read, stored);
    assert.equal(existsSync(join(home, 'file')), false, 'no fallback file was written');
  });

  it('[FAQ-2] without D-Bus reaches the encrypted file with one question', async function () {
    this.timeout(60_000);
    const { DBUS_SESSION_BUS_ADDRESS: _bus, DISPLAY: _display, ...env } = process.env;
    const { stdout } = await run(
      process.execPath,
      ['--require', 'tsx/cjs', PROGRAM, 'store', join(home, 'file')],
      {
        env: { ...env, HOME: home, XDG_RUNTIME_DIR: home },
      },
    );
    const { level, value, asked } = JSON.parse(stdout);
    assert.deepEqual({ level, value, asked }, { level: 'file', value: 'kept-by-the-keyring', asked: 1 });
  });
});
