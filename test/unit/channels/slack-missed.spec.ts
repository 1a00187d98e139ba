import assert from 'node:assert/strict';
import { slackDescriptor } from '../../../src/channels/slack/descriptor';
import { BOT_USER, TEAM } from '../../peers/slack/slack-api';
import { slackRig } from './slack-rig';
import { MemoryStore, outbound, until as untilNamed } from './support';

const ANN = 'U0042';
const DAY_S = 86_400;
const until = (condition: () => boolean) => untilNamed(condition, String(condition));

describe('slack, what was said while no connection was there', () => {
  const rig = slackRig();
  const connected = (store: MemoryStore) => rig.connected({}, store);

  type Connected = Awaited<ReturnType<typeof connected>>;
  const texts = ({ received }: Connected) =>
    received.filter(({ change, sender }) => !change && !sender.isSelf).map(({ text }) => text);
  const asked = () => rig.api.calls.filter((call) => call === 'conversations.history').length;

  /** Ann has spoken to the app, which then went away. */
  async function known(store: MemoryStore, outer = {}, extra = {}): Promise<void> {
    const first = await connected(store);
    rig.api.dm(ANN, 'hello', extra, outer);
    await until(() => first.received.length === 1);
    await first.adapter.disconnect();
    rig.api.forget();
  }

  it('is asked for behind the last thing on record, in several answers, oldest first', async () => {
    const store = new MemoryStore();
    await known(store);
    const said = Array.from({ length: 450 }, (_, index) => `line ${index}`);
    for (const text of said) rig.api.dm(ANN, text);
    const second = await connected(store);
    await until(() => texts(second).length >= said.length);
    assert.deepEqual(texts(second), said);
    assert.equal(asked(), 3);
    assert.equal(second.received[0]?.sender.id, `${TEAM}/${ANN}`);
    assert.equal(second.received[0]?.context, 'dm');
  });

  it('comes before what is said now, and each once', async () => {
    const store = new MemoryStore();
    await known(store);
    rig.api.dm(ANN, 'while it was away');
    const second = await connected(store);
    rig.api.dm(ANN, 'now');
    await until(() => texts(second).includes('now'));
    assert.deepEqual(texts(second), ['while it was away', 'now']);
  });

  it('is nothing of before the app was first spoken to, nor of more than a day ago', async () => {
    const store = new MemoryStore();
    rig.api.dm(ANN, 'before it was ever there');
    rig.api.forget();
    const now = rig.api.nextTs;
    rig.api.nextTs -= 3 * DAY_S;
    await known(store);
    rig.api.nextTs = now - 2 * DAY_S;
    rig.api.dm(ANN, 'two days ago');
    rig.api.nextTs = now - 3_600;
    rig.api.dm(ANN, 'an hour ago');
    const second = await connected(store);
    await until(() => texts(second).includes('an hour ago'));
    assert.ok(!texts(second).includes('two days ago'));
    const other = new MemoryStore();
    const fresh = await connected(other);
    assert.deepEqual(fresh.received, [], 'who was never spoken to asks for nothing');
  });

  it('is not run when it was edited meanwhile, and nothing that the app said itself', async () => {
    const store = new MemoryStore();
    await known(store);
    const message = rig.api.dm(ANN, '/status');
    rig.api.event({
      type: 'message',
      subtype: 'message_changed',
      channel: 'D0001',
      channel_type: 'im',
      message: { ...message, text: '/run rm -rf build' },
      previous_message: message,
    });
    rig.api.dm(BOT_USER, 'of the app', { bot_id: 'B0001' });
    rig.api.dm(ANN, 'end');
    const second = await connected(store);
    await until(() => texts(second).includes('end'));
    assert.deepEqual(
      second.received.filter(({ sender }) => !sender.isSelf).map(({ text, change }) => [text, change]),
      [
        ['/run rm -rf build', 'edited'],
        ['end', undefined],
      ],
    );
  });

  it('is of nobody but the person whom an event has shown the conversation to be with', async () => {
    const store = new MemoryStore();
    await known(store);
    // In a history nothing says of which company somebody is.
    rig.api.dm('U0666', 'somebody else', { team: undefined });
    rig.api.dm(ANN, 'of another company', { user_team: 'T0666' });
    rig.api.dm(ANN, 'end');
    const second = await connected(store);
    await until(() => texts(second).includes('end'));
    assert.deepEqual(texts(second), ['end']);
  });

  it('is left out when the permission was taken away meanwhile, and that is said', async () => {
    const store = new MemoryStore();
    await known(store);
    rig.api.dm(ANN, 'while it was away');
    rig.api.fail('conversations.history', 'missing_scope', { needed: 'im:history' });
    const second = await connected(store);
    await until(() => /permission im:history/.test(slackDescriptor.health?.(second.facts()).join() ?? ''));
    assert.ok(!second.states.some(({ state }) => state === 'fatal'));
    rig.api.dm(ANN, 'now');
    await until(() => texts(second).includes('now'));
    assert.deepEqual(texts(second), ['now']);
    await second.adapter.send(outbound({ channel: 'slack', conversation: 'D0001', text: 'still there' }));
  });

  it('is tried again when Slack fails, and what is said now does not wait for ever', async () => {
    const store = new MemoryStore();
    await known(store);
    rig.api.dm(ANN, 'while it was away');
    rig.api.plan('conversations.history', { status: 503 }, { status: 429, headers: { 'retry-after': '1' } });
    const second = await connected(store);
    rig.api.dm(ANN, 'now');
    await until(() => texts(second).length === 2);
    assert.deepEqual(texts(second).sort(), ['now', 'while it was away']);
    assert.match(
      second.states.find(({ state }) => state === 'waiting')?.detail ?? '',
      /said meanwhile could not be taken over: Slack answered with error 503.*Next try at/,
    );
  });

  it('is taken over however long Slack fails, and what is said now is answered in time', async () => {
    const store = new MemoryStore();
    await known(store);
    rig.api.dm(ANN, 'while it was away');
    for (let time = 0; time < 3; time += 1) rig.api.plan('conversations.history', { status: 503 });
    const second = await connected(store);
    rig.api.dm(ANN, 'now');
    await until(() => texts(second).includes('now'));
    assert.deepEqual(texts(second), ['now']);
    assert.ok(
      rig.api.deliveries.every(({ attempt }) => attempt === 0),
      'it was not sent again',
    );
    await until(() => texts(second).includes('while it was away'));
    assert.deepEqual(texts(second), ['now', 'while it was away']);
  });
});
