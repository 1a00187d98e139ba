import assert from 'node:assert/strict';
import type { InboundMessage } from '../../../src/engine/model/message';
import { TestDesk } from '../../helpers/desk';
import { TestEngine } from '../../helpers/engine';

const CANARY = 'what the person copied';

describe('what belongs to the person at the desk', () => {
  let house: TestEngine;
  let desk: TestDesk;
  const group: Partial<InboundMessage> = { context: 'group', conversation: 'room' };
  beforeEach(async () => {
    desk = new TestDesk();
    desk.clip = CANARY;
  });
  afterEach(() => house.remove());

  /** Everything that could be on is on: what is refused is refused by nothing but the context and the role. */
  async function open(role: 'owner' | 'member'): Promise<void> {
    house = await TestEngine.start({
      desk,
      user: { mode: 'trusted', capabilities: { clipboard: 'allow', system: 'allow', network: 'allow' } },
      access: { channels: { local: { contexts: { group: { mentionRequired: false } } } } },
    });
    await house.pair('ann', role);
  }

  async function ended(text: string, extra: Partial<InboundMessage> = {}): Promise<string> {
    const before = house.replies.length;
    await house.say(text, 'ann', extra);
    return house.until(() => house.replies[before]?.text);
  }

  it('[FAQ-3] [CTX-1] a group never gets the clipboard or the history, whoever asks', async () => {
    await open('owner');
    const { code } = await house.engine.pairing.issue({ channel: 'local', context: 'group', role: 'owner' });
    await house.say(code, 'ann', group);
    for (const command of ['/clip', '/clip hello', '/history copied']) {
      const reply = await ended(command, group);
      assert.match(reply, /Refused: .*(?:"memory" are off in groups|rooms that others read)/, command);
    }
    assert.deepEqual(desk.reads, []);
    assert.equal(desk.clip, CANARY);
    assert.equal(house.engine.approvals.pending().length, 0);
    assert.ok(!JSON.stringify(await house.records()).includes(CANARY));
  });

  it('[FAQ-3] an owner gets it in a direct message, once it is allowed; a member does not', async () => {
    await open('owner');
    assert.match(await ended('/clip'), new RegExp(CANARY));
    await ended('/clip from the chat');
    assert.equal(desk.clip, 'from the chat');
    await house.remove();
    desk.reads.length = 0;
    await open('member');
    assert.match(await ended('/clip'), /Refused/);
    assert.match(await ended('/screenshot'), /Refused/);
    assert.deepEqual(desk.reads, []);
  });

  it('[INI-4] clipboard, screen and editor are off until somebody switches them on', async () => {
    house = await TestEngine.start({ desk });
    await house.pair('ann', 'owner');
    for (const command of ['/clip', '/clip x', '/open a.txt', '/screenshot']) {
      await house.file('a.txt', '');
      assert.match(await ended(command), /Refused: .* is off in your settings/, command);
    }
    assert.deepEqual([desk.reads, desk.shown], [[], []]);
  });

  it('[CTX-1] the history is that of the one who asks', async () => {
    await open('member');
    await house.pair('bob', 'member');
    await house.say('/list the-secret-of-bob', 'bob');
    await house.say('/list notes-of-ann', 'ann');
    await house.until(() => house.engine.tasks.list().every(({ endedAt }) => endedAt !== undefined));
    assert.match(await ended('/history notes-of-ann'), /notes-of-ann/);
    assert.match(await ended('/history the-secret'), /\n```\nNothing that you said/);
  });

  it('sends a picture along with the reply', async () => {
    await open('owner');
    await ended('/screenshot');
    const [file] = house.replies.at(-1)?.files ?? [];
    assert.deepEqual(await file?.read(), desk.picture);
  });

  it('lists every command that it understands in /help', async () => {
    await open('owner');
    const help = await ended('/help');
    for (const word of [
      'clip',
      'history',
      'open',
      'diagnostics',
      'http',
      'fetch',
      'screenshot',
      'edit',
      'git',
    ]) {
      assert.match(help, new RegExp(`^/${word}\\b`, 'm'));
    }
  });
});
