import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectToWindow } from '../../../src/channels/local/client';
import { localDescriptor } from '../../../src/channels/local/descriptor';
import { type LocalWindow, openWindows } from '../../../src/channels/local/discovery';
import { LocalHub } from '../../../src/channels/local/hub';
import { encodeLine, LINE_CAP, LineReader, type LocalMessage } from '../../../src/channels/local/protocol';
import { LocalServer } from '../../../src/channels/local/server';
import { systemClock } from '../../../src/engine/model/ports';
import { MemoryJournal } from '../../helpers/memory-journal';
import { outbound, until, watchedContext } from './support';

describe('local channel', () => {
  let folder: string;
  let journal: MemoryJournal;
  let closing: (() => Promise<unknown> | undefined)[];

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'cowork-local-')), 'windows');
    journal = new MemoryJournal(systemClock);
    closing = [];
  });
  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    await rm(join(folder, '..'), { recursive: true });
  });

  async function opened(settings: Record<string, unknown> = {}, workspace = 'sample') {
    const hub = new LocalHub(new LocalServer({ folder, workspace, records: journal }));
    const watched = watchedContext(localDescriptor, settings, {});
    const adapter = hub.createAdapter(watched.context);
    closing.push(() => adapter.disconnect());
    const account = await adapter.connect();
    return { hub, adapter, account, ...watched };
  }

  async function onlyWindow(): Promise<LocalWindow> {
    const windows = await openWindows(folder);
    assert.equal(windows.length, 1);
    return windows[0]!;
  }

  async function client(window: LocalWindow, name = 'terminal', group?: string) {
    const messages: LocalMessage[] = [];
    const ends: string[] = [];
    const made = await connectToWindow(window, {
      name,
      ...(group === undefined ? {} : { group }),
      onMessage: (message) => void messages.push(message),
      onEnd: (reason) => void ends.push(reason),
    });
    closing.push(async () => made.end());
    return { ...made, messages, ends };
  }

  it('carries a question in and the answer out, over a socket and from inside alike', async () => {
    const { adapter, received, hub } = await opened();
    const outside = await client(await onlyWindow());
    const inside: LocalMessage[] = [];
    const peer = hub.attach({ name: 'terminal', onMessage: (message) => void inside.push(message) });
    await outside.say('/run npm test');
    await peer.say('/status');
    assert.deepEqual(
      received.map(({ text, sender, conversation, context, account, addressed }) => ({
        text,
        sender: sender.id,
        conversation,
        context,
        account,
        addressed,
      })),
      ['/run npm test', '/status'].map((text) => ({
        text,
        sender: 'terminal',
        conversation: 'dm-terminal',
        context: 'dm',
        account: 'this-machine',
        addressed: true,
      })),
    );
    const sent = await adapter.send(
      outbound({
        channel: 'local',
        conversation: 'dm-terminal',
        text: 'zeile\n\u001b[31mrot 😀',
        inReplyTo: 'q',
      }),
    );
    await until(() => outside.messages.length === 1, 'the reply');
    assert.deepEqual(outside.messages, inside);
    assert.equal(outside.messages[0]?.text, 'zeile\n\u001b[31mrot 😀');
    assert.deepEqual(sent.platformIds, [inside[0]?.id]);
  });

  it('gives each name its own identity and conversation, and each group its own room', async () => {
    const { received, adapter } = await opened();
    const window = await onlyWindow();
    const alice = await client(window, 'alice', 'team');
    const bob = await client(window, 'bob', 'team');
    await alice.say('morning');
    await alice.say('@cowork ABC123');
    await bob.say('/run ls');
    assert.deepEqual(
      received.map(({ text, addressed, context, conversation, sender }) => [
        text,
        addressed,
        context,
        conversation,
        sender.id,
      ]),
      [
        ['morning', false, 'group', 'group-team', 'alice'],
        ['ABC123', true, 'group', 'group-team', 'alice'],
        ['/run ls', true, 'group', 'group-team', 'bob'],
      ],
    );
    await adapter.send(outbound({ channel: 'local', conversation: 'group-team', text: 'hello all' }));
    await until(() => alice.messages.length === 2 && bob.messages.length === 3, 'what the others said');
    assert.deepEqual(
      bob.messages.map(({ from, text }) => [from, text]),
      [
        ['alice', 'morning'],
        ['alice', '@cowork ABC123'],
        [undefined, 'hello all'],
      ],
    );
    assert.deepEqual(
      alice.messages.map(({ from }) => from),
      ['bob', undefined],
    );
  });

  it('keeps replies for somebody who is away, within bounds', async () => {
    const { adapter, hub } = await opened();
    for (let index = 0; index < 250; index += 1) {
      await adapter.send(outbound({ channel: 'local', conversation: 'dm-late', text: String(index) }));
    }
    const got: string[] = [];
    hub.attach({ name: 'late', onMessage: ({ text }) => void got.push(text) });
    assert.deepEqual([got.length, got[0], got.at(-1)], [200, '50', '249']);
  });

  it('lets in nobody without the token, tells nothing, and puts it on the record', async () => {
    await opened();
    const { port, token } = await onlyWindow();
    const attempts = [
      '{"type":"hello","v":1,"token":"","as":"terminal"}\n',
      `{"type":"hello","v":1,"token":"${token.slice(0, -1)}0x","as":"terminal"}\n`,
      '{"type":"say","id":"aaaaaaaa","text":"/run ls"}\n',
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      Buffer.from([0xff, 0xfe, 0x0a]),
      '[]\n',
    ];
    for (const attempt of attempts) {
      const socket = connect(port, '127.0.0.1');
      socket.write(attempt);
      const answer = await readAll(socket);
      assert.match(answer, /^\{"type":"bye"/);
      assert.ok(!answer.includes(token));
    }
    await until(() => journal.ofType('message.dropped').length > 0, 'the record');
    const [first] = journal.ofType('message.dropped');
    assert.deepEqual(first?.data, { channel: 'local', reason: 'wrong token', count: 1 });
    assert.equal(journal.records.length, 1, 'the others are counted, not written one by one');
  });

  it('keeps its key where only its owner can read it, and takes it away at the end', async () => {
    const { adapter } = await opened();
    const [name] = await readdir(folder);
    const path = join(folder, name!);
    if (process.platform !== 'win32') {
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.equal((await stat(folder)).mode & 0o777, 0o700);
      await chmod(path, 0o644);
      assert.deepEqual(await openWindows(folder), [], 'a file that others can write to is not believed');
      await chmod(path, 0o600);
    }
    const first = (await onlyWindow()).token;
    assert.match(first, /^[0-9a-f]{64}$/);
    await adapter.disconnect();
    assert.deepEqual(await readdir(folder), []);
    await opened();
    assert.notEqual((await onlyWindow()).token, first);
  });

  it('lists several windows and clears away those that are gone', async () => {
    await opened({}, 'first');
    await new Promise((resolve) => setTimeout(resolve, 2));
    await opened({}, 'second');
    const [entry] = await readdir(folder);
    const gone = {
      ...(JSON.parse(await readFile(join(folder, entry!), 'utf8')) as LocalWindow),
      window: '00000000-0000-4000-8000-000000000000',
      pid: 2 ** 22 + 1,
    };
    await writeFile(join(folder, `${gone.window}.chat.json`), JSON.stringify(gone), { mode: 0o600 });
    await writeFile(join(folder, 'other.chat.json'), '{"v":1', { mode: 0o600 });
    assert.deepEqual(
      (await openWindows(folder)).map(({ workspace }) => workspace),
      ['first', 'second'],
    );
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith(gone.window)));
  });

  it('says which port is taken and which setting to change', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    closing.push(() => new Promise((resolve) => other.close(resolve)));
    const address = other.address();
    const port = address && typeof address === 'object' ? address.port : 0;
    await assert.rejects(opened({ port }), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`^Port ${port} on 127.0.0.1 is taken.*cowork.channels.local.port`),
      );
      return true;
    });
  });

  it('takes a message of 1 MB for the gateway to judge, and cuts off what is larger than any message', async () => {
    const { received } = await opened();
    const window = await onlyWindow();
    const talker = await client(window);
    await talker.say('ä'.repeat(1_000_000));
    assert.equal(received[0]?.text.length, 1_000_000);
    const flood = await client(window);
    await assert.rejects(flood.say('x'.repeat(LINE_CAP)), /larger than|cannot be reached|closed/);
    await talker.say('still here');
    assert.equal(received.length, 2);
  });

  it('says so when a message could not be recorded or the channel went off', async () => {
    const { failReceives, adapter, received } = await opened();
    const talker = await client(await onlyWindow());
    failReceives(1);
    await assert.rejects(talker.say('one'), /not taken: the journal cannot be written/);
    await talker.say('two');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['two'],
    );
    await adapter.disconnect();
    await until(() => talker.ends.length === 1, 'the end');
    assert.match(talker.ends[0]!, /switched off/);
    const off = new LocalHub().attach({ name: 'x', onMessage: () => {} });
    await assert.rejects(off.say('hello'), /local channel is off/);
  });

  it('does not wait for a client that does not read', async () => {
    const { adapter, hub } = await opened();
    const { port, token } = await onlyWindow();
    const socket = connect(port, '127.0.0.1');
    socket.write(encodeLine({ type: 'hello', v: 1, token, as: 'deaf' }));
    await once(socket, 'data');
    socket.pause();
    const before = hub.attach({ name: 'deaf', onMessage: () => {} });
    for (let index = 0; index < 8; index += 1) {
      await adapter.send(
        outbound({ channel: 'local', conversation: 'dm-deaf', text: 'x'.repeat(1_000_000) }),
      );
    }
    before.dispose();
    await adapter.disconnect();
    socket.destroy();
  });

  it('refuses names that are not names', async () => {
    const { hub } = await opened();
    const window = await onlyWindow();
    for (const name of ['', 'Alice', 'a:b', 'a b', '../x', 'ä', '-x', 'x'.repeat(33)]) {
      assert.throws(() => hub.attach({ name, onMessage: () => {} }), RangeError);
      await assert.rejects(client(window, name));
    }
  });

  it('reads lines however they are cut, and refuses what is not text', () => {
    const line = encodeLine({ type: 'say', id: 'aaaaaaaa', text: 'ä\n😀\u2028' });
    const bytes = Buffer.from(line + line);
    for (let size = 1; size <= bytes.length; size += 1) {
      const reader = new LineReader();
      const lines: string[] = [];
      for (let at = 0; at < bytes.length; at += size)
        lines.push(...reader.push(bytes.subarray(at, at + size)));
      assert.deepEqual(lines, [line.trimEnd(), line.trimEnd()]);
    }
    assert.throws(() => new LineReader().push(Buffer.from([0xc3, 0x28, 0x0a])), /not text in UTF-8/);
    assert.throws(() => new LineReader(10).push(Buffer.alloc(11, 65)), /larger than 10 bytes/);
  });
});

async function readAll(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
