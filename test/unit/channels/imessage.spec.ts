import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChannelError } from '../../../src/channels/contract';
import { createAdapter } from '../../../src/channels/imessage/adapter';
import { imessageDescriptor } from '../../../src/channels/imessage/descriptor';
import { normaliseHandle } from '../../../src/channels/imessage/handles';
import { ChannelManager } from '../../../src/channels/manager/manager';
import { recordedPrograms } from '../../../src/channels/manager/programs';
import { ChannelRegistry } from '../../../src/channels/registry';
import { Masking } from '../../../src/engine/vault/masking';
import { startProgram } from '../../../src/session/programs';
import { ManualClock } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';
import { MemorySecrets } from '../../helpers/memory-secrets';
import { MessagesPeer } from '../../peers/imessage/messages';
import { TestGate } from '../egress/gate';
import { collectingLogger, MemoryStore, noServices, outbound, until, watchedContext } from './support';

const ALICE = '+491701234567';
const DM = `iMessage;-;${ALICE}`;
const GROUP = 'iMessage;+;chat42';

describe('imessage adapter', () => {
  let peer: MessagesPeer;
  let home: string;
  let open: { disconnect(): Promise<void> }[];

  beforeEach(async () => {
    open = [];
    peer = new MessagesPeer();
    await peer.start();
    home = await realpath(await mkdtemp(join(tmpdir(), 'cowork-home-')));
  });
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await peer.stop();
    await rm(home, { recursive: true, force: true });
    assert.deepEqual(peer.problems, []);
  });

  async function connected(settings: Record<string, unknown> = {}, store = new MemoryStore()) {
    const parsed = imessageDescriptor.settings.parse({
      program: peer.program,
      account: 'agent@mail.example',
      ...settings,
    });
    const watched = watchedContext(imessageDescriptor, parsed as Record<string, unknown>, {}, undefined, {
      store,
      machine: { platform: 'darwin', home, rightsOf: async () => undefined },
    });
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    return { ...watched, adapter, account: await adapter.connect() };
  }

  it('[IM-1] says that it works on macOS only on another system, starts nothing there and does not try again', async () => {
    const clock = new ManualClock();
    const journal = new MemoryJournal(clock);
    let loaded = 0;
    const started: string[] = [];
    const manager = new ChannelManager({
      registry: new ChannelRegistry(
        async () => {
          loaded += 1;
          return { createAdapter };
        },
        new Map(),
        [imessageDescriptor],
      ),
      gateway: { receive: async () => {}, attach: () => {}, detach: () => {} },
      secrets: new MemorySecrets(),
      records: journal,
      lease: { acquire: async () => ({ held: true, release: async () => {} }) },
      clock,
      log: collectingLogger([]),
      masking: new Masking(),
      egress: new TestGate().egress,
      services: {
        ...noServices(),
        machine: { platform: 'linux', home, rightsOf: async () => undefined },
        program: async (path) => {
          started.push(path);
          throw new Error('not here');
        },
      },
      random: () => 0,
      settings: () => ({ program: peer.program, account: ALICE }),
      hold: () => undefined,
    });
    await manager.enable('imessage');
    const [view] = manager.list();
    assert.equal(view?.state, 'unconfigured');
    assert.match(view?.detail ?? '', /macOS only/);
    assert.deepEqual([loaded, started, clock.pendingTimers], [0, [], 0]);
    await manager.close();
  });

  it('[IM-2] hands over strangers as strangers, by their handle, so that a code is asked of them', async () => {
    const { received, account } = await connected();
    peer.arrive(DM, { sender: ' +49 170 1234567 ', text: 'let me in' });
    await until(() => received.length === 1, 'the message');
    assert.equal(account.isBot, null);
    const { sender, conversation, context } = received[0] ?? assert.fail();
    assert.deepEqual([sender.id, sender.isSelf, conversation, context], [ALICE, false, ALICE, 'dm']);
  });

  it('[IM-3] has one form of each handle, and none of what may be anybody’s', () => {
    const same: readonly (readonly [string, string])[] = [
      ['+491701234567', '+49 170 1234567'],
      ['+491701234567', 'tel:+49 (170) 123-45.67'],
      ['+491701234567', '\u202a+49\u00a0170\u20111234567\u202c'],
      ['+491701234567', '＋４９１７０１２３４５６７'],
      ['ann.b@mail.example', ' Ann.B@Mail.EXAMPLE '],
      ['ann+x@mail.example', 'mailto:ann+x@mail.example'],
    ];
    for (const [form, raw] of same) assert.equal(normaliseHandle(raw), form, raw);
    const none = [
      '0170 1234567',
      '00491701234567',
      '1701234567',
      '+0491701234567',
      '+49170',
      '+4917012345678901',
      '+49170x234567',
      '72225',
      'urn:biz:0f',
      'ann@',
      '@mail.example',
      'ann@mail',
      'a b@mail.example',
      'ann@mail.example, bob@mail.example',
      'ann@b@mail.example',
      '',
      ' ',
    ];
    for (const raw of none) assert.equal(normaliseHandle(raw), undefined, raw);
    for (const [form] of same) assert.equal(normaliseHandle(form), form);
  });

  it('[IM-3] hears the listed contacts alone, however their handles are written', async () => {
    const { received } = await connected({ allowedContacts: ['+49 170 1234567', 'Bob@Mail.example'] });
    peer.arrive('iMessage;-;+491709999999', { sender: '+491709999999', text: 'not listed' });
    // Ends like a listed number.
    peer.arrive('iMessage;-;+11701234567', { sender: '+11701234567', text: 'suffix' });
    peer.arrive(DM, { sender: ALICE, text: 'alice' });
    peer.arrive('iMessage;-;bob', { sender: 'bob@mail.EXAMPLE', text: 'bob' });
    await until(() => received.length === 2, 'both');
    assert.deepEqual(
      received.map(({ text, sender }) => [text, sender.id]),
      [
        ['alice', ALICE],
        ['bob', 'bob@mail.example'],
      ],
    );
    for (const allowedContacts of [['Alice'], ['0170 1234567']])
      assert.ok(!imessageDescriptor.settings.safeParse({ allowedContacts }).success);
    const parsed = imessageDescriptor.settings.parse({ account: 'Agent@Mail.Example' });
    assert.equal((parsed as { account: string }).account, 'agent@mail.example');
  });

  it('hears no SMS, whose sender can be forged, no reaction and nothing of its own', async () => {
    const { received } = await connected();
    peer.arrive(`SMS;-;${ALICE}`, { sender: ALICE, text: 'sms' });
    peer.arrive(`RCS;-;${ALICE}`, { sender: ALICE, text: 'rcs' });
    peer.arrive(DM, { sender: ALICE, text: 'Loved “x”', is_reaction: true });
    peer.arrive(DM, { sender: '72225', text: 'short code' });
    peer.arrive(DM, { sender: ALICE, text: 'mine', is_from_me: true });
    peer.arrive(DM, { sender: ALICE, text: 'heard' });
    await until(() => received.some(({ text }) => text === 'heard'), 'the last message');
    assert.deepEqual(
      received.map(({ text, sender }) => [text, sender.isSelf]),
      [
        ['mine', true],
        ['heard', false],
      ],
    );
  });

  it('takes for a group what may be one, and for itself what begins with its name', async () => {
    const { received } = await connected();
    peer.arrive(GROUP, { sender: ALICE, text: '@Cowork: status' });
    peer.arrive(GROUP, { sender: ALICE, text: '@coworkers hello' });
    peer.arrive(GROUP, { sender: ALICE, text: 'chatter', is_group: false });
    peer.arrive('iMessage;-;odd', { sender: ALICE, text: 'two', participants: [ALICE, '+491709999999'] });
    await until(() => received.length === 4, 'all');
    assert.deepEqual(
      received.map(({ text, context, addressed }) => [text, context, addressed]),
      [
        ['status', 'group', true],
        ['@coworkers hello', 'group', false],
        ['chatter', 'group', false],
        ['two', 'group', false],
      ],
    );
  });

  it('starts with what is said from now on, and goes on where it was after a restart', async () => {
    peer.arrive(DM, { sender: ALICE, text: 'long before' });
    const store = new MemoryStore();
    const first = await connected({}, store);
    peer.arrive(DM, { sender: ALICE, text: 'while there' });
    await until(() => first.received.length === 1, 'the first');
    await first.adapter.disconnect();
    peer.arrive(DM, { sender: ALICE, text: 'while away' });
    const second = await connected({}, store);
    await until(() => second.received.length === 1, 'the second');
    assert.deepEqual(
      [...first.received, ...second.received].map(({ text }) => text),
      ['while there', 'while away'],
    );
    assert.deepEqual(peer.since, [1, 2]);
  });

  it('sends plain text, without fences, to the person or the group', async () => {
    const { adapter } = await connected();
    peer.chats.set(GROUP, 7);
    const text = 'Run `npm test`:\n```sh\nls *x*\n```\nnow';
    await adapter.send(outbound({ channel: 'imessage', conversation: ALICE, text, format: 'markdown' }));
    await adapter.send(outbound({ channel: 'imessage', conversation: GROUP, text: '`as it is`' }));
    assert.deepEqual(
      peer.sent.map(({ place, text: said }) => [place, said]),
      [
        [ALICE, 'Run npm test:\nls *x*\nnow'],
        [GROUP, '`as it is`'],
      ],
    );
  });

  it('reads files from the folder of Messages alone, links followed', async () => {
    const folder = join(home, 'Library/Messages/Attachments');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'a.txt'), 'inside');
    await writeFile(join(home, 'secret'), 'outside');
    await symlink(join(home, 'secret'), join(folder, 'link'));
    const { adapter, received } = await connected();
    const paths = [
      join(folder, 'a.txt'),
      join(folder, 'link'),
      `${folder}/../../../secret`,
      folder,
      '/dev/zero',
    ];
    peer.arrive(DM, {
      sender: ALICE,
      text: '\ufffc',
      attachments: [
        ...paths.map((path) => ({ transfer_name: 'x', mime_type: 'text/plain', original_path: path })),
        { transfer_name: 'gone', original_path: join(folder, 'b.txt'), missing: true },
      ],
    });
    await until(() => received.length === 1, 'the message');
    const [first, ...rest] = received[0]?.attachments ?? [];
    assert.ok(first && rest.length === 4);
    assert.equal(Buffer.from((await adapter.download?.(first, 100)) ?? []).toString(), 'inside');
    await assert.rejects(adapter.download?.(first, 3) ?? Promise.resolve(), /larger than 3 bytes/);
    for (const one of rest)
      await assert.rejects(adapter.download?.(one, 100) ?? Promise.resolve(), ChannelError, one.platformId);
  });

  it('[IM-4] puts each start of imsg, with its arguments, on record before it is, and each end', async () => {
    const { adapter, notes, facts } = await connected();
    assert.deepEqual(imessageDescriptor.health?.(facts()), []);
    const argv = JSON.stringify([peer.program, 'rpc']);
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['program-starting'],
    );
    assert.equal(notes[0]?.text, `Starts ${argv}.`);
    peer.cut();
    await until(() => notes.length === 3, 'the end and the next start');
    assert.match(notes[1]?.text ?? '', /has ended with code 1/);
    await until(
      () => /started again, once since/.test(imessageDescriptor.health?.(facts())[0] ?? ''),
      'the new start on the channel',
    );
    await adapter.disconnect();
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['program-starting', 'program-ended', 'program-starting', 'program-ended'],
    );
    await assert.rejects(connected({ program: join(home, 'nothing') }), /could not be started \(ENOENT\)/);
  });

  it('[IM-4] starts nothing that cannot be put on record, and no program but the one that is set', async () => {
    const started: string[] = [];
    const services = {
      program: async (path: string) => {
        started.push(path);
        throw new ChannelError('fatal', 'not here');
      },
    };
    const settings = { program: '/opt/imsg', account: ALICE };
    const full = recordedPrograms(imessageDescriptor, settings, services, () =>
      Promise.reject(new Error('the disk is full')),
    );
    await assert.rejects(
      full('/opt/imsg', ['rpc'], () => {}),
      /disk is full/,
    );
    const codes: string[] = [];
    const program = recordedPrograms(imessageDescriptor, settings, services, async ({ code }) => {
      codes.push(code);
    });
    await assert.rejects(
      program('/bin/sh', ['-c', 'id'], () => {}),
      /may not start/,
    );
    assert.deepEqual([started, codes], [[], []]);
    await assert.rejects(
      program('/opt/imsg', ['rpc'], () => {}),
      /not here/,
    );
    assert.deepEqual(codes, ['program-starting', 'program-failed']);
  });

  it('starts programs without the editor’s environment and without a shell, and ends all they started', async () => {
    const script = join(home, 'parent.mjs');
    await writeFile(
      script,
      `import { spawn } from 'node:child_process';
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
      console.log(JSON.stringify({ argv: process.argv.slice(2), env: Object.keys(process.env), child: child.pid }));
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1000);`,
    );
    const lines: string[] = [];
    const ports = {
      workspace: '/nowhere',
      env: { ...process.env, OPENAI_API_KEY: 'canary', NODE_OPTIONS: '--no-warnings' },
      home,
      platform: process.platform,
    };
    const args = [script, '$(touch x); `id`', '*'];
    const running = await startProgram(ports, process.execPath, args, (line) => lines.push(line));
    await until(() => lines.length === 1, 'its line');
    const said: { argv: string[]; env: string[]; child: number } = JSON.parse(lines[0] ?? '');
    assert.deepEqual(said.argv, args.slice(1));
    assert.ok(!said.env.includes('OPENAI_API_KEY') && !said.env.includes('NODE_OPTIONS'), said.env.join());
    const alive = (pid: number) => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    assert.ok(alive(said.child));
    running.stop();
    running.stop();
    await running.ended;
    assert.ok(!alive(running.pid), 'the program');
    await until(() => !alive(said.child), 'what it had started to be gone');
  });
});
