import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sessionKey } from '../../../src/channels/gateway/gateway';
import { FolderQuarantine } from '../../../src/channels/gateway/quarantine';
import { seenKey } from '../../../src/engine/messages/projection';
import { said, who } from '../../helpers/access-house';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { GatewayRig } from './rig';

describe('the gateway, inbound', () => {
  it('hands a message on, in order within a conversation', async () => {
    const rig = new GatewayRig();
    rig.knows('1', '2');
    rig.onDeliver = () => new Promise((resolve) => setImmediate(resolve));
    await Promise.all(
      Array.from({ length: 10 }, (_, at) => ['1', '2'].map((sender) => rig.say(sender, `${at}`))).flat(),
    );
    for (const sender of ['1', '2']) {
      const texts = rig.delivered.filter((message) => message.sender.id === sender).map(({ text }) => text);
      assert.deepEqual(
        texts,
        Array.from({ length: 10 }, (_, at) => `${at}`),
      );
    }
  });

  it('[ACC-6] drops bots, itself and senders without an id before anyone sees them', async () => {
    const rig = new GatewayRig();
    await rig.say('1', 'hi', { isBot: true });
    await rig.say('1', 'hi', { isSelf: true });
    for (const empty of ['', '   ', '\ud800', 'x'.repeat(600)]) await rig.say(empty, 'hi');
    assert.equal(rig.delivered.length, 0);
    assert.deepEqual(await rig.drops(), { bot: 1, 'no-sender': 4 });
  });

  it('never takes an edit or a deletion for a message', async () => {
    const rig = new GatewayRig();
    rig.knows('1');
    await rig.say('1', '/run ls', { platformId: 'a' });
    await rig.say('1', '/run rm -rf /', { platformId: 'a', change: 'edited' });
    await rig.say('1', '/run rm -rf /', { platformId: 'b', change: 'edited' });
    await rig.say('1', '', { platformId: 'a', change: 'deleted' });
    assert.deepEqual(
      rig.delivered.map(({ text }) => text),
      ['/run ls'],
    );
  });

  it('keeps nothing at all of what is said in a group to others', async () => {
    const rig = new GatewayRig();
    rig.knows('1');
    const aside = { context: 'group', addressed: false } as const;
    await rig.say('1', 'the password is hunter2', aside);
    await rig.say('b', 'build 7 is green', { ...aside, isBot: true });
    await rig.say('1', 'the password is hunter3', { ...aside, change: 'edited' });
    await rig.drops();
    assert.equal(rig.delivered.length, 0);
    assert.equal(rig.journal.records.length, 0);
    await rig.say('1', '/status', { context: 'group', addressed: true });
    assert.equal(rig.delivered.length, 1);
    rig.mention = false;
    await rig.say('1', '/tasks', { context: 'group', addressed: false });
    assert.equal(rig.delivered.length, 2, 'the owner has said that all of this group is for the bot');
  });

  it('takes a message once, whatever is delivered again, also after a restart', async () => {
    const rig = new GatewayRig();
    rig.knows('1');
    const message = said('1', '/run make', { platformId: '77' });
    await Promise.all([rig.gateway.receive(message), rig.gateway.receive(message)]);
    await rig.gateway.receive(message);
    await rig.restart();
    await rig.gateway.receive(message);
    assert.equal(rig.delivered.length, 1);
    await rig.gateway.receive(said('1', '/run make', { platformId: '77', account: 'bot2' }));
    await rig.gateway.receive(said('1', '/run make', { platformId: '77', conversation: 'elsewhere' }));
    assert.equal(
      rig.delivered.length,
      3,
      'the same id on another account or in another room is another message',
    );
    assert.deepEqual(await rig.drops(), { duplicate: 3 });
    assert.equal(seenKey(message, message.platformId), rig.messages().seen[0]);
  });

  it('rejects what could not be recorded and takes it when it comes again', async () => {
    const rig = new GatewayRig();
    rig.knows('1');
    const message = said('1', '/run make');
    rig.onDeliver = () => {
      throw new Error('disk full');
    };
    await assert.rejects(rig.gateway.receive(message), /disk full/);
    rig.onDeliver = () => {};
    await rig.gateway.receive(message);
    assert.equal(rig.delivered.length, 1);
  });

  it('refuses a message of 1 MB and one that is not text, with a sentence and on the record', async () => {
    const rig = new GatewayRig();
    rig.knows('1');
    await rig.say('1', 'x'.repeat(1024 * 1024));
    await rig.say('1', '\u20ac'.repeat(40_000));
    await rig.say('1', 'a\0b');
    await rig.say('1', 'a\ud800b');
    await settle();
    assert.equal(rig.delivered.length, 0);
    assert.deepEqual(
      rig.journal.ofType('message.refused').map(({ data }) => data.reason),
      ['too-large', 'too-large', 'binary', 'binary'],
    );
    assert.match(rig.adapter.texts[0] ?? '', /too long: it has 1\.0 MB, and at most 64 KB/);
    assert.match(rig.adapter.texts[2] ?? '', /not text/);
    assert.ok(!JSON.stringify(rig.journal.records).includes('xxxx'));
  });

  it('does not argue with strangers about their messages, nor fetch their files', async () => {
    const rig = new GatewayRig();
    await rig.say('1', 'x'.repeat(1024 * 1024));
    await rig.gateway.receive({
      ...said('2', 'look'),
      attachments: [{ name: 'a', mediaType: 'text/plain', size: 1, platformId: 'f' }],
    });
    assert.deepEqual(
      rig.delivered.map(({ text, attachments }) => [text, attachments.length]),
      [
        ['', 0],
        ['look', 0],
      ],
    );
    assert.equal(rig.adapter.downloads, 0);
  });

  it('keeps right-to-left text and marks what turns or hides it', async () => {
    const rig = new GatewayRig();
    rig.knows('1');
    const cases: [string, string, string[]][] = [
      ['שלום /run ls', 'שלום /run ls', []],
      ['/run ls \u202egpj.exe', '/run ls \u202egpj.exe', ['bidirectional control']],
      ['r\u200bm', 'r\u200bm', ['zero-width character']],
      ['👩‍👩‍👧 ❤️', '👩‍👩‍👧 ❤️', []],
      ['a\u{e0041}b', 'a\u{e0041}b', ['tag character']],
      ['a\r\nb\rc\td', 'a\nb\nc\td', []],
      ['\u001b[31mred', '\ufffd[31mred', ['control character']],
      ['a\u2028b\u00adc', 'a\u2028b\u00adc', ['line separator', 'invisible filler']],
    ];
    for (const [text] of cases) await rig.say('1', text);
    assert.deepEqual(
      rig.delivered.map(({ text, marks }) => [text, marks]),
      cases.map(([, text, marks]) => [text, marks]),
    );
  });

  it('holds back someone who is too fast, tells them once, and does not let it touch others', async () => {
    const rig = new GatewayRig();
    rig.knows('1', '2');
    for (let at = 0; at < 60; at++) await rig.say('1', `${at}`);
    await rig.say('2', 'hello');
    await settle();
    assert.equal(rig.delivered.filter(({ sender }) => sender.id === '1').length, 20);
    assert.equal(rig.delivered.at(-1)?.sender.id, '2');
    assert.deepEqual(await rig.drops(), { 'rate-identity': 40 });
    assert.equal(rig.adapter.texts.filter((text) => /faster/.test(text)).length, 1);
    rig.clock.advance(60_000);
    await rig.say('1', 'again');
    assert.equal(rig.delivered.at(-1)?.text, 'again');
  });

  it('keeps its queues bounded when the engine is busy, counts what does not fit, and goes on after', async () => {
    const rig = new GatewayRig({
      limits: { knownIdentity: { burst: 1000, perSecond: 1000 }, conversationQueue: 5 },
    });
    rig.knows('1');
    let release: () => void = () => {};
    const busy = new Promise<void>((resolve) => {
      release = resolve;
    });
    rig.onDeliver = () => busy;
    const waiting = Array.from({ length: 20 }, (_, at) => rig.say('1', `${at}`));
    await settle();
    assert.ok(rig.gateway.waiting.inbound <= 6);
    release();
    await Promise.all(waiting);
    assert.equal(rig.gateway.waiting.inbound, 0);
    const dropped = (await rig.drops())['queue-full'] ?? 0;
    assert.equal(rig.delivered.length + dropped, 20);
    assert.ok(dropped >= 14);
    assert.deepEqual(
      rig.delivered.map(({ text }) => Number(text)),
      rig.delivered.map((_, at) => at),
    );
  });

  it('takes conversations in turn, so that a long one does not hold up a short one', async () => {
    const rig = new GatewayRig({ limits: { knownAtOnce: 1 } });
    rig.knows('1', '2');
    await Promise.all([...Array.from({ length: 9 }, () => rig.say('1', 'more')), rig.say('2', 'one')]);
    assert.ok(rig.delivered.findIndex(({ sender }) => sender.id === '2') <= 2);
  });

  it('gives a conversation with nothing waiting a place when the queue is full', async () => {
    const rig = new GatewayRig({ limits: { knownQueue: 10 } });
    rig.knows('1', '2');
    await Promise.all([...Array.from({ length: 20 }, () => rig.say('1', 'more')), rig.say('2', 'one')]);
    assert.equal(rig.delivered.filter(({ sender }) => sender.id === '2').length, 1);
    assert.equal((await rig.drops())['queue-full'], 10);
  });

  it('lets what someone says after their code wait behind the code', async () => {
    const rig = new GatewayRig();
    rig.onDeliver = ({ text }) => {
      if (text === 'CODE') rig.knows('1');
      return new Promise((resolve) => setImmediate(resolve));
    };
    const first = rig.say('1', 'CODE');
    const second = rig.say('1', 'while a stranger');
    while (!rig.known.has(who('1'))) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, second, rig.say('1', 'once known')]);
    assert.deepEqual(
      rig.delivered.map(({ text }) => text),
      ['CODE', 'while a stranger', 'once known'],
    );
  });

  it('[INC-1] drops what waits of someone who is revoked', async () => {
    const rig = new GatewayRig();
    rig.knows('1', '2');
    let release: () => void = () => {};
    rig.onDeliver = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const waiting = [rig.say('1', 'a'), rig.say('1', 'b'), rig.say('1', 'c')];
    await settle();
    await rig.gateway.revoked([who('1')]);
    rig.onDeliver = () => {};
    release();
    await Promise.all(waiting);
    assert.deepEqual(
      rig.delivered.map(({ text }) => text),
      ['a'],
      'the first had been handed on already',
    );
    assert.deepEqual(await rig.drops(), { revoked: 2 });
    await rig.say('2', 'still here');
    assert.equal(rig.delivered.at(-1)?.text, 'still here');
  });

  it('puts attachments away outside the workspace, private and not executable, with where they came from', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quarantine-'));
    const rig: GatewayRig = new GatewayRig({ quarantine: new FolderQuarantine(folder, new ManualClock()) });
    rig.knows('1');
    rig.adapter.files.set('f1', Buffer.from('#!/bin/sh\nrm -rf ~\n'));
    await rig.gateway.receive({
      ...said('1', 'see files', { platformId: '9' }),
      attachments: [
        { name: '../../../.bashrc', mediaType: 'text/x-sh', size: -1, platformId: 'f1' },
        { name: 'gone.txt', mediaType: 'text/plain', size: 3, platformId: 'f2' },
        { name: 'huge.iso', mediaType: 'x/y', size: 1e12, platformId: 'f1', quarantinePath: '/etc/passwd' },
      ],
    });
    const [first, gone, huge] = rig.delivered[0]!.attachments;
    const stored = { quarantinePath: first?.quarantinePath ?? '' };
    assert.ok(stored.quarantinePath.startsWith(folder));
    assert.equal(path.basename(stored.quarantinePath), 'content.bin');
    assert.equal(fs.statSync(stored.quarantinePath).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(stored.quarantinePath)).mode & 0o777, 0o700);
    const about = JSON.parse(
      fs.readFileSync(path.join(path.dirname(stored.quarantinePath), 'provenance.json'), 'utf8'),
    );
    assert.equal(about.name, '../../../.bashrc');
    assert.equal(about.sender, '1');
    assert.match(about.sha256, /^[0-9a-f]{64}$/);
    assert.equal(gone?.quarantinePath, undefined);
    assert.equal(huge?.quarantinePath, undefined, 'an adapter cannot say where a file lies');
    fs.rmSync(folder, { recursive: true });
  });

  it('deletes attachments that are old enough', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quarantine-'));
    const clock = new ManualClock(Date.now());
    const quarantine = new FolderQuarantine(path.join(folder, 'in'), clock);
    assert.equal(await quarantine.purge(1000), 0, 'there is nothing yet');
    const { channel, account, conversation, platformId } = said('1', '');
    const provenance = { channel, account, conversation, platformId, sender: '1', receivedAt: 0 };
    const stored = await quarantine.store(Buffer.from('x'), { ...provenance, name: 'a', mediaType: 'b/c' });
    clock.advance(86_400_000);
    assert.equal(await quarantine.purge(2 * 86_400_000), 0);
    assert.equal(await quarantine.purge(3_600_000), 1);
    assert.ok(!fs.existsSync(stored));
    fs.rmSync(folder, { recursive: true });
  });

  it('gives each person in each conversation on each account a session of their own', () => {
    const keys = [
      said('1', ''),
      said('2', '', { conversation: 'dm-1' }),
      said('1', '', { context: 'group' }),
      said('1', '', { account: 'bot2' }),
      said('1', '', { channel: 'slack' }),
    ].map(sessionKey);
    assert.equal(new Set(keys).size, 5);
  });

  it('records drops again after the journal has been full, without losing count', async () => {
    const rig = new GatewayRig();
    rig.journal.failWith(new Error('disk full'));
    for (let at = 0; at < 5; at++) await rig.say('1', 'hi', { isBot: true });
    await rig.clock.advanceAsync(10_000);
    rig.journal.failWith(undefined);
    await rig.say('1', 'hi', { isBot: true });
    await rig.clock.advanceAsync(10_000);
    assert.deepEqual(await rig.drops(), { bot: 6 });
  });
});
