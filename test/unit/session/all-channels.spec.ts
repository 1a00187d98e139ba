import assert from 'node:assert/strict';
import { enableAllChannels } from '../../helpers/all-channels';

/** Bytes by which the process may grow with all channels that keep a connection, together. */
const MEMORY = 150_000_000;
/** What an idle session with all of them may use of a core. */
const IDLE = 0.01;
/** Those that keep a connection; of these the one that runs on macOS only, and the one whose peer may not be installed. */
const STANDING = [
  'discord',
  'email',
  'imessage',
  'mattermost',
  'matrix',
  'signal',
  'slack',
  'telegram',
  'twitch',
];
const MAY_LACK = ['email', 'imessage'];

describe('all channels with a standing connection at once', () => {
  it('load no bundle before their own is enabled, stay small together, and leave the processor alone while idle', async function () {
    this.timeout(240_000);
    const { ids, report } = await enableAllChannels({ settleMs: 2_000, idleMs: 4_000, idleTimes: 4 });
    const what = JSON.stringify(report);
    for (const id of STANDING) assert.ok(ids.includes(id) || MAY_LACK.includes(id), `${id} is not tried`);
    assert.deepEqual(report.atStart, [], 'none is loaded before the first is enabled');
    for (const [at, id] of ids.entries())
      assert.deepEqual([...(report.loadedWith[id] ?? [])].sort(), ids.slice(0, at + 1).sort(), id);
    assert.ok(report.after - report.before < MEMORY, what);
    // Collection of garbage and other machines' load only add to it: the quietest of the times says what it is.
    assert.ok(Math.min(...report.idleShares) < IDLE, what);
  });
});
