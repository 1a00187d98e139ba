import assert from 'node:assert/strict';
import { enableAllChannels } from '../../helpers/all-channels';

/** Bytes by which the process may grow with all channels that keep a connection, together. */
const MEMORY = 150_000_000;

describe('all channels with a standing connection at once', () => {
  it('load no bundle before their own is enabled, and stay small together', async function () {
    this.timeout(240_000);
    const { ids, report } = await enableAllChannels({ settleMs: 500, idleMs: 2_000 });
    const what = JSON.stringify(report);
    assert.ok(ids.length >= 7, ids.join(', '));
    assert.deepEqual(report.atStart, [], 'none is loaded before the first is enabled');
    for (const [at, id] of ids.entries())
      assert.deepEqual([...(report.loadedWith[id] ?? [])].sort(), ids.slice(0, at + 1).sort(), id);
    assert.ok(report.after - report.before < MEMORY, what);
    // How busy an idle session is depends on the clock; `npm run bench -- channels` says it.
  });
});
