import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import type { MatrixClient } from './client';
import type { MatrixSettings } from './descriptor';
import type { Encryption } from './encryption';
import { type Heard, readEvent } from './inbound';
import { LockedEvents } from './locked';
import type { Members } from './members';
import type { Memory } from './memory';
import type { Room, RoomChange } from './rooms';
import type { MatrixState } from './state';
import { eventsOf, type JoinedRoom, type MatrixEvent, messagesAnswer, type SyncAnswer } from './wire';

/** What is older when it is delivered is no longer meant, in milliseconds. */
const STALE_MS = 24 * 3_600_000;
/** Pages of a hundred events by which a hole in a room's timeline is filled. */
const PAGES = 20;
export const ROOM_EVENTS = {
  types: [
    'm.room.message',
    'm.room.encrypted',
    'm.room.redaction',
    'm.room.member',
    'm.room.encryption',
    'm.room.join_rules',
    'm.room.history_visibility',
  ],
} as const;

const directContent = z.record(z.string(), z.array(z.string()).catch([]));

export interface FeedParts {
  readonly context: AdapterContext;
  readonly client: MatrixClient;
  readonly settings: MatrixSettings;
  readonly state: MatrixState;
  readonly members: Members;
  readonly memory: Memory;
  readonly encryption: Encryption | undefined;
  readonly me: { readonly id: string; readonly name: string };
}

/** Makes messages of the homeserver's answers, one answer at a time. */
export class Feed {
  /** Rooms that were not known at the cursor. Kept until the answer is done with, however often it is tried. */
  private readonly fresh = new Set<string>();
  /** What has been said already of a room, so that it is not said with every message. */
  private readonly noted = new Set<string>();

  private readonly locked: LockedEvents | undefined;

  constructor(private readonly parts: FeedParts) {
    this.locked = parts.encryption && new LockedEvents(parts.encryption);
  }

  /**
   * Takes one answer in: rooms, invitations, messages. The cursor moves on when all of it is on record.
   * The first one ever is for the state of the rooms alone: nothing in it was said to us while we listened.
   * @throws what `receive` throws, to be given the same answer again; ChannelError
   */
  async take(answer: SyncAnswer, signal: AbortSignal): Promise<void> {
    const { state, members, encryption } = this.parts;
    const first = state.since === undefined;
    for (const { type, content } of eventsOf(answer.account_data?.events)) {
      const lists = type === 'm.direct' ? directContent.safeParse(content) : undefined;
      if (lists?.success) state.direct = new Set(Object.values(lists.data).flat());
    }
    await encryption?.receive(answer);
    const heard: Heard[] = [];
    if (answer.to_device && answer.to_device.events.length > 0) heard.push(...(await this.unlocked()));
    for (const [id, room] of Object.entries(answer.rooms?.join ?? {}))
      heard.push(...(await this.joined(id, room, first, signal)));
    for (const id of Object.keys(answer.rooms?.leave ?? {})) state.rooms.delete(id);
    for (const [id, room] of Object.entries(answer.rooms?.invite ?? {})) await members.invited(id, room);
    await this.hand(heard);
    await state.moveTo(answer.next_batch);
    this.fresh.clear();
    this.locked?.done();
    this.report();
  }

  private report(): void {
    const { context, settings, state } = this.parts;
    context.report({
      sensitiveUnencrypted: settings.sensitiveRooms.filter((id) => state.rooms.get(id)?.encrypted === false),
    });
  }

  /** At once and in order, so that nobody waits for the person before them. @throws what `receive` throws */
  private async hand(heard: readonly Heard[]): Promise<void> {
    const { context, memory } = this.parts;
    for (const one of heard) memory.heard(one);
    const outcomes = await Promise.allSettled(heard.map(({ message }) => context.receive(message)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  private async joined(id: string, data: JoinedRoom, first: boolean, signal: AbortSignal): Promise<Heard[]> {
    const { state, members } = this.parts;
    if (!state.rooms.has(id)) this.fresh.add(id);
    const fresh = first || this.fresh.has(id);
    const room = state.room(id);
    const heard: Heard[] = [];
    const timeline = eventsOf(data.timeline?.events);
    if (!fresh && data.timeline?.limited && data.timeline.prev_batch !== undefined) {
      for (const event of await this.hole(id, data.timeline.prev_batch, signal))
        heard.push(...(await this.happened(event, room, true)));
    }
    let ourState = false;
    for (const event of eventsOf(data.state?.events)) {
      const change = room.apply(event);
      if (change?.kind === 'we-joined') ourState = true;
      if (!fresh) await this.changed(room, change);
    }
    if (first) {
      for (const event of timeline) room.apply(event);
      return [];
    }
    const from = fresh ? sinceInvited(timeline, state.me, ourState) : 0;
    for (const event of timeline.slice(0, from)) room.apply(event);
    // A new room's kind must be known before its messages are read.
    if (fresh) {
      for (const event of timeline.slice(from)) room.apply(event);
      await members.entered(room);
    }
    for (const event of timeline.slice(from)) heard.push(...(await this.happened(event, room, !fresh)));
    return heard;
  }

  private async happened(event: MatrixEvent, room: Room, watched: boolean): Promise<Heard[]> {
    if (event.state_key !== undefined) {
      const change = room.apply(event);
      if (watched) await this.changed(room, change);
      return [];
    }
    const heard = await this.read(event, room);
    return heard ? [heard] : [];
  }

  private async changed(room: Room, change: RoomChange | undefined): Promise<void> {
    if (change?.kind === 'joined') await this.parts.members.joined(room, change.member);
  }

  private async read(event: MatrixEvent, room: Room): Promise<Heard | undefined> {
    const { context, settings, state, memory, me } = this.parts;
    if (event.event_id === '') return undefined;
    if (event.sender === me.id) {
      memory.said(event.event_id);
      return undefined;
    }
    const now = context.clock.now();
    if (event.origin_server_ts < now - STALE_MS) return undefined;
    const kind = room.context(state.direct.has(room.id));
    if (kind !== 'dm' && settings.allowedRooms.length > 0 && !settings.allowedRooms.includes(room.id))
      return undefined;
    const open = await this.opened(event, room);
    if (!open) return undefined;
    const heard = readEvent(open, {
      me,
      context: kind,
      room: room.id,
      senderName: room.nameOf(event.sender),
      now,
    });
    if (!heard || heard.message.addressed || heard.message.inReplyTo === undefined) return heard;
    const answersUs = await memory.isOurs(room.id, heard.message.inReplyTo);
    return answersUs ? { ...heard, message: { ...heard.message, addressed: true } } : heard;
  }

  /** The event in the clear; undefined when it cannot be read or must not be believed. */
  private async opened(event: MatrixEvent, room: Room): Promise<MatrixEvent | undefined> {
    const { settings } = this.parts;
    if (event.type === 'm.room.encrypted') {
      if (this.locked) return this.decrypted(event, room, this.locked);
      await this.noteOnce(
        room.id,
        'encrypted-unread',
        'A room is encrypted and encryption is switched off, so nothing in it can be read.',
      );
      return undefined;
    }
    if (event.type !== 'm.room.message') return event;
    if (room.encrypted) {
      // Whoever runs a homeserver could put it there in anybody's name.
      await this.noteOnce(
        room.id,
        'unencrypted-message',
        'A message without encryption in an encrypted room was not believed.',
      );
      return undefined;
    }
    if (!settings.sensitiveRooms.includes(room.id)) return event;
    await this.noteOnce(
      room.id,
      'sensitive-unencrypted',
      'A room that is marked as sensitive is not encrypted, so nothing said there is taken.',
    );
    return undefined;
  }

  private async decrypted(event: MatrixEvent, room: Room, locked: LockedEvents) {
    const open = await locked.open(event, room);
    if (typeof open !== 'string') return open;
    if (open === 'locked')
      await this.noteOnce(
        room.id,
        'undecryptable',
        'A message could not be decrypted, for want of its key. When that comes, the message is heard.',
        event.sender,
      );
    return undefined;
  }

  /** Keys may have come for events that could not be read. */
  private async unlocked(): Promise<Heard[]> {
    const heard: Heard[] = [];
    for (const { event, room } of this.locked?.all ?? []) {
      const one = await this.read(event, room);
      if (one) heard.push(one);
    }
    return heard;
  }

  /** What was said between the cursor and the beginning of the timeline, oldest first. @throws ChannelError */
  private async hole(id: string, from: string, signal: AbortSignal): Promise<MatrixEvent[]> {
    const { client, state } = this.parts;
    const found: MatrixEvent[] = [];
    let at: string | undefined = from;
    for (let page = 0; at !== undefined && page < PAGES; page += 1) {
      const query: Record<string, string> = {
        dir: 'b',
        from: at,
        limit: '100',
        filter: JSON.stringify(ROOM_EVENTS),
        ...(state.since === undefined ? {} : { to: state.since }),
      };
      const path = `client/v3/rooms/${encodeURIComponent(id)}/messages`;
      const answer: z.output<typeof messagesAnswer> = await client
        .read(messagesAnswer, 'GET', path, { query, signal })
        .catch((error: unknown) => {
          // What we may not read is not for us.
          if (error instanceof ChannelError && error.kind === 'refused') return { chunk: [] };
          throw error;
        });
      found.push(...eventsOf(answer.chunk));
      at = answer.chunk.length === 0 ? undefined : answer.end;
    }
    if (at !== undefined)
      await this.noteOnce(id, 'messages-missed', 'Too much was said while away; the oldest was not read.');
    return found.reverse();
  }

  private async noteOnce(conversation: string, code: string, text: string, sender?: string): Promise<void> {
    const key = `${code} ${conversation}`;
    if (this.noted.has(key)) return;
    this.noted.add(key);
    await this.parts.context.note({ code, text, conversation, ...(sender === undefined ? {} : { sender }) });
  }
}

/**
 * Where in the timeline of a room that we have just entered our own part of it begins: at the invitation, since what
 * is said after it is said to us, or else where we came in. Past everything when neither is to be seen.
 */
function sinceInvited(timeline: readonly MatrixEvent[], me: string, inStateBefore: boolean): number {
  const is = ({ type, state_key: key, content }: MatrixEvent, membership: string) =>
    type === 'm.room.member' && key === me && content.membership === membership;
  const invited = timeline.findLastIndex((event) => is(event, 'invite'));
  if (invited >= 0) return invited;
  const joined = timeline.findIndex((event) => is(event, 'join'));
  if (joined >= 0) return joined;
  return inStateBefore ? 0 : timeline.length;
}
