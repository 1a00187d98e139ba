import { createAdapter } from '../../../src/channels/imessage/adapter';
import { imessageDescriptor } from '../../../src/channels/imessage/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { MessagesPeer } from '../../peers/imessage/messages';
import type { ChannelBench, Fault, Seen, Utterance } from '../bench';
import { PeerBench } from '../peer-bench';

const PEOPLE = ['+491701234567', 'bob@mail.example'] as const;
const GROUP = 'iMessage;+;chat123456789012345678';

export class ImessageBench extends PeerBench<MessagesPeer> implements ChannelBench {
  readonly descriptor = imessageDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly speed = 10;
  readonly showsCode = false;
  readonly faults: readonly Fault[] = ['drop', 'down', 'stall', 'garbage', 'error', 'lose-answer'];
  readonly takesFiles = true;
  readonly peer = new MessagesPeer();
  private home = '';

  livesIn(home: string): void {
    this.home = home;
  }

  async start(): Promise<void> {
    this.peer.chats.set(GROUP, 1);
    await this.peer.start();
  }

  settings(): Record<string, unknown> {
    return { program: this.peer.program, account: 'Agent@Mail.Example' };
  }

  secrets(): Record<string, string> {
    return {};
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? PEOPLE[0] : GROUP;
  }

  async say({ text, context, from = PEOPLE[0], addressed, file }: Utterance): Promise<string> {
    const meant = context !== 'dm' && addressed !== false;
    return this.peer.arrive(this.chat(context, from), {
      sender: from,
      text: meant ? `@cowork ${text}` : text,
      ...(file ? { attachments: [this.peer.attach(this.home, file.name, file.mediaType, file.bytes)] } : {}),
    });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    this.peer.arrive(this.chat(context, PEOPLE[0]), { sender: PEOPLE[0], is_from_me: true, text });
  }

  async repeatLast(): Promise<void> {
    const last = this.peer.messages.findLast(({ is_from_me: mine }) => mine === false);
    if (last) this.peer.announce(last);
  }

  seen(context: ChatContext): readonly Seen[] {
    return this.peer.sent
      .filter(({ place }) => place === this.conversation(context))
      .map(({ guid, text, file }) => ({
        id: guid,
        text,
        code: [],
        buttons: [],
        edited: false,
        files: file ? [file] : [],
        // An object in a text would be a file.
        alarms: text.includes('\ufffc') ? ['stands for a file'] : [],
      }));
  }

  private chat(context: ChatContext, from: string): string {
    return context === 'dm' ? `iMessage;-;${from}` : GROUP;
  }
}

export const makeBench = (): ChannelBench => new ImessageBench();
