import { join } from 'node:path';
import type { ChannelServices } from '../channels/manager/services';
import { WebhookServer } from '../channels/webhook/server';
import type { AccessService } from '../engine/access/service';
import type { AuditApi } from '../engine/api';
import type { SecretStore } from '../engine/model/ports';
import { ENGINE, type RecordSink } from '../engine/model/record';
import { SealedStore } from '../engine/vault/sealed-store';
import { OutgoingFiles, readChannelFile } from './channel-files';
import { rightsOf } from './folder-rights';
import type { SessionPorts } from './ports';
import { startProgram } from './programs';

/** More than a channel's replay cache holds. */
const KEYS_CAP = 50_000;

/** What the engine and the vault do for channels. */
export function channelServices(
  ports: SessionPorts,
  access: AccessService,
  secrets: SecretStore,
  webhooks: WebhookServer,
): ChannelServices {
  const outgoing = new OutgoingFiles(join(ports.storage, 'outgoing'));
  return {
    people: {
      isKnown: (key) => access.hasAccess(key),
      suspend: async (key, reason) => {
        if (access.hasAccess(key)) await access.suspend(key, reason, ENGINE);
      },
      isOpen: (key) => access.conversations().some((room) => room.key === key),
      closeConversation: async (key, reason) => {
        if (access.conversations().some((room) => room.key === key))
          await access.removeConversation(key, reason, ENGINE);
      },
    },
    machine: {
      platform: process.platform,
      home: ports.home,
      rightsOf: (folder) => rightsOf(folder, ports.workspace, process.platform),
    },
    program: (path, args, heard) => startProgram({ ...ports, platform: process.platform }, path, args, heard),
    readFile: (folders, path, limitBytes) => readChannelFile(ports.home, folders, path, limitBytes),
    withFile: (name, bytes, use) => outgoing.with(name, bytes, use),
    store: (channel) =>
      new SealedStore(join(ports.storage, 'channels', channel), channel, secrets, (name) =>
        ports.log.warn(`What ${channel} had kept as “${name}” cannot be opened any more; it starts afresh.`),
      ),
    webhook: (channel, options, handler) => webhooks.open(channel, options, handler),
  };
}

/** The one server for all channels that are called from outside. */
export function webhookServer(
  ports: SessionPorts,
  records: RecordSink,
  audit: Pick<AuditApi, 'query'>,
  secrets: SecretStore,
): WebhookServer {
  return new WebhookServer({
    secrets,
    records,
    clock: ports.clock,
    log: ports.log,
    settings: () => ports.settings.webhook(),
    forward: (port) => ports.forward(port),
    acceptedKeys: (channel, forMs) => acceptedKeys(audit, channel, ports.clock.now() - forMs),
  });
}

/** Read from the record, which has what was accepted, so that nothing else must be kept of it. */
async function acceptedKeys(
  audit: Pick<AuditApi, 'query'>,
  channel: string,
  after: number,
): Promise<readonly string[]> {
  const keys: string[] = [];
  let beforeSeq: number | undefined;
  do {
    const page = await audit.query(
      { types: ['webhook.request'], channel, after },
      { limit: 200, ...(beforeSeq === undefined ? {} : { beforeSeq }) },
    );
    for (const record of page.records)
      if (record.type === 'webhook.request') keys.push(...(record.data.replayKeys ?? []));
    beforeSeq = page.nextBeforeSeq;
  } while (beforeSeq !== undefined && keys.length < KEYS_CAP);
  // Oldest first: what was accepted last is to be remembered longest.
  return keys.reverse();
}
