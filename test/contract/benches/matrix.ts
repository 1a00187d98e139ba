import { createAdapter } from '../../../src/channels/matrix/adapter';
import { matrixDescriptor } from '../../../src/channels/matrix/descriptor';
import { decryptFile } from '../../../src/channels/matrix/media';
import { encryptedFile } from '../../../src/channels/matrix/wire';
import type { ChatContext } from '../../../src/engine/model/identity';
import { BOT, Homeserver } from '../../peers/matrix/homeserver';
import { rendered } from '../../peers/matrix/rendered';
import type { HsEvent, Json } from '../../peers/matrix/world';
import type { ChannelBench, Seen, Utterance } from '../bench';
import { FAULTS_OF_LINES, PeerBench } from '../peer-bench';

const PEOPLE = ['@ann:example.test', '@bob:other.test'] as const;
const OTHER_BOT = '@other-bot:example.test';
const TOKEN = 'syt_d29yay1ib3Q_abcdefghijklmnop_123456';
const DIRECT = new Map<string, string>([
  [PEOPLE[0], '!direct-ann:example.test'],
  [PEOPLE[1], '!direct-bob:example.test'],
]);
const ROOM = '!room:example.test';
const PUBLIC = '!public:example.test';

/** Matrix in rooms without encryption. */
export class MatrixBench extends PeerBench<Homeserver> implements ChannelBench {
  readonly descriptor = matrixDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly speed = 10;
  readonly takesFiles = true;
  readonly faults = FAULTS_OF_LINES;
  readonly peer = new Homeserver();
  protected readonly bot = BOT;
  protected readonly otherBot = OTHER_BOT;
  private last: HsEvent | undefined;

  async start(speed: number): Promise<void> {
    const { peer } = this;
    const { world } = peer;
    peer.speed = speed;
    peer.sessions.login(BOT, 'BOTDEVICE', TOKEN);
    world.names.set(BOT, 'Work Bot');
    for (const [person, id] of DIRECT) {
      world.create(id, person);
      world.member(id, BOT, 'invite', person, { is_direct: true });
      world.member(id, BOT, 'join');
    }
    world.setData(BOT, 'm.direct', Object.fromEntries([...DIRECT].map(([person, id]) => [person, [id]])));
    for (const id of [ROOM, PUBLIC]) {
      world.create(id, PEOPLE[0], { isPublic: id === PUBLIC });
      for (const user of [PEOPLE[1], OTHER_BOT, BOT]) {
        world.member(id, user, 'invite', PEOPLE[0]);
        world.member(id, user, 'join');
      }
    }
    await peer.start();
  }

  settings(): Record<string, unknown> {
    return { homeserver: this.peer.url, encryption: false };
  }

  secrets(): Record<string, string> {
    return { accessToken: TOKEN };
  }

  conversation(context: ChatContext): string {
    if (context === 'dm') return DIRECT.get(PEOPLE[0]) ?? '';
    return context === 'public' ? PUBLIC : ROOM;
  }

  async say({ text, context, from = PEOPLE[0], displayName, addressed, replyTo, file }: Utterance) {
    const { world } = this.peer;
    const room = this.place(context, from);
    if (displayName !== undefined) world.member(room, from, 'join', from, { displayname: displayName });
    const meant = context !== 'dm' && addressed !== false;
    this.last = await this.put(room, from, {
      msgtype: 'm.text',
      body: meant ? `Work Bot: ${text}` : text,
      'm.mentions': meant ? { user_ids: [BOT] } : {},
      ...(replyTo === undefined ? {} : { 'm.relates_to': { 'm.in_reply_to': { event_id: replyTo } } }),
      ...(file ? this.attach(file, text) : {}),
    });
    return this.last.event_id;
  }

  async edit(id: string, text: string, context: ChatContext): Promise<void> {
    const room = this.place(context, PEOPLE[0]);
    await this.put(room, PEOPLE[0], {
      msgtype: 'm.text',
      body: `* ${text}`,
      'm.mentions': { user_ids: [BOT] },
      'm.new_content': { msgtype: 'm.text', body: text, 'm.mentions': { user_ids: [BOT] } },
      'm.relates_to': { rel_type: 'm.replace', event_id: id },
    });
  }

  async remove(id: string, context: ChatContext): Promise<void> {
    this.peer.world.redact(this.place(context, PEOPLE[0]), id, PEOPLE[0]);
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    const sender = context === 'dm' ? PEOPLE[0] : OTHER_BOT;
    await this.speak(sender, 'm.notice', text, context);
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    await this.speak(BOT, 'm.text', text, context);
  }

  async repeatLast(): Promise<void> {
    if (this.last) this.peer.world.repeat(this.last);
  }

  seen(context: ChatContext): readonly Seen[] {
    const { entries } = this.peer.world.room(this.conversation(context));
    const ours = entries.flatMap(({ event }) => {
      const content = event.sender === BOT ? this.contentOf(event) : undefined;
      return content && content.msgtype !== 'm.text' ? [{ event, content }] : [];
    });
    return ours
      .filter(({ content }) => editOf(content) === undefined)
      .map(({ event, content }) => {
        const edits = ours.filter((other) => editOf(other.content) === event.event_id);
        const latest = edits.at(-1)?.content['m.new_content'] ?? content;
        return this.see(event, latest as Json, edits.length > 0);
      });
  }

  protected async put(room: string, sender: string, content: Json): Promise<HsEvent> {
    return this.peer.world.put(room, sender, 'm.room.message', content);
  }

  /** What a message of ours says; undefined when that is not known. */
  protected contentOf(event: HsEvent): Json | undefined {
    return event.type === 'm.room.message' ? event.content : undefined;
  }

  private async speak(sender: string, msgtype: string, text: string, context: ChatContext): Promise<void> {
    const content = { msgtype, body: text, 'm.mentions': { user_ids: [BOT] } };
    await this.put(this.place(context, PEOPLE[0]), sender, content);
  }

  private place(context: ChatContext, from: string): string {
    return context === 'dm' ? (DIRECT.get(from) ?? '') : this.conversation(context);
  }

  private attach(file: NonNullable<Utterance['file']>, caption: string): Json {
    const url = `mxc://example.test/in${this.peer.media.size}`;
    this.peer.media.set(url, { bytes: Buffer.from(file.bytes), type: file.mediaType });
    return {
      msgtype: 'm.file',
      body: caption,
      filename: file.name,
      url,
      info: { mimetype: file.mediaType, size: file.bytes.length },
    };
  }

  private fileOf({ url, file }: Json): Uint8Array | undefined {
    const key = encryptedFile.safeParse(file);
    const stored = this.peer.media.get(key.success ? key.data.url : String(url))?.bytes;
    return stored && key.success ? decryptFile(stored, key.data) : stored;
  }

  private see(event: HsEvent, content: Json, edited: boolean): Seen {
    const relates = event.content['m.relates_to'] as { 'm.in_reply_to'?: { event_id: string } } | undefined;
    const answered = relates?.['m.in_reply_to']?.event_id;
    const file = content.msgtype === 'm.file' ? this.fileOf(content) : undefined;
    return {
      id: event.event_id,
      ...rendered(content),
      ...(answered === undefined ? {} : { replyTo: answered }),
      buttons: [],
      edited,
      files: file ? [{ name: String(content.filename), bytes: file }] : [],
    };
  }
}

function editOf(content: Json): string | undefined {
  const relates = content['m.relates_to'] as { rel_type?: string; event_id?: string } | undefined;
  return relates?.rel_type === 'm.replace' ? relates.event_id : undefined;
}

export const makeBench = (): ChannelBench => new MatrixBench();
