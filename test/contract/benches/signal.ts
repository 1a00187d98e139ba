import { createAdapter } from '../../../src/channels/signal/adapter';
import { signalDescriptor } from '../../../src/channels/signal/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { ACCOUNT, ME, type SentMessage, SignalDaemon } from '../../peers/signal/daemon';
import type { ChannelBench, Fault, Seen, Utterance } from '../bench';
import { FAULTS_OF_LINES, PeerBench } from '../peer-bench';

const PEOPLE = ['0b0b0b0b-0000-4000-8000-00000000000b', '0c0c0c0c-0000-4000-8000-00000000000c'] as const;
const GROUP = Buffer.alloc(32, 7).toString('base64');

export class SignalBench extends PeerBench<SignalDaemon> implements ChannelBench {
  readonly descriptor = signalDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly speed = 20;
  readonly takesFiles = true;
  readonly faults: readonly Fault[] = [...FAULTS_OF_LINES, 'half-close'];
  readonly peer = new SignalDaemon();
  private last: Record<string, unknown> = {};

  async start(speed: number): Promise<void> {
    this.peer.speed = speed;
    this.peer.groups.add(GROUP);
    for (const person of PEOPLE) this.peer.know(person);
    await this.peer.start();
  }

  settings(): Record<string, unknown> {
    return { daemonUrl: this.peer.url, account: ACCOUNT };
  }

  secrets(): Record<string, string> {
    return {};
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? PEOPLE[0] : GROUP;
  }

  async say({ text, context, from = PEOPLE[0], displayName, addressed, replyTo, file }: Utterance) {
    const meant = context !== 'dm' && addressed !== false;
    const timestamp = this.peer.tick();
    const [author, quoted] = replyTo?.split(':') ?? [];
    const dataMessage = {
      timestamp,
      message: meant ? `\ufffc ${text}` : text,
      expiresInSeconds: 0,
      viewOnce: false,
      ...(meant ? { mentions: [{ name: 'x', number: null, uuid: ME, start: 0, length: 1 }] } : {}),
      ...(author
        ? {
            quote: {
              id: Number(quoted),
              author,
              authorNumber: null,
              authorUuid: author,
              text: '',
              attachments: [],
            },
          }
        : {}),
      ...(file ? { attachments: [this.attach(file)] } : {}),
      ...this.group(context),
    };
    this.last = this.peer.envelope(from, timestamp, { dataMessage }, displayName);
    this.peer.arrive(this.last);
    return `${from}:${timestamp}`;
  }

  async edit(id: string, text: string, context: ChatContext): Promise<void> {
    const [author = '', target] = id.split(':');
    const timestamp = this.peer.tick();
    const dataMessage = { timestamp, message: text, ...this.group(context) };
    this.peer.arrive(
      this.peer.envelope(author, timestamp, {
        editMessage: { targetSentTimestamp: Number(target), dataMessage },
      }),
    );
  }

  async remove(id: string, context: ChatContext): Promise<void> {
    const [author = '', target] = id.split(':');
    this.peer.say(author, {
      message: null,
      remoteDelete: { timestamp: Number(target) },
      ...this.group(context),
    });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    const timestamp = this.peer.tick();
    const sentMessage = { timestamp, message: text, ...this.group(context), destinationUuid: PEOPLE[0] };
    this.peer.arrive(this.peer.envelope(ME, timestamp, { syncMessage: { sentMessage } }));
    // Another device of the account writes to it.
    this.peer.say(ME, { message: text, ...this.group(context) });
  }

  async repeatLast(): Promise<void> {
    this.peer.arrive(this.last);
  }

  seen(context: ChatContext): readonly Seen[] {
    return this.peer.sent.filter(({ place }) => place === this.conversation(context)).map(see);
  }

  private group(context: ChatContext): Record<string, unknown> {
    if (context === 'dm') return {};
    return { groupInfo: { groupId: GROUP, groupName: 'x', revision: 1, type: 'DELIVER' } };
  }

  private attach(file: NonNullable<Utterance['file']>): Record<string, unknown> {
    const id = `file${this.peer.files.size}.bin`;
    this.peer.files.set(id, Buffer.from(file.bytes));
    return { contentType: file.mediaType, filename: file.name, id, size: file.bytes.length };
  }
}

/** Text is shown as it is; only styles and mentions, which stand beside it, are more than text. */
function see(message: SentMessage): Seen {
  const code: string[] = [];
  const alarms: string[] = [];
  for (const style of message.styles) {
    const [start, length, name] = style.split(':');
    if (name === 'MONOSPACE') code.push(message.text.substr(Number(start), Number(length)));
    else alarms.push(`styled: ${style}`);
  }
  if (message.text.includes('\ufffc')) alarms.push('stands for a mention');
  const { quote } = message;
  return {
    id: `${ME}:${message.timestamp}`,
    text: message.text,
    code,
    ...(quote ? { replyTo: `${quote.author}:${quote.timestamp}` } : {}),
    buttons: [],
    edited: message.edits > 0,
    files: message.files.map(({ name, bytes }) => ({ name, bytes })),
    alarms,
  };
}

export const makeBench = (): ChannelBench => new SignalBench();
