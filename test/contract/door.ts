import { WebhookServer } from '../../src/channels/webhook/server';
import type { OpenWebhook, WebhookHandler, WebhookOptions } from '../../src/channels/webhook-contract';
import { type Logger, type SecretStore, systemClock } from '../../src/engine/model/ports';
import type { MemoryJournal } from '../helpers/memory-journal';
import type { ChannelBench } from './bench';

/** The server in which channels that are called have their doors, as the session builds it. */
export function openDoors(
  bench: ChannelBench,
  { journal, secrets, log }: { journal: MemoryJournal; secrets: SecretStore; log: Logger },
): {
  open(channel: string, options: WebhookOptions, handler: WebhookHandler): Promise<OpenWebhook>;
  close(): Promise<void>;
} {
  const server = new WebhookServer({
    secrets,
    records: journal,
    // The platform's calls carry the time of this machine, however fast the channel's own goes.
    clock: systemClock,
    log,
    settings: () => ({ port: 0, publicUrl: '', sourceHeader: '' }),
    forward: async () => undefined,
    acceptedKeys: async (channel) =>
      journal
        .ofType('webhook.request')
        .flatMap(({ data }) => (data.channel === channel ? (data.replayKeys ?? []) : [])),
  });
  return {
    async open(channel, options, handler) {
      const door = await server.open(channel, options, handler);
      bench.calls?.(door.url);
      return door;
    },
    close: () => server.close(),
  };
}
