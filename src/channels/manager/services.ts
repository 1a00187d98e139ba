import type { ConversationKey, IdentityKey } from '../../engine/model/identity';
import type { BlobStore } from '../../engine/model/ports';
import type { AdapterContext, RunningProgram } from '../contract';
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
  /** @throws ChannelError `fatal` when it cannot be started */
  program(path: string, args: readonly string[], heard: (line: string) => void): Promise<RunningProgram>;
  /** `folders` are relative to the home folder. @throws ChannelError `refused` for a file that is in none of them */
  readFile(folders: readonly string[], path: string, limitBytes: number): Promise<Uint8Array>;
  readonly withFile: AdapterContext['withFile'];
  store(channel: string): BlobStore;
  /** @throws ChannelError when the server cannot be started, or the channel has a door already. */
  webhook(channel: string, options: WebhookOptions, handler: WebhookHandler): Promise<OpenWebhook>;
}
