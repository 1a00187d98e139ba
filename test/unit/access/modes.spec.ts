import assert from 'node:assert/strict';
import { contextPolicy } from '../../../src/engine/access/config';
import { conversationKey, type IdentityKey } from '../../../src/engine/model/identity';
import { AccessHouse, outcome, who } from '../../helpers/access-house';

const group = { context: 'group' } as const;

describe('modes and contexts', () => {
  it('[ACC-5] switching from open to another mode un-admits everyone whom open mode let in', async () => {
    for (const mode of ['pairing', 'allowlist', 'disabled'] as const) {
      const house = new AccessHouse();
      const lost: IdentityKey[] = [];
      const paired = await house.pair('paired');
      await house.service.setMode('telegram', 'dm', 'open');
      house.service.onRevoked((keys) => lost.push(...keys));
      for (const sender of ['1', '2', '3']) assert.equal(outcome(await house.say(sender, 'hi')), 'principal');
      await house.service.setMode('telegram', 'dm', mode);
      house.restart();
      for (const sender of ['1', '2', '3']) {
        assert.notEqual(outcome(await house.say(sender, '/run ls')), 'principal', mode);
        assert.ok(lost.includes(who(sender)));
        assert.ok(!house.service.hasAccess(who(sender)));
      }
      assert.equal(house.service.hasAccess(paired), mode === 'pairing');
      assert.equal(lost.includes(paired), mode !== 'pairing');
    }
  });

  it('[ACC-5] holds even if the program dies right after the mode was recorded', async () => {
    const house = new AccessHouse();
    await house.service.setMode('telegram', 'dm', 'open');
    await house.say('1', 'hi');
    await house.service.setMode('telegram', 'dm', 'pairing');
    const at = house.journal.records.findLastIndex((record) => record.type === 'access.mode');
    house.journal.records.splice(at + 1);
    house.restart();
    assert.equal(outcome(await house.say('1', '/run ls')), 'pairing');
    await house.service.setMode('telegram', 'dm', 'open');
    assert.equal(outcome(await house.say('1', 'hi')), 'principal', 'a stranger again, not shut out');
  });

  it('[ACC-5] an admission by open mode that comes on record after the switch does not count', async () => {
    const house = new AccessHouse({ delay: () => new Promise((resolve) => setImmediate(resolve)) });
    await house.service.setMode('telegram', 'dm', 'open');
    const switching = house.service.setMode('telegram', 'dm', 'pairing');
    const entering = house.say('1', 'hi');
    await switching;
    assert.notEqual(outcome(await entering), 'principal');
    assert.notEqual(outcome(await house.say('1', 'hi')), 'principal');
  });

  it('[ACC-5] a tightened profile takes open mode away without a switch', async () => {
    const house = new AccessHouse();
    await house.service.setMode('telegram', 'dm', 'open');
    await house.say('1', 'hi');
    house.config = { channels: { telegram: { allowedModes: ['pairing', 'allowlist', 'disabled'] } } };
    assert.equal(house.service.mode('telegram', 'dm'), 'pairing');
    assert.equal(outcome(await house.say('1', '/run ls')), 'pairing');
    assert.ok(!house.service.hasAccess(who('1')));
    await assert.rejects(house.service.setMode('telegram', 'dm', 'open'), /may not use open mode/);
    house.config = { channels: { telegram: { allowedModes: ['allowlist'] } } };
    assert.equal(house.service.mode('telegram', 'dm'), 'disabled', 'not even pairing is allowed');
  });

  it('[ACC-5] whoever was paired before the open mode is paired after it', async () => {
    const house = new AccessHouse();
    await house.pair('1', group);
    await house.service.removeConversation(house.service.conversations()[0]!.key, 'moved');
    await house.service.setMode('telegram', 'group', 'open');
    assert.equal(outcome(await house.say('1', 'hi', group)), 'principal');
    await house.service.setMode('telegram', 'group', 'pairing');
    assert.equal(house.service.users()[0]?.how, 'paired');
    assert.equal(house.service.conversations().length, 0, 'but the group came in with the open mode');
  });

  it('open mode still keeps out bots and those who were shut out, and makes nobody an approver', async () => {
    const house = new AccessHouse();
    house.config = { entryRole: 'owner' };
    await house.service.setMode('telegram', 'dm', 'open');
    assert.equal(outcome(await house.say('b', 'hi', { isBot: true })), 'bot');
    const answer = await house.say('1', 'hi');
    assert.ok(answer.kind === 'principal' && answer.principal.role === 'member');
    await house.service.revoke([who('1')], 'spam');
    assert.equal(outcome(await house.say('1', 'hi')), 'revoked');
  });

  it('disabled is silence for everyone', async () => {
    const house = new AccessHouse();
    await house.pair('1');
    await house.service.setMode('telegram', 'dm', 'disabled');
    assert.equal(outcome(await house.say('1', '/status')), 'disabled');
    assert.equal(outcome(await house.say('2', 'hi')), 'disabled');
    await house.service.setMode('telegram', 'dm', 'pairing');
    assert.equal(outcome(await house.say('1', '/status')), 'principal');
  });

  it('[INC-1] removing someone from an allowlist revokes, however they came in', async () => {
    const house = new AccessHouse();
    const lost: IdentityKey[] = [];
    house.service.onRevoked((keys) => lost.push(...keys));
    await house.pair('2');
    await house.service.setAllowlist('telegram', 'dm', { senders: ['1', '2', '3'], conversations: [] });
    await house.service.setMode('telegram', 'dm', 'allowlist');
    for (const sender of ['1', '2', '3']) assert.equal(outcome(await house.say(sender, 'hi')), 'principal');
    await house.service.setAllowlist('telegram', 'dm', { senders: ['3'], conversations: [] });
    assert.deepEqual(lost.toSorted(), [who('1'), who('2')].toSorted());
    for (const restarted of [false, true]) {
      if (restarted) house.restart();
      assert.equal(outcome(await house.say('1', 'hi')), 'revoked');
      assert.equal(outcome(await house.say('2', 'hi')), 'revoked');
      assert.equal(outcome(await house.say('3', 'hi')), 'principal');
    }
    await house.service.setMode('telegram', 'dm', 'pairing');
    assert.equal(outcome(await house.say('1', 'hi')), 'revoked', 'nor does a switch of mode bring them back');
    await house.service.setMode('telegram', 'dm', 'allowlist');
    await house.service.setAllowlist('telegram', 'dm', { senders: ['3', '1'], conversations: [] });
    assert.equal(outcome(await house.say('1', 'hi')), 'principal', 'the owner has put them back');
    assert.equal(house.service.users().find(({ sender }) => sender === '1')?.role, 'member');
  });

  it('[ACC-4] an allowlist matches the whole platform id and nothing else', async () => {
    const house = new AccessHouse();
    await house.service.setAllowlist('telegram', 'dm', { senders: ['+15550100', 'ann'], conversations: [] });
    await house.service.setMode('telegram', 'dm', 'allowlist');
    for (const sender of ['5550100', '0100', '15550100', '+155501000', 'Ann', 'ann@evil.example', ' ann']) {
      assert.equal(outcome(await house.say(sender, 'hi', { name: 'ann' })), 'not-listed', sender);
    }
    assert.equal(outcome(await house.say('ann', 'hi', { name: 'Mallory' })), 'principal');
    await assert.rejects(
      house.service.setAllowlist('telegram', 'dm', { senders: ['a', '  '], conversations: [] }),
      /empty sender/,
    );
    assert.equal(outcome(await house.say('', 'hi')), 'no-sender');
  });

  it('[ACC-4] the same id on another account or channel is another person, and names mean nothing', async () => {
    const house = new AccessHouse();
    await house.pair('1', { name: 'Ann' });
    assert.equal(outcome(await house.say('1', 'hi', { account: 'bot2' })), 'pairing');
    assert.equal(outcome(await house.say('1', 'hi', { channel: 'slack' })), 'pairing');
    house.clock.advance(3_600_000);
    assert.equal(outcome(await house.say('2', 'hi', { name: 'Ann' })), 'pairing');
    assert.equal(outcome(await house.say('1', 'hi', { name: 'Bob' })), 'principal');
    assert.equal(outcome(await house.say('1:x', 'hi', { name: 'Ann' })), 'pairing');
  });

  it('[ACC-6] no code, list or mode lets in a bot, ourselves or a sender without an id', async () => {
    const house = new AccessHouse();
    await house.service.setAllowlist('slack', 'dm', { senders: ['1', 'bot1'], conversations: [] });
    await house.service.setMode('slack', 'dm', 'allowlist');
    await house.service.setMode('matrix', 'dm', 'open');
    for (const channel of ['telegram', 'slack', 'matrix']) {
      const text =
        channel === 'telegram' ? (await house.service.issueCode({ channel, context: 'dm' })).code : 'hi';
      assert.equal(outcome(await house.say('1', text, { channel, isBot: true })), 'bot');
      assert.equal(outcome(await house.say('1', text, { channel, isSelf: true })), 'self');
      assert.equal(outcome(await house.say('bot1', text, { channel })), 'self', 'the account itself');
      for (const empty of ['', '  ', '\t', '\ud800']) {
        assert.equal(outcome(await house.say(empty, text, { channel })), 'no-sender');
      }
    }
    assert.equal(house.service.users().length, 0);
    assert.equal(house.service.liveCodes()[0]?.wrongTries, 0);
  });

  it('[FAQ-6] [CTX-2] direct messages and groups of one channel have modes of their own', async () => {
    const house = new AccessHouse();
    await house.service.setMode('telegram', 'dm', 'open');
    await house.service.setMode('telegram', 'group', 'disabled');
    assert.equal(outcome(await house.say('1', 'hi')), 'principal');
    assert.equal(outcome(await house.say('1', 'hi', group)), 'disabled');
    assert.equal(outcome(await house.say('1', 'hi', { context: 'public', conversation: 'chat' })), 'window');
    assert.equal(house.service.mode('telegram', 'public'), 'pairing');
    assert.equal(house.service.mode('slack', 'dm'), 'pairing');
  });

  it('[CTX-1] [FAQ-3] denies memory, and with it the clipboard, in groups and public rooms unless set otherwise', () => {
    const house = new AccessHouse();
    assert.deepEqual(house.service.contextPolicy('telegram', 'dm').deniedToolGroups, []);
    assert.deepEqual(house.service.contextPolicy('telegram', 'group').deniedToolGroups, ['memory']);
    assert.deepEqual(house.service.contextPolicy('telegram', 'public').deniedToolGroups, ['memory']);
    house.config = { channels: { telegram: { contexts: { group: { deniedToolGroups: ['shell'] } } } } };
    assert.deepEqual(house.service.contextPolicy('telegram', 'group').deniedToolGroups, ['shell']);
    assert.deepEqual(house.service.contextPolicy('slack', 'group').deniedToolGroups, ['memory']);
    assert.deepEqual(house.service.contextPolicy('constructor', 'group').deniedToolGroups, ['memory']);
  });

  it('[CTX-2] a conversation can only narrow what holds for its context', async () => {
    const house = new AccessHouse();
    const room = conversationKey({ channel: 'telegram', account: 'bot1', conversation: 'room' });
    house.config = {
      channels: {
        telegram: {
          contexts: {
            group: { deniedToolGroups: ['memory', 'export'], requiredRole: 'member', mentionRequired: false },
          },
          conversations: {
            [room]: { deniedToolGroups: ['shell'], requiredRole: 'observer', mentionRequired: true },
          },
        },
      },
    };
    const policy = contextPolicy(house.state(), house.config, 'telegram', 'group', room);
    assert.deepEqual(policy.deniedToolGroups, ['memory', 'export', 'shell']);
    assert.equal(policy.requiredRole, 'member', 'not lowered');
    assert.equal(policy.mentionRequired, true);
    assert.equal(house.service.contextPolicy('telegram', 'group').mentionRequired, false);
    house.config = { channels: { telegram: { conversations: { [room]: { disabled: true } } } } };
    await house.service.setMode('telegram', 'group', 'open');
    assert.equal(outcome(await house.say('1', 'hi', group)), 'disabled');
    assert.equal(
      outcome(await house.say('1', 'hi', { context: 'group', conversation: 'other' })),
      'principal',
    );
  });

  it('[CTX-2] a context can ask for a role, and says so to those who have less', async () => {
    const house = new AccessHouse();
    await house.pair('1');
    await house.pair('2', { role: 'approver' });
    house.config = { channels: { telegram: { contexts: { dm: { requiredRole: 'approver' } } } } };
    const answer = await house.say('1', '/run ls');
    assert.ok(answer.kind === 'reply' && answer.reason === 'role');
    assert.match(answer.text, /approver or above.*yours is member/);
    assert.equal(outcome(await house.say('1', '/run ls')), 'window');
    assert.equal(outcome(await house.say('2', '/run ls')), 'principal');
  });

  it('a group code admits the group and the one who said it, and every other member for themselves', async () => {
    const house = new AccessHouse();
    await house.pair('dm-person');
    assert.equal(
      outcome(await house.say('dm-person', 'hi', group)),
      'pairing',
      'the group is not connected yet',
    );
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'group' });
    const welcome = await house.say('1', code, group);
    assert.ok(welcome.kind === 'reply' && /conversation is connected now/.test(welcome.text));
    assert.equal(outcome(await house.say('1', '/status', group)), 'principal');
    assert.equal(
      outcome(await house.say('dm-person', '/status', group)),
      'principal',
      'paired in private counts here',
    );
    house.clock.advance(3_600_000);
    assert.equal(outcome(await house.say('2', '/status', group)), 'pairing', 'another member is a stranger');
    assert.equal(
      outcome(await house.say('1', '/status')),
      'pairing',
      'what was said in a group does not open the DM',
    );
    house.clock.advance(3_600_000);
    assert.equal(
      outcome(await house.say('1', '/status', { context: 'group', conversation: 'room2' })),
      'pairing',
    );
    const second = await house.service.issueCode({ channel: 'telegram', context: 'group' });
    assert.equal(outcome(await house.say('2', second.code, group)), 'welcome');
    house.restart();
    assert.equal(outcome(await house.say('2', '/status', group)), 'principal');
    assert.equal(house.service.conversations().length, 1);
    const left: string[] = [];
    house.service.onConversationRemoved((key) => left.push(key));
    await house.service.removeConversation(house.service.conversations()[0]!.key, 'done');
    assert.equal(left.length, 1);
    house.clock.advance(3_600_000);
    assert.notEqual(outcome(await house.say('2', '/status', group)), 'principal');
    assert.equal(outcome(await house.say('dm-person', '/status')), 'principal');
  });

  it('a group on the allowlist needs both the group and the sender to be listed', async () => {
    const house = new AccessHouse();
    await house.pair('2');
    await house.service.setAllowlist('telegram', 'group', { senders: ['1'], conversations: ['room'] });
    await house.service.setMode('telegram', 'group', 'allowlist');
    assert.equal(outcome(await house.say('1', 'hi', group)), 'principal');
    assert.equal(outcome(await house.say('2', 'hi', group)), 'not-listed', 'the list alone decides');
    assert.equal(
      outcome(await house.say('1', 'hi', { context: 'group', conversation: 'room2' })),
      'not-listed',
    );
    await house.service.setAllowlist('telegram', 'group', { senders: ['1'], conversations: [] });
    assert.equal(outcome(await house.say('1', 'hi', group)), 'not-listed');
    assert.equal(house.service.conversations().length, 0);
  });
});
