import assert from 'node:assert/strict';
import { accessProjection } from '../../../src/engine/access/projection';
import { BAG_MAX } from '../../../src/engine/access/state';
import { EngineError } from '../../../src/engine/model/error';
import type { IdentityKey } from '../../../src/engine/model/identity';
import { AccessHouse, outcome, who } from '../../helpers/access-house';

describe('users', () => {
  it('[OPS-3a] knows of everyone who they are, how, when and by which code they came in, and when last seen', async () => {
    const house = new AccessHouse();
    await house.say('1', 'hi', { name: 'Ann\u202e\n evil' });
    const asked = house.clock.now();
    house.clock.advance(1000);
    const { code, codeId } = await house.service.issueCode({
      channel: 'telegram',
      context: 'dm',
      role: 'approver',
    });
    await house.say('1', code, { name: 'Ann\u202e\n evil' });
    const admitted = house.clock.now();
    house.clock.advance(60_000);
    await house.journal.append({
      type: 'message.received',
      actor: who('1'),
      subject: who('1'),
      data: {
        messageId: 'm1',
        channel: 'telegram',
        account: 'bot1',
        conversation: 'dm-1',
        context: 'dm',
        sender: who('1'),
        platformId: '1',
        text: '/status',
        length: 7,
        sha256: '',
        attachments: 0,
      },
    });
    house.restart();
    const user = house.service.users()[0];
    assert.deepEqual(
      { ...user },
      {
        key: who('1'),
        channel: 'telegram',
        account: 'bot1',
        sender: '1',
        displayName: 'Ann evil',
        role: 'approver',
        state: 'active',
        stateReason: '',
        stateSince: admitted,
        how: 'paired',
        context: 'dm',
        codeId,
        admittedAt: admitted,
        admissions: [{ context: 'dm', how: 'paired', at: admitted, codeId }],
        firstSeenAt: asked,
        lastSeenAt: house.clock.now(),
        note: '',
        remoteApproval: { enabled: false, ownRequests: false },
      },
    );
  });

  it('[INC-1] [OPS-3b] revokes one, many, a channel and all, at once, and answers with silence', async () => {
    const house = new AccessHouse();
    const lost: IdentityKey[][] = [];
    house.service.onRevoked((keys) => lost.push([...keys]));
    const keys: IdentityKey[] = [];
    for (const sender of ['1', '2', '3', '4']) keys.push(await house.pair(sender));
    keys.push(await house.pair('5', { channel: 'slack' }));
    await house.service.revoke([keys[0]!], 'left the team');
    await house.service.revoke([keys[1]!, keys[2]!], 'left the team');
    assert.deepEqual(lost, [[keys[0]], [keys[1], keys[2]]]);
    for (const sender of ['1', '2', '3'])
      assert.equal(outcome(await house.say(sender, '/status')), 'revoked');
    assert.equal(outcome(await house.say('4', '/status')), 'principal');
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    await house.service.revokeChannel('telegram', 'bot token leaked');
    assert.equal(outcome(await house.say('4', '/status')), 'revoked');
    assert.equal(outcome(await house.say('5', '/status', { channel: 'slack' })), 'principal');
    assert.notEqual(outcome(await house.say('9', code)), 'welcome', 'open codes of the channel are dead too');
    await house.service.revokeAll('reset');
    house.restart();
    assert.equal(outcome(await house.say('5', '/status', { channel: 'slack' })), 'revoked');
    for (const key of keys) {
      assert.ok(!house.service.hasAccess(key));
      assert.equal(house.service.roleOf(key), undefined);
      assert.ok(!house.service.mayReply(key, house.clock.now()));
    }
  });

  it('[INC-1] takes effect before the disk has answered, and stays when it never does', async () => {
    const house = new AccessHouse();
    const key = await house.pair('1');
    const lost: IdentityKey[] = [];
    house.service.onRevoked((keys) => lost.push(...keys));
    const revoking = house.service.revoke([key], 'now');
    assert.deepEqual(lost, [key], 'in the same turn of the event loop');
    assert.ok(!house.service.hasAccess(key));
    await revoking;

    const other = await house.pair('2');
    house.journal.failWith(new Error('disk full'));
    await assert.rejects(house.service.revoke([other], 'now'), (error) => {
      assert.ok(error instanceof EngineError);
      assert.match(error.message, /could not be recorded.*shut out for now/);
      return true;
    });
    assert.equal(outcome(await house.say('2', '/status')), 'revoked');
    assert.equal(house.service.roleOf(other), undefined);
  });

  it('[INC-1] does not let someone slip back in with a code that is being looked at meanwhile', async () => {
    let hold: Promise<void> | undefined;
    const house = new AccessHouse({
      delay: async () => {
        const held = hold;
        hold = undefined;
        await held;
      },
    });
    const key = await house.pair('1');
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm', role: 'owner' });
    let release: () => void = () => {};
    const trying = house.say('1', code);
    // The disk takes its time with the revocation, and not with anything else.
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const revoking = house.service.revoke([key], 'now');
    assert.equal(outcome(await trying), 'revoked');
    release();
    await revoking;
    assert.equal(outcome(await house.say('1', '/status')), 'revoked');
    assert.ok(!house.service.hasAccess(key));
  });

  it('a revoked person comes back only by the owner: a code made after it, or being admitted again', async () => {
    const house = new AccessHouse();
    const before = await house.service.issueCode({ channel: 'telegram', context: 'dm', ttlMs: 3_600_000 });
    await house.pair('1', { role: 'owner' });
    await house.service.revoke([who('1')], 'phone stolen');
    assert.equal((await house.say('1', before.code)).kind, 'silence', 'an older code is no invitation');
    assert.equal((await house.say('1', '/help')).kind, 'silence');
    const after = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    assert.equal(outcome(await house.say('1', after.code)), 'welcome');
    assert.equal(house.service.users()[0]?.role, 'member', 'the old role does not come back');
    await house.service.revoke([who('1')], 'again');
    await house.service.readmit(who('1'));
    assert.equal(outcome(await house.say('1', '/help')), 'principal');
    assert.equal(house.service.users()[0]?.how, 'desk');
  });

  it('tells the owner when admitting again would have no effect', async () => {
    const house = new AccessHouse();
    await house.pair('1');
    await house.service.revoke([who('1')], 'x');
    await house.service.setMode('telegram', 'dm', 'allowlist');
    await assert.rejects(house.service.readmit(who('1')), /listens only to its allowlist/);
    await house.service.setMode('telegram', 'dm', 'disabled');
    await assert.rejects(house.service.readmit(who('1')), /switched off/);
    await assert.rejects(house.service.readmit(who('nobody')), /no such user/);
  });

  it('suspends and restores, across a restart', async () => {
    const house = new AccessHouse();
    const key = await house.pair('1', { role: 'approver' });
    await house.service.suspend(key, 'odd behaviour');
    house.restart();
    assert.equal(outcome(await house.say('1', '/status')), 'suspended');
    assert.equal(house.service.users()[0]?.stateReason, 'odd behaviour');
    await house.service.restore(key, 'it was fine');
    assert.equal(outcome(await house.say('1', '/status')), 'principal');
    assert.equal(house.service.users()[0]?.role, 'approver');
    await assert.rejects(house.service.restore(key, 'again'), /not suspended/);
  });

  it('changes roles and keeps notes', async () => {
    const house = new AccessHouse();
    const key = await house.pair('1');
    await house.service.setRole(key, 'observer');
    await house.service.setNote(key, 'contractor until March');
    house.restart();
    const answer = await house.say('1', '/status');
    assert.ok(answer.kind === 'principal' && answer.principal.role === 'observer');
    assert.equal(house.service.users()[0]?.note, 'contractor until March');
    await assert.rejects(house.service.setNote(key, 'x'.repeat(2001)), /at most 2000/);
  });

  it('lets only approvers approve from a chat, and no longer once they are not', async () => {
    const house = new AccessHouse();
    const key = await house.pair('1');
    await assert.rejects(house.service.setRemoteApproval(key, true, false), /approver or owner/);
    await house.service.setRole(key, 'approver');
    await house.service.setRemoteApproval(key, true, true);
    assert.deepEqual(house.service.users()[0]?.remoteApproval, { enabled: true, ownRequests: true });
    await house.service.setRole(key, 'member');
    assert.deepEqual(house.service.users()[0]?.remoteApproval, { enabled: false, ownRequests: false });
    await house.service.setRole(key, 'approver');
    await house.service.setRemoteApproval(key, true, false);
    await house.service.revoke([key], 'x');
    await house.service.readmit(key, 'approver');
    assert.deepEqual(house.service.users()[0]?.remoteApproval, { enabled: false, ownRequests: false });
  });

  it('makes no change that it could not record', async () => {
    const house = new AccessHouse();
    const key = await house.pair('1');
    const before = JSON.stringify(house.state());
    house.journal.failWith(new Error('disk full'));
    const { service } = house;
    await assert.rejects(service.setMode('telegram', 'dm', 'open'));
    await assert.rejects(service.setAllowlist('telegram', 'dm', { senders: ['2'], conversations: [] }));
    await assert.rejects(service.setRole(key, 'owner'));
    await assert.rejects(service.issueCode({ channel: 'telegram', context: 'dm' }));
    assert.equal(JSON.stringify(house.state()), before);
    assert.equal(service.liveCodes().length, 0);
  });

  it('writes who has access as Markdown and as CSV', async () => {
    const house = new AccessHouse();
    await house.pair('1', { name: '=HYPERLINK("http://evil")' });
    await house.pair('2', { name: '[x](http://evil) | <b>' });
    await house.pair('3', { context: 'group' });
    await house.service.setNote(who('1'), 'line one\nline "two"');
    await house.service.revoke([who('2')], 'left');
    await house.service.setMode('telegram', 'public', 'disabled');

    const csv = house.service.accessDocument('csv', (key) => (key === who('1') ? ['run npm test'] : []));
    const lines = csv.split('\r\n');
    assert.match(lines[0] ?? '', /^"kind","channel","account","id","name","role"/);
    assert.equal(lines.length, 6, 'a head, three people, a conversation and the last line end');
    assert.match(csv, /"'=HYPERLINK\(""http:\/\/evil""\)"/);
    assert.match(csv, /"run npm test","line one\nline ""two"""/);
    assert.match(csv, /"conversation","telegram","bot1","room"/);

    const markdown = house.service.accessDocument('markdown');
    assert.match(markdown, /Let in: 2 people and 1 conversation\./);
    assert.match(markdown, /\| telegram \| pairing \| pairing \| disabled \|/);
    assert.ok(!markdown.includes('[x](http'));
    assert.ok(!markdown.includes('<b>'));
    assert.match(markdown, /## Shut out[\s\S]*revoked[\s\S]*left/);
    assert.ok(
      markdown.split('\n').some((line) => line.includes('HYPERLINK') && line.includes('line one line')),
    );
  });

  it('forgets the oldest of a crowd of strangers instead of growing', () => {
    const state = accessProjection.initial();
    for (let at = 0; at < BAG_MAX * 2; at++) {
      const sender = who(`s${at}`);
      accessProjection.reduce(state, {
        type: 'access.attempt',
        actor: sender,
        subject: sender,
        data: { sender, channel: 'telegram', context: 'dm', codeIds: [] },
        seq: at + 1,
        at,
        prev: '',
        hash: '',
      });
    }
    assert.ok(state.tries.size <= BAG_MAX);
    assert.equal(Object.keys(state.tries.entries).length, state.tries.size);
    assert.ok(state.tries.entries[who(`s${BAG_MAX * 2 - 1}`)]);
  });

  it('is plain JSON, so that a snapshot gives the same state', async () => {
    const house = new AccessHouse();
    await house.pair('1');
    await house.pair('2', { context: 'group' });
    await house.say('3', 'hi');
    await house.service.issueCode({ channel: 'telegram', context: 'dm', expectedSender: '4' });
    assert.deepEqual(structuredClone(house.state()), house.state());
    assert.deepEqual(JSON.parse(JSON.stringify(house.state())), house.state());
  });
});
