// The side of `encryption.ts` that is measured: the shipped bundle of Matrix with a sealed store on the disk, and nothing
// else in its process. It does what its parent says, and answers how its event loop fared meanwhile.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { AdapterContext, AdapterFactory, ChannelAdapter } from '../src/channels/contract';
import { systemClock } from '../src/engine/model/ports';
import { SealedStore } from '../src/engine/vault/sealed-store';
import { MemorySecrets } from '../test/helpers/memory-secrets';
import type { Figures, Order, Start } from './encryption';

const [settings] = process.argv.slice(2);
if (settings === undefined) throw new Error('started by encryption.ts only');
const { bundle, homeserver, token, folder }: Start = JSON.parse(settings);
const { createAdapter }: { createAdapter: AdapterFactory } = require(bundle);

const store = new SealedStore(folder, 'channel/matrix', new MemorySecrets(), () => {});
let heard = 0;
let adapter: ChannelAdapter | undefined;

const context = {
  settings: { homeserver },
  secret: async (name: string) => (name === 'accessToken' ? token : undefined),
  renewSecret: async () => {},
  receive: async () => {
    heard += 1;
  },
  state: () => {},
  report: () => {},
  note: async () => {},
  people: {
    isKnown: () => true,
    isOpen: () => true,
    suspend: async () => {},
    closeConversation: async () => {},
  },
  store,
  clock: systemClock,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  fetch,
  random: () => 0,
  // Only what this channel uses: no webhook, no program, no file of the machine.
} as unknown as AdapterContext;

async function obey(order: Order): Promise<void> {
  switch (order.do) {
    case 'connect':
      adapter = createAdapter(context);
      await adapter.connect();
      return;
    case 'hear':
      while (heard < order.count) await new Promise((resolve) => setTimeout(resolve, 20));
      heard = 0;
      return;
    case 'say':
      for (let at = 0; at < order.count; at += 1)
        await adapter?.send({
          channel: 'matrix',
          account: 'a',
          conversation: order.room,
          text: `line ${at}`,
          format: 'text',
        });
      return;
    case 'disconnect':
      await adapter?.disconnect();
  }
}

process.on('message', async (order: Order) => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = performance.eventLoopUtilization();
  const began = performance.now();
  delay.enable();
  // What holds the loop up from the first turn on is measured too.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await obey(order);
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  const figures: Figures = {
    stallMs: delay.max / 1e6,
    busyMs: performance.eventLoopUtilization(before).active,
    tookMs: performance.now() - began,
  };
  process.send?.(figures);
});

// The first call of a process loads what calls: that is not of the encryption, and in the editor it is there already.
void fetch(homeserver).finally(() => process.send?.('ready'));
