import assert from 'node:assert/strict';
import { ManualClock } from '../../helpers/manual-clock';
import { GUILD } from '../../peers/discord/server';
import { ALICE, DM, discordRig, until } from './discord-rig';
import { MemoryStore } from './support';

describe('discord adapter, its line', () => {
  const rig = discordRig();
  const { connected, texts } = rig;

  describe('a session', () => {
    it('is taken up again after a restart, with what was said meanwhile', async () => {
      const store = new MemoryStore();
      const first = await connected({}, store);
      rig.peer.say(ALICE, DM, 'one');
      await until(() => first.received.length === 1);
      await first.adapter.disconnect();
      rig.peer.say(ALICE, DM, 'two');
      const second = await connected({}, store);
      await until(() => second.received.length > 0);
      assert.deepEqual(texts(second), ['two']);
      assert.deepEqual([rig.peer.gateway.identified, rig.peer.gateway.resumed], [1, 1]);
    });

    it('is not taken up with other intents than it was opened with', async () => {
      const store = new MemoryStore();
      await (await connected({}, store)).adapter.disconnect();
      rig.peer.gateway.rest();
      await connected({ allowedGuilds: [GUILD] }, store);
      assert.deepEqual([rig.peer.gateway.identified, rig.peer.gateway.resumed], [2, 0]);
    });

    it('that Discord no longer has is opened anew, after a while', async function () {
      this.timeout(20_000);
      const watched = await connected();
      rig.peer.gateway.forget();
      await until(() => rig.peer.gateway.identified === 2, 10_000);
      rig.peer.say(ALICE, DM, 'afterwards');
      await until(() => texts(watched).includes('afterwards'));
      assert.ok(!watched.states.some(({ state }) => state === 'fatal'));
    });

    it('stays on its line as long as its signs of life are answered', async () => {
      rig.peer.speed = 50;
      await connected();
      await until(() => rig.peer.gateway.beats >= 4);
      assert.deepEqual([rig.peer.gateway.identified, rig.peer.gateway.resumed], [1, 0]);
      assert.deepEqual(rig.peer.problems, []);
    });

    it('that Discord says is no good while it is used is opened anew, after a while', async () => {
      const clock = new ManualClock();
      const watched = await connected({}, undefined, clock);
      rig.peer.gateway.rest();
      const before = clock.now();
      rig.peer.gateway.invalidate(false);
      await until(() => {
        clock.advance(50);
        return rig.peer.gateway.identified === 2;
      });
      assert.ok(clock.now() - before >= 1_000, 'not at once');
      rig.peer.say(ALICE, DM, 'afterwards');
      await until(() => texts(watched).includes('afterwards'));
      rig.peer.gateway.invalidate(true);
      await until(() => {
        clock.advance(50);
        return rig.peer.gateway.resumed === 1;
      });
    });

    it('is taken up at once when Discord asks to reconnect', async () => {
      const watched = await connected();
      rig.peer.gateway.end();
      await until(() => rig.peer.gateway.resumed === 1);
      rig.peer.say(ALICE, DM, 'afterwards');
      await until(() => texts(watched).includes('afterwards'));
      assert.equal(rig.peer.gateway.identified, 1);
    });

    it('is not opened when none is left for today', async () => {
      rig.peer.gateway.startsLeft = 0;
      await assert.rejects(connected(), { kind: 'rate-limited', retryAfterMs: 14_400_000 });
      assert.equal(rig.peer.gateway.identified, 0);
    });

    for (const [code, sentence] of [
      [4004, /refused the bot token/],
      [4011, /too many servers/],
      [4013, /newer version/],
      [4014, /does not allow the intents/],
    ] as const) {
      it(`that Discord refuses with ${code} needs a person`, async () => {
        rig.peer.gateway.refuseWith = code;
        await assert.rejects(connected(), { kind: 'fatal', message: sentence });
      });
    }

    it('that ends because the token was reset needs a person, and is not tried again', async () => {
      const watched = await connected();
      rig.peer.trouble = 'revoked';
      rig.peer.gateway.end(4004);
      await until(() => watched.states.at(-1)?.state === 'fatal');
      assert.match(watched.states.at(-1)?.detail ?? '', /refused the bot token/);
      assert.equal(rig.peer.gateway.resumed, 0);
    });
  });
});
