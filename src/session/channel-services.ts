import { join } from 'node:path';
import { ChannelError } from '../channels/contract';
import type { ChannelServices } from '../channels/manager/services';
import type { AccessService } from '../engine/access/service';
import type { SecretStore } from '../engine/model/ports';
import { ENGINE } from '../engine/model/record';
import { SealedStore } from '../engine/vault/sealed-store';
import type { SessionPorts } from './ports';

/** What the engine and the vault do for channels. */
export function channelServices(
  ports: SessionPorts,
  access: AccessService,
  secrets: SecretStore,
): ChannelServices {
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
    machine: { platform: process.platform, home: ports.home },
    store: (channel) =>
      new SealedStore(join(ports.storage, 'channels', channel), channel, secrets, (name) =>
        ports.log.warn(`What ${channel} had kept as “${name}” cannot be opened any more; it starts afresh.`),
      ),
    webhook: async () => {
      throw new ChannelError('fatal', 'This build has no webhook server.');
    },
  };
}
