import assert from 'node:assert/strict';
import type { ChannelError } from '../../../src/channels/contract';
import { slackDescriptor } from '../../../src/channels/slack/descriptor';
import { isSlackSocket } from '../../../src/channels/slack/socket';
import { APP_TOKEN, BOT_TOKEN, BOT_USER, type SlackSent, TEAM } from '../../peers/slack/slack-api';
import { ACCOUNT, out, slackRig } from './slack-rig';
import { until, type Watched } from './support';

describe('slack adapter', () => {
  const rig = slackRig();
  const { make, connected } = rig;

  it('[INI-2] asks Slack who it is, and takes only a bot', async () => {
    const { account, states } = await connected();
    assert.deepEqual(account, { account: ACCOUNT, name: 'workbot in Acme', isBot: true });
    assert.deepEqual(states, [{ state: 'online', detail: 'Connected as workbot in Acme.' }]);
    rig.api.identity = { ...rig.api.identity, bot_id: undefined };
    await assert.rejects(make().adapter.check!(), /belongs to a person, not to a bot/);
  });

  it('[SL-3] refuses legacy tokens with an explanation, in form and by their permissions', async () => {
    const [bot, app] = slackDescriptor.secrets;
    assert.equal(bot?.validate?.(BOT_TOKEN), undefined);
    assert.equal(app?.validate?.(APP_TOKEN), undefined);
    assert.match(bot?.validate?.('xoxp-1-2-3-abcdef') ?? '', /user token.*act as a person/);
    for (const token of ['xoxa-2-abcdefabcdef', 'xoxs-1-2-3-abc', 'xoxc-1-2', 'xoxd-1', 'xoxo-1', 'xoxr-1']) {
      assert.match(bot?.validate?.(token) ?? '', /legacy or session token/, token);
    }
    assert.match(bot?.validate?.(APP_TOKEN) ?? '', /app-level token/);
    assert.match(app?.validate?.(BOT_TOKEN) ?? '', /not an app-level token/);
    rig.api.scopes = 'identify,bot';
    await assert.rejects(make().adapter.connect(), (error: ChannelError) => {
      assert.equal(error.kind, 'fatal');
      assert.match(error.message, /legacy kind \(bot\).*new app/);
      return true;
    });
    rig.api.scopes = 'app_mentions:read,chat:write,im:history,channels:history,users:read';
    const { states } = await connected();
    assert.match(states.at(-1)?.detail ?? '', /not needed: channels:history, users:read/);
  });

  it('[SL-3] needs the app-level token as well, and proves each as it is entered', async () => {
    await assert.rejects(make({}, { appToken: undefined }).adapter.connect(), /no usable app-level token/);
    await assert.rejects(make({}, { appToken: BOT_TOKEN }).adapter.connect(), /no usable app-level token/);
    const other = `${APP_TOKEN.slice(0, -1)}0`;
    await assert.rejects(make({}, { appToken: other }).adapter.check!(), /refused the app-level token/);
    await assert.rejects(make({}, { botToken: `${BOT_TOKEN}y` }).adapter.check!(), /refused the bot token/);
    assert.equal((await make({}, { botToken: undefined }).adapter.check!()).account, '');
    assert.equal((await make({}, { appToken: undefined }).adapter.check!()).account, ACCOUNT);
    assert.equal((await make().adapter.check!()).account, ACCOUNT);
  });

  it('takes a direct message and a mention, with team and user as the sender', async () => {
    rig.api.nextTs = 1_700_000_000;
    const { received } = await connected();
    rig.api.dm('U0042', '!run npm test');
    rig.api.mention('U0043', `<@${BOT_USER}> /run npm test`);
    await until(() => rig.api.acknowledged.length === 2, 'both acknowledgements');
    assert.deepEqual(
      received.map(({ receivedAt, ...message }) => message),
      [
        {
          channel: 'slack',
          account: ACCOUNT,
          conversation: 'D0001',
          context: 'dm',
          sender: { id: 'T0001/U0042', displayName: 'U0042', isBot: false, isSelf: false },
          text: '/run npm test',
          attachments: [],
          platformId: '1700000001.000100',
          addressed: true,
        },
        {
          channel: 'slack',
          account: ACCOUNT,
          conversation: 'C0001',
          context: 'group',
          sender: { id: 'T0001/U0043', displayName: 'U0043', isBot: false, isSelf: false },
          text: '/run npm test',
          attachments: [],
          platformId: '1700000002.000100',
          addressed: true,
        },
      ],
    );
  });

  it('reads what was typed out of Slack’s own writing', async () => {
    const { received } = await connected();
    const cases: [string, string][] = [
      ['a &lt;b&gt; &amp;amp; c', 'a <b> &amp; c'],
      ['see <https://a.example/x|a.example/x>', 'see a.example/x'],
      ['see <https://a.example/x>', 'see https://a.example/x'],
      ['see <https://evil.example|a.example>', 'see https://evil.example'],
      ['mail <mailto:a@b.example|a@b.example>', 'mail a@b.example'],
      ['<@U9> and <#C9|dev> and <!here>', '@U9 and #dev and @here'],
      [`<@${BOT_USER}>: ABC234`, 'ABC234'],
      [`ABC234 <@${BOT_USER}>`, 'ABC234'],
      ['!status', '/status'],
      ['! not a command', '! not a command'],
    ];
    for (const [wire] of cases) rig.api.dm('U0042', wire);
    await until(() => received.length === cases.length, 'all messages');
    assert.deepEqual(
      received.map(({ text }) => text),
      cases.map(([, text]) => text),
    );
  });

  it('[SL-2] leaves alone what comes from other workspaces, by any way', async () => {
    const { received, logged } = await connected();
    const outside: [object, object][] = [
      [{}, { team_id: 'T9999' }],
      [{ team: 'T9999' }, {}],
      [{ user_team: 'T9999', team: TEAM }, { is_ext_shared_channel: true }],
      [{ source_team: 'T9999', team: TEAM }, { is_ext_shared_channel: true }],
      [{ team: undefined }, { is_ext_shared_channel: true }],
    ];
    for (const [inner, outer] of outside)
      rig.api.mention('U0066', `<@${BOT_USER}> hi`, inner as never, outer as never);
    rig.api.press('U0066', sentBy('C0001'), '/approve A1', { user: { id: 'U0066', team_id: 'T9999' } });
    rig.api.press('U0066', sentBy('C0001'), '/approve A1', { team: { id: 'T9999' } });
    rig.api.mention('U0042', `<@${BOT_USER}> ours`, { user_team: TEAM }, { is_ext_shared_channel: true });
    await until(() => rig.api.acknowledged.length === outside.length + 3, 'all acknowledgements');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['ours'],
    );
    assert.equal(logged.filter((line) => line.includes('T9999')).length, 6);
  });

  it('[SL-2] hears the listed workspaces and organisations, and only those', async () => {
    const { received } = await connected({ allowedTeams: ['T7777', 'E1111'] });
    rig.api.dm('U1', 'home workspace, not listed');
    rig.api.dm('U2', 'listed', { team: 'T7777' }, { team_id: 'T7777' });
    rig.api.dm('U3', 'of the organisation', { team: 'T5555' }, { team_id: 'T5555', enterprise_id: 'E1111' });
    rig.api.dm('U4', 'of another', { team: 'T5555' }, { team_id: 'T5555', enterprise_id: 'E2222' });
    rig.api.dm(
      'U5',
      'guest of another company',
      { user_team: 'T6666' },
      { team_id: 'T7777', enterprise_id: 'E1111', is_ext_shared_channel: true },
    );
    await until(() => rig.api.acknowledged.length === 5, 'all acknowledgements');
    assert.deepEqual(
      received.map(({ sender, text }) => [sender.id, text]),
      [
        ['T7777/U2', 'listed'],
        ['T5555/U3', 'of the organisation'],
      ],
    );
  });

  it('[ACC-6] tells of bots and of itself, and marks edits and deletions', async () => {
    const { received } = await connected();
    rig.api.dm('U0001', 'from a bot', { bot_id: 'B0007' });
    rig.api.dm('U0001', 'old style', { subtype: 'bot_message', user: undefined, bot_id: 'B0008' });
    rig.api.dm(BOT_USER, 'our own', { bot_id: 'B0001' });
    const original = {
      user: 'U0042',
      text: '/run rm -rf x',
      ts: '1700000000.000100',
      team: TEAM,
      type: 'message',
    };
    rig.api.dm('U0042', '', {
      subtype: 'message_changed',
      user: undefined,
      message: original,
      previous_message: original,
    });
    rig.api.dm('U0042', '', { subtype: 'message_deleted', user: undefined, previous_message: original });
    rig.api.dm('U0042', 'joined', { subtype: 'channel_join' });
    rig.api.dm('U0042', 'nobody', { user: undefined });
    rig.api.event({ type: 'reaction_added', user: 'U0042' });
    rig.api.dm('U0042', 'end');
    await until(() => rig.api.acknowledged.length === 9, 'all acknowledgements');
    assert.deepEqual(
      received.map(({ text, sender, change }) => [text, sender.isBot, sender.isSelf, change]),
      [
        ['from a bot', true, false, undefined],
        ['old style', true, false, undefined],
        ['our own', true, true, undefined],
        ['/run rm -rf x', false, false, 'edited'],
        ['/run rm -rf x', false, false, 'deleted'],
        ['end', false, false, undefined],
      ],
    );
  });

  it('acknowledges only what is on the record, and takes it when Slack sends it again', async () => {
    rig.api.ackWithinMs = 100;
    const { received, failReceives } = await connected();
    failReceives(2);
    const { ts } = rig.api.dm('U0042', 'important');
    await until(() => rig.api.acknowledged.length === 1, 'the acknowledgement');
    assert.deepEqual(
      rig.api.deliveries.map(({ attempt }) => attempt),
      [0, 1, 2],
    );
    assert.deepEqual(
      received.map(({ platformId }) => platformId),
      [ts],
    );
  });

  it('turns a pressed button into its command, said by the one who pressed it', async () => {
    const { adapter, received } = await connected();
    const buttons = [{ label: 'Approve', command: '/approve A1', style: 'primary' as const }];
    await adapter.send(out('?', { conversation: 'C0001', buttons }));
    const [message] = rig.api.sent;
    assert.deepEqual(message?.blocks[1], {
      type: 'actions',
      elements: [
        {
          type: 'button',
          action_id: 'cowork-0',
          text: { type: 'plain_text', text: 'Approve' },
          value: '/approve A1',
          style: 'primary',
        },
      ],
    });
    rig.api.press('U0099', message!, '/approve A1');
    await until(() => rig.api.acknowledged.length === 1, 'the acknowledgement');
    const { text, sender, context, conversation, addressed } = received[0]!;
    assert.deepEqual(
      { text, sender: sender.id, context, conversation, addressed },
      {
        text: '/approve A1',
        sender: 'T0001/U0099',
        context: 'group',
        conversation: 'C0001',
        addressed: true,
      },
    );
  });

  describe('when things go wrong', () => {
    it('takes a new connection when Slack asks for it, without waiting for the old one to end', async () => {
      const { received, states } = await connected();
      const [old] = rig.api.sockets;
      old!.answers = false;
      rig.api.refresh();
      await until(
        () => rig.api.calls.filter((call) => call === 'apps.connections.open').length === 2,
        'the next connection',
      );
      await until(
        () => rig.api.sockets.length === 1 && rig.api.sockets[0] !== old,
        'the end of the old one',
        3_000,
      );
      rig.api.dm('U0042', 'after');
      await until(() => received.length === 1, 'the message');
      assert.deepEqual(
        states.map(({ state }) => state),
        ['online'],
        'which is no news',
      );
    });

    it('says when another program holds a connection of the app, and not when it was its own', async () => {
      const health = (facts: Record<string, unknown>) =>
        slackDescriptor.health?.(facts as never).join(' ') ?? '';
      rig.api.others = 1;
      const first = await connected();
      assert.match(health(first.facts()), /^2 connections of this app were open.*end the others/);
      rig.api.others = 0;
      rig.api.sockets[0]?.cut();
      await until(() => health(first.facts()) === '', 'the other one to be gone');
      await first.adapter.disconnect();
      const second = await connected();
      assert.equal(health(second.facts()), '');
      rig.api.others = 1;
      rig.api.refresh();
      await until(
        () => rig.api.calls.filter((call) => call === 'apps.connections.open').length === 4,
        'the next connection',
      );
      await until(() => rig.api.sockets.length === 1, 'the end of the old one', 3_000);
      assert.equal(health(second.facts()), '', 'it may be the one of before');
    });

    it('comes back by itself when the line is cut or the server is away, and loses nothing', async () => {
      const { received, states } = await connected();
      rig.api.dm('U0042', 'one');
      await until(() => received.length === 1, 'the first message');
      const [line] = rig.api.sockets;
      line!.cut();
      await until(() => !rig.api.sockets.includes(line!), 'the cut');
      rig.api.dm('U0042', 'two');
      await until(() => received.length === 2, 'the second message');
      await rig.api.stop();
      await until(() => /cannot be reached.*Next try at/.test(states.at(-1)?.detail ?? ''), 'the wait');
      await rig.api.start();
      await until(() => states.at(-1)?.state === 'online', 'the recovery');
      rig.api.dm('U0042', 'three');
      await until(() => received.length === 3, 'the third message');
    });

    it('does not hammer a server that greets and cuts the line each time', async () => {
      const { states } = await connected();
      const cutting = setInterval(() => rig.api.sockets[0]?.cut(), 1);
      try {
        await until(() => states.filter(({ state }) => state === 'waiting').length === 2, 'the second wait');
      } finally {
        clearInterval(cutting);
      }
      assert.match(states[1]?.detail ?? '', /ends each connection right away\. Next try at/);
      assert.equal(rig.api.calls.filter((call) => call === 'apps.connections.open').length, 3);
    });

    it('stops when the app-level token is revoked', async () => {
      const { states } = await connected();
      rig.api.appToken = 'xapp-revoked';
      rig.api.sockets[0]?.cut();
      await until(() => states.at(-1)?.state === 'fatal', 'the end');
      assert.match(states.at(-1)?.detail ?? '', /refused the app-level token/);
      const calls = rig.api.calls.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(rig.api.calls.length, calls);
    });

    it('follows no address that is not Slack’s', async () => {
      rig.api.socketUrl = 'ws://127.0.0.1:9/';
      await assert.rejects(make().adapter.connect(), (error: ChannelError) => {
        assert.equal(error.kind, 'fatal');
        assert.match(error.message, /address.*not its own/);
        return true;
      });
      const real = 'https://slack.com/api';
      assert.ok(isSlackSocket('wss://wss-primary.slack.com/link/?ticket=1', real));
      for (const address of [
        'ws://wss-primary.slack.com/',
        'wss://wss-primary.slack.com.evil.example/',
        'wss://evilslack.com/',
        'wss://wss-primary.slack.com:8443/',
        'nonsense',
      ]) {
        assert.ok(!isSlackSocket(address, real), address);
      }
    });

    it('can be stopped while it is connecting, and leaves nothing open', async () => {
      rig.api.greets = false;
      const { adapter } = make();
      const connecting = adapter.connect();
      await until(() => rig.api.sockets.length === 1, 'the connection');
      await Promise.all([adapter.disconnect(), assert.rejects(connecting)]);
      await until(() => rig.api.sockets.length === 0, 'the end of the connection', 3_000);
      await adapter.disconnect();
    });

    it('lets the tokens out in no error, state or log', async () => {
      const seen: string[] = [];
      const note = ({ states, logged }: Watched, error?: unknown) => {
        seen.push(JSON.stringify(states), ...logged);
        for (let at: unknown = error; at instanceof Error; at = at.cause) {
          seen.push(at.message, at.stack ?? '', JSON.stringify(at));
        }
      };
      for (const answer of [
        { status: 500, body: { token: BOT_TOKEN } },
        'drop',
        { body: { ok: false, error: BOT_TOKEN } },
      ] as const) {
        rig.api.plan('auth.test', answer);
        const made = make();
        await made.adapter.connect().catch((error: unknown) => note(made, error));
      }
      rig.api.plan('apps.connections.open', { body: { ok: false, error: APP_TOKEN } });
      const made = make();
      await made.adapter.connect().catch((error: unknown) => note(made, error));
      assert.ok(seen.length > 10);
      assert.deepEqual(
        seen.filter((text) => /AbCdEfGhIjKl|0123456789abcdef/.test(text)),
        [],
      );
    });
  });
});

function sentBy(channel: string): SlackSent {
  return { channel, ts: '1700000000.000100', text: '', blocks: [] };
}
