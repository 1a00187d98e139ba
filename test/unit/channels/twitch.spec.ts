import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/twitch/adapter';
import { untilReset } from '../../../src/channels/twitch/client';
import { DEFAULT_API, twitchDescriptor } from '../../../src/channels/twitch/descriptor';
import { fitsOneMessage, formatText } from '../../../src/channels/twitch/format';
import { twitchRules } from '../../../src/channels/twitch/rules';
import { eventsUrl, isTwitchSocket } from '../../../src/channels/twitch/socket';
import { type Clock, systemClock } from '../../../src/engine/model/ports';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { ManualClock } from '../../helpers/manual-clock';
import { ACCESS, BOT, CLIENT, REFRESH, TwitchPeer } from '../../peers/twitch/server';
import { channelFacts, until as untilNamed, watchedContext } from './support';

const ANN = '101';
const ROOM = '555';
const OTHER = '556';
const NAME = `@${BOT.login}`;

/** What is waited for says itself. */
const until = (condition: () => boolean, limitMs?: number) =>
  untilNamed(condition, String(condition), limitMs);

describe('twitch adapter', () => {
  let peer: TwitchPeer;
  let open: { disconnect(): Promise<void> }[];

  beforeEach(async () => {
    open = [];
    peer = new TwitchPeer();
    peer.moderated = ['1', '2', ROOM];
    await peer.start();
  });
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await peer.stop();
  });

  function made(settings: Record<string, unknown> = {}, clock: Clock = systemClock) {
    const secrets: Record<string, string | undefined> = {
      accessToken: ACCESS,
      refreshToken: REFRESH,
      clientSecret: 'secretsecretsecretsecretsecret',
    };
    const watched = watchedContext(
      twitchDescriptor,
      { clientId: CLIENT, channels: [ROOM], apiRoot: peer.apiRoot, ...settings },
      secrets,
      clock,
    );
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    return { ...watched, adapter, secrets };
  }

  async function connected(settings: Record<string, unknown> = {}, clock?: Clock) {
    const all = made(settings, clock);
    const account = await all.adapter.connect();
    return { ...all, account };
  }

  const texts = ({ received }: ReturnType<typeof made>) => received.map(({ text }) => text);
  const outgoing = (text: string, conversation = ROOM) => ({
    channel: 'twitch',
    account: BOT.id,
    conversation,
    text,
    format: 'text' as const,
  });
  const facts = (part: Partial<ChannelFacts>): ChannelFacts => channelFacts(twitchDescriptor, part);
  const found = (id: string, part: Partial<ChannelFacts>) =>
    twitchRules.find((rule) => rule.id === id)?.check(facts(part));

  describe('the token', () => {
    it('[TW-1] has its scopes read, and those that it does not need are found', async () => {
      peer.scopes.push('channel:manage:broadcast', 'user:manage:whispers');
      const watched = await connected();
      const extra = ['channel:manage:broadcast', 'user:manage:whispers'];
      assert.deepEqual(watched.facts().extraScopes, extra);
      assert.match(found('TW-1', { reported: watched.facts() })?.evidence ?? '', /channel:manage:broadcast/);
      assert.equal(found('TW-1', { reported: { extraScopes: [] } }), undefined);
    });

    it('[TW-1] is not used without a scope that is needed, or by another application', async () => {
      await assert.rejects(connected({ whispers: true }), {
        kind: 'fatal',
        message: /lacks the scope user:manage:whispers/,
      });
      await assert.rejects(connected({ clientId: 'otherotherotherotherother00000' }), {
        kind: 'fatal',
        message: /belongs to another application/,
      });
      assert.deepEqual(peer.events.taken, []);
    });

    it('[TW-1] is validated each hour, and the channel stops when Twitch no longer takes it', async () => {
      const clock = new ManualClock();
      const watched = await connected({}, clock);
      assert.equal(peer.validations, 1);
      for (let minute = 0; minute < 60; minute += 1) await soon(clock, 60_000);
      await until(() => peer.validations === 2);
      peer.trouble = 'revoked';
      for (let minute = 0; minute < 60; minute += 1) await soon(clock, 60_000);
      await until(() => watched.states.at(-1)?.state === 'fatal');
      assert.match(watched.states.at(-1)?.detail ?? '', /no longer takes the tokens.*Get new ones/);
    });

    it('is renewed when it has run out, once for all who need it, and kept', async () => {
      const watched = await connected();
      peer.expire();
      await Promise.all([watched.adapter.send(outgoing('one')), watched.adapter.send(outgoing('two', ROOM))]);
      assert.equal(peer.renewals, 1);
      assert.equal(watched.secrets.accessToken, peer.access);
      assert.equal(watched.secrets.refreshToken, peer.refresh);
      assert.equal(peer.said.length, 2);
    });

    it('is renewed with the secret of an application that has one', async () => {
      peer.clientSecret = 'secretsecretsecretsecretsecret';
      peer.expire();
      await assert.rejects(connected(), { kind: 'fatal' });
      await connected({ clientType: 'confidential' });
      assert.equal(peer.renewals, 1);
    });

    it('is only asked about in a check, which uses no refresh token up', async () => {
      assert.equal((await made().adapter.check?.())?.account, BOT.id);
      peer.expire();
      await assert.rejects(made().adapter.check?.() ?? Promise.resolve(), { kind: 'fatal' });
      assert.equal(peer.renewals, 0);
    });
  });

  describe('chats', () => {
    it('[TW-2] are joined where the bot is a moderator, and nowhere else', async () => {
      const watched = await connected({ channels: [ROOM, OTHER] });
      assert.deepEqual(peer.events.taken, [`channel.chat.message ${ROOM}`]);
      assert.deepEqual(watched.facts().notModerated, [OTHER]);
      assert.match(watched.states.at(-1)?.detail ?? '', /in 1 of 2 listed chats/);
      await assert.rejects(watched.adapter.send(outgoing('hello', OTHER)), { kind: 'refused' });
      assert.match(found('TW-2', { reported: watched.facts() })?.evidence ?? '', new RegExp(OTHER));
      assert.equal(found('TW-2', { reported: { notModerated: [] } }), undefined);
    });

    it('[TW-2] are not joined at all when the bot moderates none of them', async () => {
      peer.moderated = ['1'];
      await assert.rejects(connected(), { kind: 'fatal', message: /moderator in none/ });
      assert.deepEqual(peer.events.taken, []);
    });

    it('[TW-2] are left when the bot is no longer a moderator', async () => {
      const watched = await connected({ channels: [ROOM, '2'] });
      peer.moderated = ['2'];
      peer.events.revoke(ROOM);
      await until(() => JSON.stringify(watched.facts().joined) === '["2"]');
      await until(() => peer.events.taken.length === 3);
      await assert.rejects(watched.adapter.send(outgoing('hello')), { kind: 'refused' });
    });

    it('[TW-2] of which Twitch gives nothing are left out, and the others joined', async () => {
      peer.events.closed.add('1');
      const watched = await connected({ channels: ['1', ROOM] });
      assert.deepEqual(watched.facts().joined, [ROOM]);
      assert.deepEqual(watched.facts().notModerated, ['1']);
    });

    it('that are shared bring nothing of the others', async () => {
      const watched = await connected();
      peer.events.chat(ROOM, ANN, `${NAME} from elsewhere`, { source_broadcaster_user_id: OTHER });
      peer.events.chat(ROOM, ANN, `${NAME} from here`, { source_broadcaster_user_id: ROOM });
      await until(() => watched.received.length > 0);
      assert.deepEqual(texts(watched), ['from here']);
      assert.equal(watched.received[0]?.context, 'public');
    });

    it('take ! for /, since Twitch keeps that for itself', async () => {
      const watched = await connected();
      peer.events.chat(ROOM, ANN, `${NAME} !status`);
      peer.events.chat(ROOM, ANN, `wait! ${NAME}`);
      await until(() => watched.received.length === 2);
      assert.deepEqual(texts(watched), ['/status', 'wait!']);
    });
  });

  describe('whispers', () => {
    it('[TW-3] are off: not asked for, not heard, not sent', async () => {
      peer.scopes.push('user:manage:whispers');
      const watched = await connected();
      assert.deepEqual(peer.events.taken, [`channel.chat.message ${ROOM}`]);
      // As though Twitch sent them all the same.
      for (const session of peer.events.sessions.values())
        session.subscriptions.push({ id: 'x', type: 'user.whisper.message', condition: { user_id: BOT.id } });
      peer.events.whisper(ANN, '/run whispered');
      peer.events.chat(ROOM, ANN, `${NAME} end`);
      await until(() => watched.received.length > 0);
      assert.deepEqual(texts(watched), ['end']);
      await assert.rejects(watched.adapter.send(outgoing('psst', `whisper-${ANN}`)), {
        kind: 'refused',
        message: /switched off/,
      });
      assert.equal(twitchDescriptor.settings.parse({}) && found('TW-3', { settings: {} }), undefined);
    });

    it('[TW-3] are direct messages when they are switched on, and found by the Checklist', async () => {
      peer.scopes.push('user:manage:whispers');
      const watched = await connected({ whispers: true });
      peer.events.whisper(ANN, 'psst');
      await until(() => watched.received.length > 0);
      const [message] = watched.received;
      assert.deepEqual([message?.context, message?.conversation], ['dm', `whisper-${ANN}`]);
      await watched.adapter.send(outgoing('what?', `whisper-${ANN}`));
      assert.deepEqual(
        peer.said.map(({ place, text }) => [place, text]),
        [[`to/${ANN}`, 'what?']],
      );
      assert.ok(found('TW-3', { settings: { whispers: true } })?.fix);
    });
  });

  describe('abuse', () => {
    it('[TW-4] by somebody who is not let in is noted, with a timeout suggested, and found', async () => {
      const watched = await connected();
      for (let turn = 0; turn < 5; turn += 1) peer.events.chat(ROOM, ANN, `${NAME} let me in ${turn}`);
      await until(() => watched.notes.length > 0);
      assert.equal(watched.notes.length, 1);
      assert.equal(watched.notes[0]?.sender, ANN);
      assert.match(watched.notes[0]?.text ?? '', /user id 101.*more than 4.*without being let in.*timeout/);
      assert.ok(!watched.notes[0]?.text.includes('let me in'));
      assert.match(found('TW-4', { reported: watched.facts() })?.evidence ?? '', /user id 101.*\/timeout/);
      assert.equal(found('TW-4', { reported: { suspects: [] } }), undefined);
    });

    it('[TW-4] by somebody who is let in is too many messages, and passes', async () => {
      const clock = new ManualClock();
      const watched = await connected({}, clock);
      watched.known.add(`${BOT.id}/${ANN}`);
      for (let turn = 0; turn < 20; turn += 1) peer.events.chat(ROOM, ANN, `${NAME} ${turn}`);
      await until(() => watched.received.length === 20);
      assert.equal(watched.notes.length, 0);
      peer.events.chat(ROOM, ANN, 'chatter that is not for the bot');
      peer.events.chat(ROOM, ANN, `${NAME} one too many`);
      await until(() => watched.notes.length === 1);
      assert.match(watched.notes[0]?.text ?? '', /more than 20 times, 0 of them without/);
      assert.equal((watched.facts().suspects as string[]).length, 1);
      for (let minute = 0; minute <= 11; minute += 1) clock.advance(60_000);
      assert.deepEqual(watched.facts().suspects, []);
    });
  });

  describe('the connection', () => {
    it('moves to another server when Twitch asks, and loses nothing', async () => {
      const watched = await connected();
      peer.events.askToMove();
      peer.events.chat(ROOM, ANN, `${NAME} meanwhile`);
      await until(() => [...peer.events.sessions.values()].length === 1 && peer.requests >= 5);
      peer.events.chat(ROOM, ANN, `${NAME} afterwards`);
      await until(() => watched.received.length === 2);
      assert.deepEqual(texts(watched), ['meanwhile', 'afterwards']);
      assert.equal(peer.events.taken.length, 1, 'subscriptions move along');
      assert.ok(watched.states.every(({ state }) => state === 'online'));
    });

    it('does not move to a server that is not Twitch’s, and begins anew', async () => {
      const watched = await connected();
      peer.events.askToMove('ws://127.0.0.1:1/ws');
      await until(() => peer.events.taken.length === 2);
      peer.events.chat(ROOM, ANN, `${NAME} afterwards`);
      await until(() => watched.received.length === 1);
    });

    it('takes what Twitch delivers twice once', async () => {
      const watched = await connected();
      peer.events.chat(ROOM, ANN, `${NAME} once`);
      peer.events.repeat();
      peer.events.chat(ROOM, ANN, `${NAME} end`);
      await until(() => texts(watched).includes('end'));
      assert.deepEqual(texts(watched), ['once', 'end']);
    });

    it('keeps what could not be put on record until it can', async () => {
      const watched = await connected();
      watched.failReceives(1);
      peer.events.chat(ROOM, ANN, `${NAME} first`);
      peer.events.chat(ROOM, ANN, `${NAME} second`);
      await until(() => watched.received.length === 2);
      assert.deepEqual(texts(watched), ['first', 'second']);
      assert.match(watched.states.at(-2)?.detail ?? '', /could not be put on record/);
    });

    it('leads to Twitch alone', () => {
      assert.equal(eventsUrl(DEFAULT_API), 'wss://eventsub.wss.twitch.tv/ws');
      assert.ok(isTwitchSocket(eventsUrl(DEFAULT_API), DEFAULT_API));
      assert.ok(isTwitchSocket('wss://cell-c.eventsub.wss.twitch.tv/ws?challenge=1', DEFAULT_API));
      for (const address of [
        'ws://eventsub.wss.twitch.tv/ws',
        'wss://evil.example/ws',
        'wss://wss.twitch.tv.evil.example/ws',
        '',
      ])
        assert.ok(!isTwitchSocket(address, DEFAULT_API), address);
    });
  });

  describe('what is sent', () => {
    it('is said again when Twitch takes it for the one before, and not when only its answer was lost', async () => {
      const { adapter } = await connected();
      await adapter.send(outgoing('same'));
      await adapter.send(outgoing('same'));
      assert.equal(peer.said.length, 2);
      peer.loseAnswer = true;
      await assert.rejects(adapter.send(outgoing('lost')), { kind: 'temporary' });
      await adapter.send(outgoing('lost'));
      assert.equal(peer.said.length, 3);
    });

    it('is refused when Twitch drops it for another reason', async () => {
      const { adapter } = await connected();
      peer.dropReason = 'automod_held';
      await assert.rejects(adapter.send(outgoing('held')), { kind: 'refused', message: /automod_held/ });
    });

    it('waits until Twitch’s bucket is full again', () => {
      const headers = new Headers({
        date: 'Tue, 01 Jan 2030 00:00:00 GMT',
        'ratelimit-reset': String(Date.UTC(2030, 0, 1, 0, 0, 7) / 1_000),
      });
      assert.equal(untilReset(headers), 7_000);
      assert.equal(untilReset(new Headers({ 'ratelimit-reset': '0' })), 0);
      assert.equal(untilReset(new Headers()), undefined);
    });

    it('is one line in which nothing is a command or a name that rings', () => {
      assert.equal(formatText('/ban somebody', 'text'), '\u2060/ban somebody');
      assert.equal(formatText('.me dances', 'text'), '\u2060.me dances');
      assert.equal(formatText('one\n/two\r\n\tthree', 'text'), 'one /two three');
      assert.equal(formatText('hi @ann', 'text'), 'hi @\u2060ann');
      assert.equal(formatText('Run `x`:\n```sh\nnpm test\n```', 'markdown'), 'Run x: npm test');
      assert.equal(formatText(' \n', 'text'), '(empty)');
      assert.ok(fitsOneMessage('a'.repeat(499), 'text'));
      assert.ok(!fitsOneMessage('@'.repeat(250), 'text'));
    });
  });

  it('is set up when there is something to hear', () => {
    const missing = (settings: Record<string, unknown>) => twitchDescriptor.missing?.(settings) ?? '';
    assert.match(missing({}), /clientId/);
    assert.match(missing({ clientId: CLIENT, channels: [] }), /List the broadcasters/);
    assert.equal(missing({ clientId: CLIENT, channels: [ROOM] }), '');
    assert.equal(missing({ clientId: CLIENT, channels: [], whispers: true }), '');
    const [field] = twitchDescriptor.secrets;
    assert.equal(field?.validate?.(ACCESS), undefined);
    assert.match(field?.validate?.(`oauth:${ACCESS}`) ?? '', /alone/);
  });

  /** Some time passes, and what it set off is under way. The line is silent meanwhile, so it is taken anew. */
  async function soon(clock: ManualClock, ms: number): Promise<void> {
    clock.advance(ms);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
});
