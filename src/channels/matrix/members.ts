import type { AdapterContext } from '../contract';
import { ChannelError } from '../contract';
import type { MatrixClient } from './client';
import type { MatrixSettings } from './descriptor';
import type { Room } from './rooms';
import type { MatrixState } from './state';
import { eventsOf, type InvitedRoom } from './wire';

/** Direct invitations of people who are not let in that are taken within an hour. */
const STRANGERS_AN_HOUR = 10;
const HOUR_MS = 3_600_000;

/** Where we are, and with whom: whose invitations are taken, and who comes into a room that is let in. */
export class Members {
  /** Rooms that a person who is not let in has asked us into, as a direct conversation. */
  private readonly strangers = new Set<string>();
  /** When such invitations were taken, in milliseconds since the epoch. */
  private taken: number[] = [];
  /** Rooms that we have entered as direct conversations and that are not in an answer yet. */
  private readonly direct = new Map<string, string>();

  constructor(
    private readonly context: AdapterContext,
    private readonly client: MatrixClient,
    private readonly settings: MatrixSettings,
    private readonly state: MatrixState,
    private readonly signal: AbortSignal,
  ) {}

  /** An invitation that is waiting. Resolves when it is taken or left alone. @throws ChannelError to be asked again */
  async invited(id: string, { invite_state: invitation }: InvitedRoom): Promise<void> {
    const { me } = this.state;
    const ours = eventsOf(invitation?.events).find(
      ({ type, state_key: key, content }) =>
        type === 'm.room.member' && key === me && content.membership === 'invite',
    );
    if (!ours) return;
    const { sender } = ours;
    const direct = ours.content.is_direct === true;
    const known = this.context.people.isKnown(me, sender);
    if (!known && !(direct && this.settings.invitations === 'direct' && this.mayTakeStranger())) {
      await this.note(
        'invitation-left',
        'An invitation of somebody who is not let in was left alone.',
        sender,
        id,
      );
      return;
    }
    try {
      await this.client.call('POST', `client/v3/rooms/${encodeURIComponent(id)}/join`, {
        body: {},
        signal: this.signal,
      });
    } catch (error) {
      if (!(error instanceof ChannelError) || error.kind !== 'refused') throw error;
      await this.note('invitation-failed', 'A room could not be entered, though invited.', sender, id);
      return;
    }
    if (!known) {
      this.strangers.add(id);
      this.taken.push(this.context.clock.now());
    }
    if (direct) this.direct.set(id, sender);
    await this.note(
      'room-joined',
      `Entered a room at an invitation${known ? '' : ', so that its sender can pair'}.`,
      sender,
      id,
    );
  }

  /** A room that we are in since this answer; its state has been taken in. @throws ChannelError */
  async entered(room: Room): Promise<void> {
    const inviter = this.direct.get(room.id);
    if (inviter !== undefined) {
      room.direct = true;
      await this.markDirect(inviter, room.id);
    }
    const leave = this.strangers.has(room.id) && room.context(this.state.direct.has(room.id)) !== 'dm';
    if (leave) await this.leave(room, inviter);
    this.direct.delete(room.id);
    this.strangers.delete(room.id);
  }

  private async leave(room: Room, inviter: string | undefined): Promise<void> {
    await this.client.call('POST', `client/v3/rooms/${encodeURIComponent(room.id)}/leave`, {
      body: {},
      signal: this.signal,
    });
    await this.note(
      'room-left',
      'A room that was called a direct conversation has other people in it, so it was left.',
      inviter,
      room.id,
    );
  }

  /** Somebody has come into a room. On record, and the room shut, when it resolves. */
  async joined(room: Room, member: string): Promise<void> {
    const { people } = this.context;
    const { me } = this.state;
    if (member === me || !people.isOpen(me, room.id) || people.isKnown(me, member)) return;
    const shuts = this.settings.closeOnUnknownMember;
    await this.note(
      'unknown-member-joined',
      `Somebody who is not let in came into a room that is${shuts ? '; nobody is answered there until the room is let in again' : ''}.`,
      member,
      room.id,
    );
    if (shuts)
      await people.closeConversation(me, room.id, `${member}, who is not let in, came into the room.`);
  }

  private mayTakeStranger(): boolean {
    const since = this.context.clock.now() - HOUR_MS;
    this.taken = this.taken.filter((at) => at > since);
    return this.taken.length < STRANGERS_AN_HOUR;
  }

  /** Other clients of the account show it as such, and it is known again should ours forget. */
  private async markDirect(person: string, id: string): Promise<void> {
    const path = `client/v3/user/${encodeURIComponent(this.state.me)}/account_data/m.direct`;
    const now = await this.client.json('GET', path, { signal: this.signal }).catch((error: unknown) => {
      if (error instanceof ChannelError && error.kind === 'refused') return {};
      throw error;
    });
    const lists = typeof now === 'object' && now !== null ? (now as Record<string, unknown>) : {};
    const list = Array.isArray(lists[person]) ? lists[person] : [];
    if (list.includes(id)) return;
    await this.client.call('PUT', path, { body: { ...lists, [person]: [...list, id] }, signal: this.signal });
  }

  private note(code: string, text: string, sender: string | undefined, conversation: string): Promise<void> {
    return this.context.note({ code, text, ...(sender === undefined ? {} : { sender }), conversation });
  }
}
