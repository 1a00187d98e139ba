import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterContext } from '../../../src/channels/contract';
import { createAdapter } from '../../../src/channels/signal/adapter';
import { signalDescriptor } from '../../../src/channels/signal/descriptor';
import { EventParser } from '../../../src/channels/signal/events';
import { styled } from '../../../src/channels/signal/format';
import { signalRules } from '../../../src/channels/signal/rules';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { rightsOf } from '../../../src/session/folder-rights';
import { ManualClock } from '../../helpers/manual-clock';
import { ACCOUNT, ME, SignalDaemon } from '../../peers/signal/daemon';
import { channelFacts, MemoryStore, outbound, until, watchedContext } from './support';

const ALICE = '0b0b0b0b-0000-4000-8000-00000000000b';
const BOB = '0c0c0c0c-0000-4000-8000-00000000000c';
const GROUP = Buffer.alloc(32, 7).toString('base64');
const OTHER_GROUP = Buffer.alloc(32, 9).toString('base64');
const inGroup = (groupId: string) => ({ groupInfo: { groupId, type: 'DELIVER' } });

describe('signal adapter', () => {
  let daemon: SignalDaemon;
  let open: { disconnect(): Promise<void> }[];

  beforeEach(async () => {
    open = [];
    daemon = new SignalDaemon();
    daemon.groups.add(GROUP);
    for (const person of [ALICE, BOB]) daemon.know(person);
    await daemon.start();
  });
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await daemon.stop();
    assert.deepEqual(daemon.problems, []);
  });

  interface Options {
    settings?: Record<string, unknown>;
    store?: MemoryStore;
    machine?: AdapterContext['machine'];
    clock?: ManualClock;
    known?: readonly string[];
  }

  async function connected({ settings = {}, store, machine, clock, known = [] }: Options = {}) {
    const parsed = signalDescriptor.settings.parse({ daemonUrl: daemon.url, account: ACCOUNT, ...settings });
    const watched = watchedContext(signalDescriptor, parsed as Record<string, unknown>, {}, clock, {
      ...(store ? { store } : {}),
      ...(machine ? { machine } : {}),
    });
    for (const person of known) watched.known.add(`${ME}/${person}`);
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    const account = await adapter.connect();
    return { ...watched, adapter, account };
  }

  function facts(part: Partial<ChannelFacts>): ChannelFacts {
    return channelFacts(signalDescriptor, part);
  }
  const found = (id: string, reported: ChannelFacts['reported']) =>
    signalRules.find((rule) => rule.id === id)?.check(facts({ reported }));

  it('[SG-2] suspends a person whose key has changed before another word of theirs is heard, and shows the number', async () => {
    const { received, known, notes, facts: reported } = await connected({ known: [ALICE, BOB] });
    daemon.say(ALICE, { message: 'with the old key' });
    await until(() => received.length === 1, 'the first message');
    // Also when signal-cli was told to trust whatever comes.
    daemon.changeKey(ALICE, 'TRUSTED_UNVERIFIED');
    const heardAs: boolean[] = [];
    daemon.say(ALICE, { message: 'with another key' });
    await until(() => received.length === 2, 'the second message');
    heardAs.push(known.has(`${ME}/${ALICE}`), known.has(`${ME}/${BOB}`));
    assert.deepEqual(heardAs, [false, true]);
    assert.equal(notes.length, 1);
    assert.equal(notes[0]?.sender, ALICE);
    assert.match(notes[0]?.text ?? '', /99999 88888 .* 09876/);
    assert.deepEqual(reported().changedKeys, [ALICE]);
    assert.match(found('SG-2', reported())?.evidence ?? '', /0b0b0b0b/);
    assert.equal(found('SG-2', { changedKeys: [] }), undefined);
  });

  it('[SG-2] hears a person again who is let in anew, with the key that is there then', async () => {
    const store = new MemoryStore();
    const { received, known, facts: reported } = await connected({ store, known: [ALICE] });
    daemon.say(ALICE, { message: 'one' });
    await until(() => received.length === 1, 'the first message');
    daemon.changeKey(ALICE, 'TRUSTED_UNVERIFIED');
    daemon.say(ALICE, { message: 'two' });
    await until(() => received.length === 2, 'the second message');
    known.add(`${ME}/${ALICE}`);
    daemon.say(ALICE, { message: 'three' });
    daemon.say(ALICE, { message: 'four' });
    await until(() => received.length === 4, 'the last message');
    assert.ok(known.has(`${ME}/${ALICE}`));
    assert.deepEqual(reported().changedKeys, []);
    daemon.know(ALICE);
    daemon.say(ALICE, { message: 'five' });
    await until(() => received.length === 5, 'the message with the first key again');
    assert.ok(!known.has(`${ME}/${ALICE}`), 'the key of now is the one that counts');
  });

  it('[SG-2] remembers keys over a restart, and looks at everybody when it connects and every five minutes', async () => {
    const store = new MemoryStore();
    const clock = new ManualClock();
    const first = await connected({ store, known: [ALICE, BOB] });
    daemon.say(ALICE, { message: 'one' });
    daemon.say(BOB, { message: 'two' });
    await until(() => first.received.length === 2, 'both messages');
    await first.adapter.disconnect();
    daemon.changeKey(ALICE, 'TRUSTED_UNVERIFIED');
    const second = await connected({ store, clock, known: [ALICE, BOB] });
    assert.deepEqual([...second.known], [`${ME}/${BOB}`]);
    daemon.changeKey(BOB);
    clock.advance(300_000);
    await until(() => second.known.size === 0, 'the look at everybody');
  });

  it('[SG-2] suspends whom signal-cli says not to trust, also when only a sending shows it', async () => {
    const { adapter, known, received } = await connected({ known: [ALICE, BOB] });
    daemon.say(ALICE, { message: 'one' });
    await until(() => received.length === 1, 'the message');
    daemon.changeKey(ALICE);
    await assert.rejects(
      adapter.send(outbound({ channel: 'signal', conversation: ALICE })),
      /safety number has changed/,
    );
    assert.ok(!known.has(`${ME}/${ALICE}`));
    daemon.changeKey(BOB);
    daemon.arrive(daemon.envelope(BOB, daemon.tick(), {}), {
      exception: { type: 'UntrustedIdentityException', message: 'x' },
    });
    await until(() => !known.has(`${ME}/${BOB}`), 'the suspension');
  });

  it('[SG-2] hears nobody whose key it cannot look at', async () => {
    const { received, states } = await connected({ known: [ALICE] });
    daemon.trouble = 'error';
    daemon.say(ALICE, { message: 'in the dark' });
    await until(() => states.some(({ state }) => state === 'waiting'), 'the trouble');
    assert.equal(received.length, 0);
    daemon.trouble = undefined;
    await until(() => received.length === 1, 'the message');
    assert.equal(states.at(-1)?.state, 'online');
  });

  it('[SG-4] knows people by their account id alone, whatever number or name comes with it', async () => {
    const { received } = await connected();
    const timestamp = daemon.tick();
    const dataMessage = { timestamp, message: 'no id' };
    daemon.arrive({
      ...daemon.envelope(ALICE, timestamp, { dataMessage }),
      sourceUuid: null,
      sourceNumber: '+4917',
    });
    daemon.arrive({
      ...daemon.envelope(BOB.toUpperCase(), timestamp, { dataMessage: { timestamp, message: 'bob' } }, ALICE),
      sourceNumber: ACCOUNT,
    });
    await until(() => received.length > 0, 'the message with an id');
    assert.deepEqual(
      received.map(({ sender, text }) => [sender.id, text]),
      [[BOB, 'bob']],
    );
  });

  it('hears the listed groups alone, and what is said to it', async () => {
    const { received } = await connected({ settings: { allowedGroups: [GROUP] } });
    daemon.say(ALICE, { message: 'other group', ...inGroup(OTHER_GROUP) });
    daemon.say(ALICE, { message: '', groupInfo: { groupId: GROUP, type: 'UPDATE' } });
    daemon.say(ALICE, { message: 'chatter', ...inGroup(GROUP) });
    const mentions = [
      { uuid: BOB, name: 'Bob', start: 6, length: 1 },
      { uuid: ME, start: 0, length: 1 },
    ];
    daemon.say(ALICE, { message: '\ufffc ask \ufffc', mentions, ...inGroup(GROUP) });
    await until(() => received.length === 2, 'both messages of the group');
    assert.deepEqual(
      received.map(({ text, addressed, conversation }) => [text, addressed, conversation]),
      [
        ['chatter', false, GROUP],
        ['ask @Bob', true, GROUP],
      ],
    );
    daemon.say(ALICE, { message: null, reaction: { emoji: '👍' } });
    daemon.say(ALICE, { message: 'end' });
    await until(() => received.length === 3, 'the end');
    assert.equal(received[2]?.text, 'end');
  });

  it('takes nothing from before it first came, also when the daemon sends all that it kept', async () => {
    const store = new MemoryStore();
    const old = daemon.tick() - 3_600_000;
    daemon.arrive(daemon.envelope(ALICE, old, { dataMessage: { timestamp: old, message: 'long ago' } }));
    const first = await connected({ store });
    await first.adapter.disconnect();
    daemon.say(ALICE, { message: 'while away' });
    const second = await connected({ store });
    await until(() => second.received.length > 0, 'what was said while away');
    assert.deepEqual(
      [...first.received, ...second.received].map(({ text }) => text),
      ['while away'],
    );
    assert.deepEqual(daemon.resumed, [undefined, 'none']);
    await second.adapter.disconnect();
    await connected({ store });
    assert.equal(daemon.resumed.at(-1), '2');
  });

  it('works with a daemon for one account, and says when events are not numbered', async () => {
    daemon.single = true;
    daemon.numbered = false;
    const { account, received, facts: reported } = await connected();
    assert.equal(account.account, ME);
    daemon.say(ALICE, { message: 'one' });
    await until(() => received.length === 1, 'the message');
    await until(() => reported().resumes === false, 'the report');
    assert.match(signalDescriptor.health?.(reported()).join(' ') ?? '', /does not number its events/);
  });

  it('cuts a reply at 2,000 bytes, between characters, and quotes what it answers', async () => {
    const { adapter, received } = await connected();
    const timestamp = daemon.say(ALICE, { message: 'the question' });
    await until(() => received.length === 1, 'the question');
    const text = '日本語👩‍👩‍👧 '.repeat(200).trim();
    await adapter.send(
      outbound({ channel: 'signal', conversation: ALICE, text, inReplyTo: received[0]?.platformId ?? '' }),
    );
    assert.ok(daemon.sent.length > 2);
    assert.ok(daemon.sent.every((one) => Buffer.byteLength(one.text) <= 2_000));
    assert.equal(
      daemon.sent
        .map((one) => one.text)
        .join(' ')
        .replace(/\s/g, ''),
      text.replace(/\s/g, ''),
    );
    assert.deepEqual(daemon.sent[0]?.quote, { author: ALICE, timestamp, text: 'the question' });
    assert.equal(daemon.sent[1]?.quote, undefined);
  });

  it('says beside the text what is code', () => {
    const { text, styles } = styled('Run `npm test`:\n```sh\nls *x*\n```\nnow', 'markdown');
    assert.equal(text, 'Run npm test:\nls *x*\nnow');
    assert.deepEqual(styles, ['4:8:MONOSPACE', '14:6:MONOSPACE']);
    assert.deepEqual(styled('`a` **b**', 'text'), { text: '`a` **b**', styles: [] });
  });

  it('reads events in whatever pieces they come', () => {
    const parser = new EventParser();
    const text = ':\nid: 7\nevent:receive\r\ndata:{"a":\ndata:1}\n\nevent:other\ndata:x\n\ndata:y\n\n';
    const events = [...text].flatMap((char) => parser.push(char));
    assert.deepEqual(events, [
      { id: '7', data: '{"a":\n1}' },
      { id: undefined, data: 'y' },
    ]);
    assert.throws(() => parser.push('x'.repeat(5_000_000)), /too large/);
  });

  it('takes a daemon on this machine alone', () => {
    const takes = (daemonUrl: string) => signalDescriptor.settings.safeParse({ daemonUrl }).success;
    for (const url of ['http://127.0.0.1:8080', 'http://localhost:1/', 'http://[::1]:8080'])
      assert.ok(takes(url), url);
    for (const url of [
      'http://10.0.0.1:8080',
      'https://signal.example',
      'http://127.0.0.1.evil.example',
      'x',
    ])
      assert.ok(!takes(url), url);
    for (const account of ['Alice', '0170123456', '+0170'])
      assert.ok(!signalDescriptor.settings.safeParse({ account }).success, account);
    assert.match(signalDescriptor.missing?.({}) ?? '', /cowork\.channels\.signal\.account/);
  });

  it('[SG-3] finds a folder of keys that others can open, that the agent can reach, or that is synced', async () => {
    const path = '/home/a/.local/share/signal-cli';
    const machine: AdapterContext['machine'] = {
      platform: 'linux',
      home: '/home/a',
      rightsOf: async (folder) => ({ path: folder, openToOthers: 2, insideWorkspace: false }),
    };
    const { facts: reported } = await connected({ machine });
    assert.equal(reported().dataDirectory, path);
    const open = found('SG-3', reported());
    assert.match(open?.evidence ?? '', /2 places/);
    assert.deepEqual(open?.fix, { kind: 'permissions', title: open?.fix?.title, path, mode: 0o700 });
    const closed = { dataDirectory: path, openToOthers: 0, insideWorkspace: false, syncedBy: null };
    for (const id of ['SG-3', 'SG-3.place', 'SG-3.unknown']) assert.equal(found(id, closed), undefined, id);
    assert.match(
      found('SG-3.place', { ...closed, insideWorkspace: true })?.evidence ?? '',
      /folder that is open/,
    );
    assert.match(found('SG-3.place', { ...closed, syncedBy: 'Dropbox' })?.evidence ?? '', /Dropbox/);
    assert.ok(found('SG-3.unknown', (await connected()).facts()));
  });

  it('[SG-3] sees who else may open a folder and where it lies, by what is really there', async () => {
    const root = await mkdtemp(join(tmpdir(), 'cowork-rights-'));
    try {
      const keys = join(root, 'keys');
      const synced = join(root, 'Dropbox');
      await mkdir(join(keys, 'data'), { recursive: true, mode: 0o755 });
      await mkdir(synced, { mode: 0o700 });
      await writeFile(join(keys, 'data', 'account'), 'x', { mode: 0o644 });
      await chmod(keys, 0o755);
      const look = (path: string, workspace = join(root, 'elsewhere')) => rightsOf(path, workspace, 'linux');
      assert.deepEqual(await look(keys), { path: keys, openToOthers: 3, insideWorkspace: false });
      await chmod(keys, 0o700);
      assert.equal((await look(keys))?.openToOthers, 0);
      assert.equal((await look(keys, root))?.insideWorkspace, true);
      assert.equal((await look(synced))?.syncedBy, 'Dropbox');
      await symlink(keys, join(root, 'link'));
      assert.equal((await look(join(root, 'link'), keys))?.insideWorkspace, true);
      assert.equal(await look(join(keys, 'data', 'account')), undefined);
      assert.equal(await look(join(root, 'nothing')), undefined);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
