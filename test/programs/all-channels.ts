// Enables channels one after the other in a session of its own, and says what that takes: memory, and processor time
// while nothing happens. Their platforms are played by the parent. The plan comes as one message.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterChunk } from '../../src/channels/registry';
import type { ChannelsPlan, ChannelsReport } from '../helpers/all-channels';
import { bytesKept } from '../helpers/memory';
import { BUNDLES, TestSession } from '../helpers/session';

/** The bundles of channels that Node has loaded. */
function loadedChunks(): readonly string[] {
  const known = readdirSync(join(BUNDLES, 'channels')).filter((file) => file.endsWith('.cjs'));
  return known
    .filter((file) => join(BUNDLES, 'channels', file) in require.cache)
    .map((file) => file.slice(0, -4));
}

async function main(plan: ChannelsPlan): Promise<ChannelsReport> {
  const tested = await TestSession.start({
    folder: plan.folder,
    channels: Object.fromEntries(plan.channels.map(({ id, settings }) => [id, settings])),
    loadChunk: async (id) => require(join(BUNDLES, 'channels', `${id}.cjs`)) as AdapterChunk,
  });
  const { channels } = tested.session;
  // What the engine does behind its start is not the channels'.
  await new Promise((resolve) => setTimeout(resolve, plan.settleMs));
  const atStart = loadedChunks();
  bytesKept();
  const before = process.memoryUsage().rss;
  const loadedWith: Record<string, readonly string[]> = {};
  const grown: Record<string, number> = {};
  let size = before;
  for (const { id, secrets } of plan.channels) {
    for (const [name, value] of Object.entries(secrets))
      await channels.credentials.store(id, { [name]: value });
    await channels.enable(id);
    const state = () => channels.list().find((view) => view.id === id);
    const limit = setTimeout(() => {
      throw new Error(`${id} does not come online: ${JSON.stringify(state())}`);
    }, 60_000);
    await tested.until(() => state()?.state === 'online');
    clearTimeout(limit);
    loadedWith[id] = loadedChunks();
    bytesKept();
    const now = process.memoryUsage().rss;
    grown[id] = now - size;
    size = now;
  }
  await new Promise((resolve) => setTimeout(resolve, plan.settleMs));
  const idleShares: number[] = [];
  for (let time = 0; time < plan.idleTimes; time += 1) {
    const used = process.cpuUsage();
    const started = performance.now();
    await new Promise((resolve) => setTimeout(resolve, plan.idleMs));
    const { user, system } = process.cpuUsage(used);
    idleShares.push((user + system) / 1000 / (performance.now() - started));
  }
  bytesKept();
  const report = { atStart, loadedWith, grown, before, after: process.memoryUsage().rss, idleShares };
  await tested.close();
  return report;
}

process.once('message', (plan: ChannelsPlan) => {
  main(plan).then(
    (report) => process.send?.(report, () => process.exit(0)),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
