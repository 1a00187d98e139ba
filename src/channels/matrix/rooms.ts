import * as z from 'zod';
import type { ChatContext } from '../../engine/model/identity';
import type { MatrixEvent } from './wire';

/** Characters of a display name that are kept. */
const NAME_CAP = 100;

const member = z.looseObject({
  membership: z.string(),
  displayname: z.string().nullish().catch(undefined),
  is_direct: z.boolean().optional().catch(undefined),
});

const kept = z.object({
  members: z.record(z.string(), z.object({ joined: z.boolean(), name: z.string() })),
  encrypted: z.boolean(),
  joinRule: z.string(),
  worldReadable: z.boolean(),
  direct: z.boolean(),
});

interface Member {
  readonly joined: boolean;
  readonly name: string;
}

/** What a change of a room's state means for us. */
export type RoomChange =
  | { readonly kind: 'joined'; readonly member: string }
  | { readonly kind: 'we-joined' }
  | { readonly kind: 'we-were-invited' };

/** What is known of one room, as of the last event that was seen. */
export class Room {
  private readonly members = new Map<string, Member>();
  /** Once encrypted, always encrypted, whatever the homeserver says later. */
  encrypted = false;
  private joinRule = 'invite';
  private worldReadable = false;
  /** We were invited to it as a direct conversation. */
  direct = false;

  constructor(
    readonly id: string,
    private readonly me: string,
  ) {}

  /** As it was kept; undefined when that cannot be read. */
  static restored(id: string, me: string, value: unknown): Room | undefined {
    const parsed = kept.safeParse(value);
    if (!parsed.success) return undefined;
    const room = new Room(id, me);
    for (const [user, one] of Object.entries(parsed.data.members)) room.members.set(user, one);
    room.encrypted = parsed.data.encrypted;
    room.joinRule = parsed.data.joinRule;
    room.worldReadable = parsed.data.worldReadable;
    room.direct = parsed.data.direct;
    return room;
  }

  keep(): z.input<typeof kept> {
    const { encrypted, joinRule, worldReadable, direct } = this;
    return { members: Object.fromEntries(this.members), encrypted, joinRule, worldReadable, direct };
  }

  /** Whom a message is encrypted for, and whose devices are followed. */
  get people(): readonly string[] {
    return [...this.members.keys()];
  }

  nameOf(user: string): string {
    return this.members.get(user)?.name || user;
  }

  /**
   * A room that everybody may enter or read is public, whatever else it is. A direct conversation is one that was
   * begun as such and in which there is nobody but the two; invited people count.
   */
  context(markedDirect: boolean): ChatContext {
    if (this.joinRule === 'public' || this.worldReadable) return 'public';
    return this.members.size === 2 && (this.direct || markedDirect) ? 'dm' : 'group';
  }

  /** Takes a state event in. Others change nothing. */
  apply({ type, state_key: key, content }: MatrixEvent): RoomChange | undefined {
    if (key === undefined) return undefined;
    switch (type) {
      case 'm.room.member':
        return this.applyMember(key, content);
      case 'm.room.encryption':
        if (key === '') this.encrypted = true;
        return undefined;
      case 'm.room.join_rules':
        if (key === '') this.joinRule = String(content.join_rule ?? 'invite');
        return undefined;
      case 'm.room.history_visibility':
        if (key === '') this.worldReadable = content.history_visibility === 'world_readable';
        return undefined;
      default:
        return undefined;
    }
  }

  private applyMember(user: string, content: Record<string, unknown>): RoomChange | undefined {
    const parsed = member.safeParse(content);
    if (!parsed.success) return undefined;
    const { membership, displayname, is_direct: direct } = parsed.data;
    const before = this.members.get(user);
    if (membership !== 'join' && membership !== 'invite') {
      this.members.delete(user);
      return undefined;
    }
    const joined = membership === 'join';
    this.members.set(user, { joined, name: (displayname ?? '').slice(0, NAME_CAP) });
    if (user === this.me) {
      if (!joined && direct === true) this.direct = true;
      return { kind: joined ? 'we-joined' : 'we-were-invited' };
    }
    return joined && before?.joined !== true ? { kind: 'joined', member: user } : undefined;
  }
}
