import { randomUUID } from 'node:crypto';
import type { OutboundFile, OutboundMessage } from '../../engine/model/message';
import { ChannelError } from '../contract';
import type { MessagePart } from '../parts';
import type { MatrixClient } from './client';
import type { MatrixSettings } from './descriptor';
import type { Encryption } from './encryption';
import { formatText } from './format';
import type { Media } from './media';
import type { Memory } from './memory';
import { Recent } from './recent';
import type { Room } from './rooms';
import type { MatrixState } from './state';
import { sentAnswer } from './wire';

/** Sendings that may be tried again and are remembered for it. */
const REMEMBERED = 500;

type Content = Record<string, unknown>;

export interface SenderParts {
  readonly client: MatrixClient;
  readonly settings: MatrixSettings;
  readonly state: MatrixState;
  readonly memory: Memory;
  readonly media: Media;
  readonly encryption: Encryption | undefined;
  readonly signal: AbortSignal;
}

/** What we say. A part that is tried again has the same transaction id, so the homeserver takes it once. */
export class Sender {
  private readonly transactions = new Recent<string>(REMEMBERED);

  constructor(private readonly parts: SenderParts) {}

  /** @returns Matrix's id of the event. @throws ChannelError */
  async text(message: OutboundMessage, part: MessagePart): Promise<string> {
    const room = this.room(message.conversation);
    const content: Content = {
      msgtype: 'm.notice',
      ...formatText(part.text, message.format),
      'm.mentions': {},
    };
    const key = JSON.stringify([message, part]);
    if (
      part.first &&
      message.edits !== undefined &&
      (await this.parts.memory.isOurs(room.id, message.edits))
    ) {
      await this.send(room, key, {
        msgtype: 'm.notice',
        body: `* ${String(content.body).slice(0, 200)}`,
        'm.mentions': {},
        'm.new_content': content,
        'm.relates_to': { rel_type: 'm.replace', event_id: message.edits },
      });
      return message.edits;
    }
    return this.send(room, key, { ...content, ...(part.first ? this.answering(message) : {}) });
  }

  /** @returns Matrix's id of the event. @throws ChannelError */
  async file(message: OutboundMessage, file: OutboundFile): Promise<string> {
    const room = this.room(message.conversation);
    const place = await this.parts.media.put(file, room.encrypted);
    return this.send(room, JSON.stringify([message, file]), {
      msgtype: 'm.file',
      body: file.name,
      filename: file.name,
      info: { mimetype: file.mediaType, size: file.size },
      ...place,
      'm.mentions': {},
      ...this.answering(message),
    });
  }

  /** The relation to what is answered: in its thread, when it is in one. */
  private answering({ inReplyTo }: OutboundMessage): Content {
    if (inReplyTo === undefined) return {};
    const thread = this.parts.memory.threadOf(inReplyTo);
    const answer = { 'm.in_reply_to': { event_id: inReplyTo } };
    return {
      'm.relates_to':
        thread === undefined
          ? answer
          : { rel_type: 'm.thread', event_id: thread, is_falling_back: false, ...answer },
    };
  }

  private async send(room: Room, key: string, content: Content): Promise<string> {
    const { client, memory, signal } = this.parts;
    const transaction = this.transactions.get(key) ?? randomUUID();
    this.transactions.set(key, transaction);
    const { type, body } = await this.sealed(room, content);
    const path = `client/v3/rooms/${encodeURIComponent(room.id)}/send/${type}/${transaction}`;
    const { event_id: id } = await client.read(sentAnswer, 'PUT', path, { body, signal });
    this.transactions.delete(key);
    memory.said(id);
    return id;
  }

  private async sealed(room: Room, content: Content): Promise<{ type: string; body: Content }> {
    if (!room.encrypted) return { type: 'm.room.message', body: content };
    const { encryption } = this.parts;
    if (!encryption)
      throw new ChannelError(
        'refused',
        'The room is encrypted and encryption is switched off. Switch on “cowork.channels.matrix.encryption”, or use a room without it.',
      );
    const body = await encryption.encrypt(room, 'm.room.message', content);
    // Homeservers and clients put answers and edits in their places by it.
    const relates = content['m.relates_to'];
    return {
      type: 'm.room.encrypted',
      body: relates === undefined ? body : { ...body, 'm.relates_to': relates },
    };
  }

  /** @throws ChannelError `refused` where nothing may be said */
  private room(id: string): Room {
    const { state, settings } = this.parts;
    const room = state.rooms.get(id);
    if (!room) throw new ChannelError('refused', 'The bot is not in that room any more. Invite it again.');
    if (settings.sensitiveRooms.includes(id) && !room.encrypted)
      throw new ChannelError(
        'refused',
        'The room is marked as sensitive and is not encrypted, so nothing is said there. Switch on encryption in the settings of the room.',
      );
    return room;
  }
}
