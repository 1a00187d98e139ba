import { createAdapter } from '../../../src/channels/bluebubbles/adapter';
import { bluebubblesDescriptor } from '../../../src/channels/bluebubbles/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { ACCOUNT, BlueBubblesServer, type BubbleMessage, PASSWORD } from '../../peers/bluebubbles/server';
import type { CalledBench } from '../attacks';
import type { Seen, Utterance } from '../bench';
import { type Letter, post } from '../letter';
import { FAULTS_OF_CALLERS, PeerBench } from '../peer-bench';

const ANN = '+16505551234';
const BOB = 'bob@example.org';
export const GROUP = 'iMessage;+;chat831174';
export const dm = (address: string): string => `iMessage;-;${address}`;

export class BlueBubblesBench extends PeerBench<BlueBubblesServer> implements CalledBench {
  readonly descriptor = bluebubblesDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = [ANN, BOB] as const;
  readonly speed = 10;
  readonly takesFiles = true;
  /** iMessage shows text, and nothing as code. */
  readonly showsCode = false;
  readonly faults = FAULTS_OF_CALLERS;
  readonly peer = new BlueBubblesServer();
  private door = '';
  private last: BubbleMessage | undefined;

  async start(speed: number): Promise<void> {
    const { peer } = this;
    peer.speed = speed;
    for (const chat of [dm(ANN), dm(BOB), GROUP]) peer.chats.add(chat);
    peer.caller = async (url, body) => {
      await post(this.letter(body, url));
    };
    await peer.start();
  }

  calls(url: string): void {
    this.door = url;
  }

  settings(): Record<string, unknown> {
    return { serverUrl: this.peer.url, allowedGroups: [GROUP] };
  }

  secrets(): Record<string, string> {
    return { password: PASSWORD };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? dm(ANN) : GROUP;
  }

  async say({ text, context, from = ANN, addressed, file }: Utterance): Promise<string> {
    const chat = context === 'dm' ? dm(from) : GROUP;
    const called = context !== 'dm' && addressed !== false;
    const said = this.peer.say(chat, from, {
      text: called ? `@agent ${text}` : text,
      attachments: file ? [this.attach(file)] : [],
    });
    this.last = said;
    this.peer.announce(said);
    return said.guid;
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    const chat = this.conversation(context);
    this.peer.announce(this.peer.say(chat, ACCOUNT, { text: `@agent ${text}`, isFromMe: true }));
    this.peer.announce(this.peer.say(chat, ACCOUNT, { text: `@agent ${text}` }));
  }

  async repeatLast(): Promise<void> {
    if (this.last) this.peer.announce(this.last);
  }

  seen(context: ChatContext): readonly Seen[] {
    return this.peer.sent
      .filter(({ chat }) => chat === this.conversation(context))
      .map(({ guid, text, file }) => ({
        id: guid,
        text,
        code: [],
        buttons: [],
        edited: false,
        files: file ? [file] : [],
        // Texts are sent as they are, in which nothing acts.
        alarms: [],
      }));
  }

  /** There is no signature: genuine is what the server knows of. */
  async genuine(text: string): Promise<Letter> {
    return this.call(this.peer.whisper(dm(ANN), ANN, { text }));
  }

  call(data: unknown, type = 'new-message'): Letter {
    return this.letter({ type, data });
  }

  letter(body: unknown, url = this.door): Letter {
    return {
      method: 'POST',
      url,
      headers: [
        ['Content-Type', 'application/json'],
        ['User-Agent', 'axios/1.6.0'],
      ],
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    };
  }

  private attach({ name, mediaType, bytes }: NonNullable<Utterance['file']>): Record<string, unknown> {
    const guid = `at_0_${this.peer.files.size}ABCDEF`;
    this.peer.files.set(guid, Buffer.from(bytes));
    return { guid, transferName: name, mimeType: mediaType, totalBytes: bytes.length };
  }
}

export const makeBench = (): CalledBench => new BlueBubblesBench();
