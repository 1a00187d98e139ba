import { z } from 'zod';
import type { ChannelAdapter, ChannelDescriptor, ConnectedAccount } from '../../src/channels/contract';
import type { Attachment, OutboundMessage, SentReceipt } from '../../src/engine/model/message';

export const fakeDescriptor: ChannelDescriptor = {
  id: 'telegram',
  name: 'Fake',
  icon: 'debug',
  summary: 'A channel in memory.',
  secrets: [],
  settings: z.object({}),
  capabilities: {
    maxLength: 4096,
    edit: false,
    buttons: false,
    threads: false,
    typing: false,
    fileBytes: 0,
    contexts: ['dm', 'group', 'public'],
  },
  setup: [],
  links: [],
};

/** Keeps what it is given to send; `onSend` may throw, or hold it up. */
export class FakeAdapter implements ChannelAdapter {
  readonly sent: OutboundMessage[] = [];
  readonly account: ConnectedAccount = { account: 'bot1', name: 'Bot', isBot: true };
  readonly files = new Map<string, Uint8Array>();
  downloads = 0;

  constructor(public onSend: (message: OutboundMessage) => void | Promise<void> = () => {}) {}

  async connect(): Promise<ConnectedAccount> {
    return this.account;
  }

  async disconnect(): Promise<void> {}

  async send(message: OutboundMessage): Promise<SentReceipt> {
    await this.onSend(message);
    this.sent.push(message);
    return { platformIds: [`p${this.sent.length}`] };
  }

  async download(attachment: Attachment): Promise<Uint8Array> {
    this.downloads++;
    const bytes = this.files.get(attachment.platformId);
    if (!bytes) throw new Error('gone');
    return bytes;
  }

  get texts(): string[] {
    return this.sent.map(({ text }) => text);
  }
}
