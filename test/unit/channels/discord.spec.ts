import assert from 'node:assert/strict';
import { discordDescriptor } from '../../../src/channels/discord/descriptor';
import { isFileAddress } from '../../../src/channels/discord/files';
import { fitsOneMessage, formatText } from '../../../src/channels/discord/format';
import { isDiscordSocket } from '../../../src/channels/discord/gateway';
import { discordRules } from '../../../src/channels/discord/rules';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { snowflake } from '../../peers/discord/ids';
import { APPLICATION, BOT, GUILD, TOKEN } from '../../peers/discord/server';
import { ALICE, API, DM, discordRig, NAME, OTHER_GUILD, OTHER_ROOM, ROOM, until } from './discord-rig';
import { channelFacts, MemoryStore } from './support';

describe('discord adapter', () => {
  const rig = discordRig();
  const { made, connected, texts, outgoing } = rig;

  describe('[DC-1] the application', () => {
    it('[DC-1] is the configured one, or the channel does not start', async () => {
      const other = made({ applicationId: OTHER_GUILD });
      await assert.rejects(other.adapter.connect(), {
        kind: 'fatal',
        message: new RegExp(`belongs to the application ${APPLICATION}.*names ${OTHER_GUILD}`),
      });
      assert.equal(rig.peer.gateway.identified, 0, 'no session was opened');
      assert.ok(!rig.peer.calls.includes('GET /gateway/bot'));
    });

    it('[DC-1] is compared when the credentials are checked, too', async () => {
      await assert.rejects(made({ applicationId: OTHER_GUILD }).adapter.check?.() ?? Promise.resolve(), {
        kind: 'fatal',
      });
      assert.equal((await made().adapter.check?.())?.account, BOT.id);
    });

    it('[DC-1] is compared with what the gateway says as well', async () => {
      rig.peer.gateway.applicationId = OTHER_GUILD;
      await assert.rejects(made().adapter.connect(), {
        kind: 'fatal',
        message: /belongs to the application/,
      });
    });

    it('[DC-1] has to be set before the channel starts', () => {
      assert.match(discordDescriptor.missing?.({ applicationId: '' }) ?? '', /applicationId/);
      assert.equal(discordDescriptor.missing?.({ applicationId: APPLICATION }), undefined);
    });
  });

  describe('[DC-2] servers', () => {
    it('[DC-2] are heard when they are listed, and no others', async () => {
      rig.peer.guilds = [GUILD, OTHER_GUILD];
      const watched = await connected({ allowedGuilds: [GUILD] });
      rig.peer.say(ALICE, OTHER_ROOM, `${NAME} other server`);
      rig.peer.interact(2, ALICE, OTHER_ROOM, {
        data: { name: 'cowork', options: [{ name: 'text', type: 3, value: '/run other server' }] },
      });
      rig.peer.say(ALICE, ROOM, `${NAME} listed server`);
      await until(() => watched.received.length > 0);
      assert.deepEqual(texts(watched), ['listed server']);
      assert.equal(watched.received[0]?.context, 'group');
    });

    it('[DC-2] none at all are heard when none is listed, and their intent is not asked for', async () => {
      const watched = await connected();
      assert.equal(rig.peer.gateway.intents & (1 << 9), 0);
      assert.match(watched.states.at(-1)?.detail ?? '', /direct messages only/);
      // As though Discord sent them all the same.
      rig.peer.gateway.intents |= 1 << 9;
      rig.peer.say(ALICE, ROOM, `${NAME} in a server`);
      rig.peer.say(ALICE, DM, 'direct');
      await until(() => watched.received.length > 0);
      assert.deepEqual(texts(watched), ['direct']);
    });

    it('[DC-2] that the bot is added to are counted, and noted when they are not listed', async () => {
      const watched = await connected({ allowedGuilds: [GUILD] });
      assert.deepEqual(watched.facts().guilds, [GUILD]);
      const added = rig.peer.gateway.guild('GUILD_CREATE');
      await until(() => watched.notes.length > 0);
      assert.deepEqual(watched.facts().guilds, [GUILD, added]);
      assert.match(watched.notes[0]?.text ?? '', new RegExp(`${added}, which is not listed`));
      rig.peer.gateway.guild('GUILD_DELETE', added);
      rig.peer.gateway.emit('GUILD_DELETE', { id: GUILD, unavailable: true });
      rig.peer.say(ALICE, DM, 'end');
      await until(() => watched.received.length > 0);
      assert.deepEqual(watched.facts().guilds, [GUILD]);
    });
  });

  it('asks for no intent but those it needs, and for the content of messages only when it is set', async () => {
    await connected({ allowedGuilds: [GUILD] });
    assert.equal(rig.peer.gateway.intents, 1 | (1 << 9) | (1 << 12));
    await assert.rejects(connected({ allowedGuilds: [GUILD], messageContent: true }), {
      kind: 'fatal',
      message: /does not allow the intents.*Message Content Intent/,
    });
  });

  it('hears an answer without a mention when it has the intent for it', async () => {
    rig.peer.gateway.allowedIntents = 1 << 15;
    const watched = await connected({ allowedGuilds: [GUILD], messageContent: true });
    const { platformIds } = await watched.adapter.send(outgoing('a question', { conversation: ROOM }));
    const ours = rig.peer.messages.get(platformIds[0] ?? '');
    assert.ok(ours);
    rig.peer.say(ALICE, ROOM, 'chatter');
    rig.peer.say(ALICE, ROOM, 'an answer', {
      message_reference: { message_id: ours.id, channel_id: ROOM },
      referenced_message: ours,
    });
    await until(() => watched.received.some(({ text }) => text === 'an answer'));
    assert.deepEqual(
      watched.received.map(({ text, addressed, sender }) => [text, addressed, sender.isSelf]),
      [
        ['a question', false, true],
        ['chatter', false, false],
        ['an answer', true, false],
      ],
    );
  });

  it('leaves forwarded messages and notices of Discord alone', async () => {
    const watched = await connected();
    rig.peer.say(ALICE, DM, 'forwarded', { message_reference: { message_id: '1', channel_id: DM, type: 1 } });
    rig.peer.say(ALICE, DM, 'pinned', { type: 6 });
    rig.peer.say(ALICE, DM, 'end');
    await until(() => watched.received.length > 0);
    assert.deepEqual(texts(watched), ['end']);
  });

  describe('the command /cowork', () => {
    it('is registered in listed servers alone, for administrators at first, and taken back', async () => {
      rig.peer.guilds = [GUILD, OTHER_GUILD];
      const store = new MemoryStore();
      const first = await connected({ allowedGuilds: [GUILD] }, store);
      assert.deepEqual([...rig.peer.commands.keys()], [GUILD]);
      const [command] = rig.peer.commands.get(GUILD) as Record<string, unknown>[];
      assert.deepEqual(
        [command?.name, command?.default_member_permissions, command?.contexts],
        ['cowork', '0', [0]],
      );
      await first.adapter.disconnect();
      await connected({ allowedGuilds: [OTHER_GUILD] }, store);
      assert.deepEqual(rig.peer.commands.get(GUILD), []);
      assert.equal(rig.peer.commands.get(OTHER_GUILD)?.length, 1);
      assert.equal(rig.peer.calls.filter((call) => call.startsWith('PUT')).length, 3);
    });

    it('is not registered when that is switched off, and no reason to fail when it cannot be', async () => {
      await connected({ allowedGuilds: [GUILD], slashCommand: false });
      assert.equal(rig.peer.commands.size, 0);
      const watched = await connected({ allowedGuilds: [snowflake('not there')] });
      assert.match(String(watched.facts().commandProblem), /50001/);
      assert.match(watched.states.at(-1)?.detail ?? '', /not in the listed server/);
    });

    it('says what was typed, from who called it, and is acknowledged to them alone', async () => {
      const watched = await connected({ allowedGuilds: [GUILD] });
      rig.peer.interact(2, ALICE, ROOM, {
        data: { name: 'cowork', options: [{ name: 'text', type: 3, value: '/run npm test' }] },
      });
      await until(() => watched.received.length > 0 && rig.peer.callbacks.length > 0);
      const [message] = watched.received;
      assert.deepEqual(
        [message?.text, message?.sender.id, message?.conversation, message?.addressed],
        ['/run npm test', ALICE, ROOM, true],
      );
      assert.deepEqual([rig.peer.callbacks[0]?.type, rig.peer.callbacks[0]?.data?.flags], [4, 64]);
    });
  });

  it('acknowledges a press within three seconds while nothing can be put on record, and takes it once', async () => {
    const watched = await connected();
    const buttons = [{ label: 'Approve', command: '/approve 1', style: 'primary' as const }];
    const { platformIds } = await watched.adapter.send(outgoing('Run it?', { buttons }));
    watched.received.length = 0;
    watched.failReceives(1);
    const message = rig.peer.messages.get(platformIds[0] ?? '');
    rig.peer.interact(3, ALICE, DM, { message, data: { component_type: 2, custom_id: '/approve 1' } });
    await until(() => rig.peer.callbacks.length > 0);
    assert.equal(rig.peer.unanswered(), 0);
    await until(() => texts(watched).includes('/approve 1'));
    assert.equal(texts(watched).filter((text) => text === '/approve 1').length, 1);
  });

  it('takes no press of a button under a message of somebody else', async () => {
    const watched = await connected();
    const message = rig.peer.say(ALICE, DM, 'not ours');
    rig.peer.interact(3, ALICE, DM, { message, data: { component_type: 2, custom_id: '/approve 1' } });
    rig.peer.say(ALICE, DM, 'end');
    await until(() => texts(watched).includes('end'));
    assert.deepEqual(texts(watched), ['not ours', 'end']);
  });

  it('takes the buttons of a question away when it is edited to its answer', async () => {
    const watched = await connected();
    const buttons = [{ label: 'Deny', command: '/deny 1', style: 'danger' as const }];
    const { platformIds } = await watched.adapter.send(outgoing('Run it?', { buttons }));
    const [id] = platformIds;
    assert.equal(rig.peer.messages.get(id ?? '')?.components.length, 1);
    await watched.adapter.send(outgoing('Denied.', { edits: id }));
    assert.deepEqual(rig.peer.messages.get(id ?? '')?.components, []);
    assert.equal(rig.peer.messages.get(id ?? '')?.content, 'Denied.');
  });

  describe('what is sent', () => {
    it('rings nobody, has no previews, and is not said twice when its answer was lost', async () => {
      const { adapter } = await connected();
      rig.peer.loseAnswer = true;
      const message = outgoing('@everyone https://evil.example/x');
      await assert.rejects(adapter.send(message), { kind: 'temporary' });
      await adapter.send(message);
      assert.equal(rig.peer.messages.size, 1);
      await adapter.send(message);
      assert.equal(rig.peer.messages.size, 2, 'the next one like it is another message');
      assert.deepEqual(rig.peer.problems, []);
    });

    it('waits as the headers say before Discord would refuse it', async () => {
      const { adapter } = await connected();
      rig.peer.bucket = 2;
      await adapter.send(outgoing('one'));
      await adapter.send(outgoing('two'));
      await assert.rejects(
        adapter.send(outgoing('three')),
        (error: { kind?: string; retryAfterMs?: number }) => {
          assert.equal(error.kind, 'rate-limited');
          assert.ok((error.retryAfterMs ?? 0) > 0);
          return true;
        },
      );
      assert.deepEqual(rig.peer.problems, []);
      await adapter.typing?.(DM);
    });

    it('fits in a message however much has to be escaped', async () => {
      const { adapter } = await connected();
      await adapter.send(outgoing('*_'.repeat(1_900)));
      const sent = [...rig.peer.messages.values()].map(({ content }) => content);
      assert.ok(sent.every((content) => content.length <= 2_000));
      assert.equal(sent.join('').replaceAll('\\', '').replace(/\s/g, ''), '*_'.repeat(1_900));
      assert.ok(fitsOneMessage('a'.repeat(2_000), 'text'));
      assert.ok(!fitsOneMessage('*'.repeat(1_001), 'text'));
    });

    it('keeps a fence in code from ending the block, and links to nothing but what it shows', () => {
      const block = formatText('````\n```\n@everyone\n```\n````', 'markdown');
      assert.equal(block.match(/```/g)?.length, 2);
      assert.equal(formatText('see https://a.example/x_y.', 'text'), 'see <https://a.example/x_y>.');
      assert.equal(formatText('', 'text'), '(empty)');
    });
  });

  it('fetches files from Discord alone, and connects to Discord alone', () => {
    assert.ok(isFileAddress('https://cdn.discordapp.com/attachments/1/2/a.txt?ex=1&hm=2', API));
    for (const address of [
      'https://evil.example/attachments/1',
      'http://cdn.discordapp.com/attachments/1',
      'https://cdn.discordapp.com.evil.example/1',
      'https://cdn.discordapp.com:8443/1',
      'nonsense',
    ])
      assert.ok(!isFileAddress(address, API), address);
    assert.ok(isDiscordSocket('wss://gateway-us-east1-b.discord.gg', API));
    for (const address of [
      'ws://gateway.discord.gg',
      'wss://evil.example',
      'wss://discord.gg.evil.example',
      '',
    ])
      assert.ok(!isDiscordSocket(address, API), address);
  });

  it('asks again for the address of a file that came before a restart', async () => {
    const { adapter } = await connected();
    const file = rig.peer.attach('a.txt', 'text/plain', Buffer.from('bytes'));
    const message = rig.peer.say(ALICE, DM, 'with a file', { attachments: [file] });
    const attachment = { name: 'a.txt', mediaType: 'text/plain', size: 5 };
    const platformId = `${DM}/${message.id}/${String(file.id)}`;
    const bytes = await created().download?.({ ...attachment, platformId }, 100);
    assert.equal(Buffer.from(bytes ?? []).toString(), 'bytes');
    await assert.rejects(
      adapter.download?.({ ...attachment, platformId: `${DM}/${message.id}/1` }, 100) ?? Promise.resolve(),
      { kind: 'refused', message: /no longer has/ },
    );
    assert.deepEqual(rig.peer.problems, [], 'the token did not go to the file server');
  });

  const created = () => made().adapter;

  it('tells the tokens of other kinds from that of a bot', () => {
    const [field] = discordDescriptor.secrets;
    assert.equal(field?.validate?.(TOKEN), undefined);
    assert.match(field?.validate?.(`Bot ${TOKEN}`) ?? '', /alone/);
    assert.match(field?.validate?.(`mfa.${'x'.repeat(80)}`) ?? '', /person’s account/);
    assert.match(field?.validate?.('x'.repeat(32)) ?? '', /client secret/);
    assert.match(field?.validate?.('no token') ?? '', /three parts/);
  });

  describe('rules', () => {
    const found = (id: string, part: Partial<ChannelFacts>) =>
      discordRules.find((rule) => rule.id === id)?.check(channelFacts(discordDescriptor, part));

    it('[DC-2] finds servers that are not listed, and a bot that anybody may add', async () => {
      rig.peer.guilds = [GUILD, OTHER_GUILD];
      rig.peer.application = { ...rig.peer.application, bot_public: true };
      const watched = await connected({ allowedGuilds: [GUILD] });
      const facts = { settings: { allowedGuilds: [GUILD] }, reported: watched.facts() };
      assert.match(found('DC-2', facts)?.evidence ?? '', new RegExp(OTHER_GUILD));
      assert.ok(found('DC-2.public', facts));
      const fine = {
        settings: { allowedGuilds: [GUILD] },
        reported: { guilds: [GUILD], botPublic: false },
      };
      assert.equal(found('DC-2', fine), undefined);
      assert.equal(found('DC-2.public', fine), undefined);
    });

    it('[DC-3] finds one bot in several servers, listed or not', () => {
      const two = { settings: { allowedGuilds: [GUILD, OTHER_GUILD] }, reported: {} };
      assert.match(found('DC-3', two)?.evidence ?? '', /2 servers share this bot/);
      const more = { settings: { allowedGuilds: [GUILD] }, reported: { guilds: [GUILD, OTHER_GUILD] } };
      assert.match(found('DC-3', more)?.evidence ?? '', /2 servers, and one is listed/);
      assert.equal(
        found('DC-3', { settings: { allowedGuilds: [GUILD] }, reported: { guilds: [GUILD] } }),
        undefined,
      );
      assert.equal(found('DC-3', { settings: { allowedGuilds: [] }, reported: {} }), undefined);
    });

    it('[DC-3] finds the intent for every message', () => {
      assert.ok(found('DC-3.intents', { settings: { messageContent: true } }));
      assert.equal(found('DC-3.intents', { settings: { messageContent: false } }), undefined);
    });
  });
});
