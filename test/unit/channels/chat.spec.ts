import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { localDescriptor } from '../../../src/channels/local/descriptor';
import { discoveryFolder } from '../../../src/channels/local/discovery';
import { LocalHub } from '../../../src/channels/local/hub';
import { LocalServer } from '../../../src/channels/local/server';
import { chat } from '../../../src/cli/chat';
import { systemClock } from '../../../src/engine/model/ports';
import { MemoryJournal } from '../../helpers/memory-journal';
import { outbound, until, watchedContext } from './support';

describe('chat from a terminal outside', () => {
  let folder: string;
  let closing: (() => Promise<unknown>)[];

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'cowork-chat-')), 'windows');
    closing = [];
  });
  afterEach(async () => {
    for (const close of closing) await close();
    await rm(join(folder, '..'), { recursive: true });
  });

  async function window(workspace: string) {
    const records = new MemoryJournal(systemClock);
    const hub = new LocalHub(new LocalServer({ folder, workspace, records }));
    const watched = watchedContext(localDescriptor, {}, {});
    const adapter = hub.createAdapter(watched.context);
    await adapter.connect();
    closing.push(() => adapter.disconnect());
    // Windows are listed by the time they began, in milliseconds.
    await new Promise((resolve) => setTimeout(resolve, 2));
    return { adapter, ...watched };
  }

  function start(args: string[], interactive = false) {
    const input = new PassThrough();
    const output = new PassThrough();
    const errors = new PassThrough();
    const out: string[] = [];
    const err: string[] = [];
    output.on('data', (part: Buffer) => out.push(part.toString()));
    errors.on('data', (part: Buffer) => err.push(part.toString()));
    const code = chat(args, { input, output, errors, interactive, folder });
    return { input, code, out: () => out.join(''), err: () => err.join('') };
  }

  it('says what to do when no window is open', async () => {
    const run = start(['--send', 'hi']);
    assert.equal(await run.code, 1);
    assert.match(run.err(), /No VS Code window with the local chat is open\. Open a folder in VS Code/);
    assert.equal(await start(['--list']).code, 1);
  });

  it('says one thing and leaves', async () => {
    const { received } = await window('sample');
    const run = start(['--send', '/run npm test', '--as', 'alice']);
    assert.equal(await run.code, 0);
    assert.deepEqual(
      received.map(({ text, sender }) => [sender.id, text]),
      [['alice', '/run npm test']],
    );
  });

  it('waits for the replies and prints them as text', async () => {
    const { adapter, received } = await window('sample');
    const run = start(['--send', '/status', '--wait', '1']);
    await until(() => received.length === 1, 'the message');
    await adapter.send(
      outbound({ channel: 'local', conversation: 'dm-terminal', text: 'all \u001b[31mwell' }),
    );
    assert.equal(await run.code, 0);
    assert.equal(run.out(), 'CoWork: all ␛[31mwell\n');
    const silent = start(['--send', 'ABC234', '--group', 'team', '--wait', '1']);
    assert.equal(await silent.code, 1);
    assert.match(silent.err(), /No reply came/);
  });

  it('talks until the input ends, or the window does', async () => {
    const { adapter, received } = await window('sample');
    const run = start([], true);
    await until(() => run.out().includes('remote user “terminal”'), 'the greeting');
    run.input.write('one\n\ntwo\n');
    await until(() => received.length === 2, 'the messages');
    await adapter.send(outbound({ channel: 'local', conversation: 'dm-terminal', text: 'reply' }));
    await until(() => run.out().includes('CoWork: reply\n'), 'the reply');
    run.input.end();
    assert.equal(await run.code, 0);
    const second = start([], true);
    await until(() => second.out().includes('remote user'), 'the greeting');
    await adapter.disconnect();
    assert.equal(await second.code, 1);
    assert.match(second.err(), /switched off in VS Code/);
  });

  it('asks which window, when there are several', async () => {
    const first = await window('first');
    const second = await window('second');
    const run = start(['--send', 'x']);
    assert.equal(await run.code, 1);
    assert.match(run.err(), /Several windows are open.*--window N:\n1 {2}first .*\n2 {2}second /);
    assert.equal(await start(['--send', 'x', '--window', '2']).code, 0);
    assert.equal(await start(['--send', 'x', '--window', '3']).code, 1);
    assert.deepEqual([first.received.length, second.received.length], [0, 1]);
    const list = start(['--list']);
    assert.equal(await list.code, 0);
    assert.match(list.out(), /^1 {2}first .*\n2 {2}second .*\n$/);
  });

  it('explains a wrong call', async () => {
    for (const args of [
      ['hello'],
      ['--as', 'Alice B'],
      ['--window', 'x'],
      ['--wait', '0', '--send', 'a'],
      ['--nonsense'],
    ]) {
      const run = start(args);
      assert.equal(await run.code, 2, args.join(' '));
      assert.match(run.err(), /npm run chat/);
    }
    const help = start(['--help']);
    assert.equal(await help.code, 0);
    assert.match(help.out(), /--as alice/);
  });

  it('looks where the extension announces its windows', () => {
    assert.equal(discoveryFolder({ COWORK_STATE_DIR: '/x' }, 'linux', '/home/a'), join('/x', 'windows'));
    assert.equal(
      discoveryFolder({ XDG_STATE_HOME: '/s' }, 'linux', '/home/a'),
      join('/s', 'cowork-os', 'windows'),
    );
    assert.equal(
      discoveryFolder({}, 'linux', '/home/a'),
      join('/home/a', '.local', 'state', 'cowork-os', 'windows'),
    );
    assert.match(discoveryFolder({}, 'darwin', '/Users/a'), /Application Support/);
    assert.match(discoveryFolder({ LOCALAPPDATA: 'C:\\l' }, 'win32', 'C:\\u'), /^C:\\l.cowork-os.windows$/);
  });
});
