import type { ConversationKey, IdentityKey } from '../../engine/model/identity';
import type { BlobStore } from '../../engine/model/ports';
import type { AdapterContext } from '../contract';
import type { OpenWebhook, WebhookHandler, WebhookOptions } from '../webhook-contract';

/** What the rest of the product does for channels. */
export interface ChannelServices {
  readonly people: {
    isKnown(key: IdentityKey): boolean;
    suspend(key: IdentityKey, reason: string): Promise<void>;
    isOpen(key: ConversationKey): boolean;
    closeConversation(key: ConversationKey, reason: string): Promise<void>;
  };
  readonly machine: AdapterContext['machine'];
  store(channel: string): BlobStore;
  /** @throws ChannelError when the server cannot be started, or the channel has a door already. */
  webhook(channel: string, options: WebhookOptions, handler: WebhookHandler): Promise<OpenWebhook>;
}
