import { randomBytes } from 'node:crypto';

/**
 * Rooms and people of a homeserver, and what each device is told of them. Written from
 *   https://spec.matrix.org/v1.11/client-server-api/#syncing                 since, limited, prev_batch, state
 *   https://spec.matrix.org/v1.11/client-server-api/#room-membership          invite, join, leave
 *   https://spec.matrix.org/v1.11/client-server-api/#redactions
 *   https://spec.matrix.org/v1.11/client-server-api/#send-to-device-messaging once, until the next since
 */
export type Json = Record<string, unknown>;

export interface HsEvent {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly room_id: string;
  readonly origin_server_ts: number;
  readonly state_key?: string;
  content: Json;
  unsigned: Json;
}

interface Entry {
  readonly at: number;
  readonly event: HsEvent;
}

export class HsRoom {
  readonly entries: Entry[] = [];

  constructor(readonly id: string) {}

  /** The state before a position. */
  stateBefore(position: number): Map<string, HsEvent> {
    const state = new Map<string, HsEvent>();
    for (const { at, event } of this.entries) {
      if (at >= position) break;
      if (event.state_key !== undefined) state.set(`${event.type}|${event.state_key}`, event);
    }
    return state;
  }

  state(type: string, key = ''): HsEvent | undefined {
    return this.stateBefore(Number.POSITIVE_INFINITY).get(`${type}|${key}`);
  }

  membership(user: string, before = Number.POSITIVE_INFINITY): string {
    return String(this.stateBefore(before).get(`m.room.member|${user}`)?.content.membership ?? 'leave');
  }

  get encrypted(): boolean {
    return this.state('m.room.encryption') !== undefined;
  }
}

interface Filter {
  readonly limit: number;
  readonly types: readonly string[] | undefined;
  readonly stateTypes: readonly string[] | undefined;
}

const STRIPPED: ReadonlySet<string> = new Set(['m.room.create', 'm.room.join_rules', 'm.room.encryption']);

export class World {
  readonly rooms = new Map<string, HsRoom>();
  readonly names = new Map<string, string>();
  private position = 1;
  private readonly inbox: { at: number; user: string; device: string; event: Json }[] = [];
  private readonly data = new Map<string, { at: number; content: Json }>();
  private readonly deviceChanges: { at: number; user: string }[] = [];
  private readonly waiting = new Set<() => void>();

  get now(): number {
    return this.position;
  }

  /** Calls `run` whenever something happened. */
  watch(run: () => void): () => void {
    this.waiting.add(run);
    return () => void this.waiting.delete(run);
  }

  room(id: string): HsRoom {
    const room = this.rooms.get(id);
    if (!room) throw new Error(`no room ${id}`);
    return room;
  }

  /** With its creator in it. */
  create(id: string, creator: string, kind: { isPublic?: boolean; encrypted?: boolean } = {}): HsRoom {
    const room = new HsRoom(id);
    this.rooms.set(id, room);
    this.put(id, creator, 'm.room.create', { room_version: '10' }, '');
    this.member(id, creator, 'join');
    const rule = kind.isPublic ? 'public' : 'invite';
    this.put(id, creator, 'm.room.join_rules', { join_rule: rule }, '');
    this.put(id, creator, 'm.room.history_visibility', { history_visibility: 'shared' }, '');
    if (kind.encrypted) this.encrypt(id, creator);
    return room;
  }

  encrypt(id: string, by: string): void {
    this.put(id, by, 'm.room.encryption', { algorithm: 'm.megolm.v1.aes-sha2' }, '');
  }

  member(id: string, user: string, membership: string, by = user, more: Json = {}): HsEvent {
    const before = this.room(id).state('m.room.member', user)?.content;
    const name = this.names.get(user);
    const content = { membership, ...(name ? { displayname: name } : {}), ...more };
    const event = this.put(id, by, 'm.room.member', content, user);
    if (before) event.unsigned.prev_content = before;
    if (membership === 'join') this.deviceChanges.push({ at: this.position, user });
    return event;
  }

  put(id: string, sender: string, type: string, content: Json, stateKey?: string, at = Date.now()): HsEvent {
    const event: HsEvent = {
      event_id: `$${randomBytes(32).toString('base64url')}`,
      type,
      sender,
      room_id: id,
      origin_server_ts: at,
      content,
      unsigned: {},
      ...(stateKey === undefined ? {} : { state_key: stateKey }),
    };
    this.add(id, event);
    return event;
  }

  /** Once more, as a homeserver in trouble may deliver it. */
  repeat(event: HsEvent): void {
    this.add(event.room_id, event);
  }

  redact(id: string, eventId: string, by: string): void {
    const event = this.find(id, eventId);
    const because = this.put(id, by, 'm.room.redaction', { redacts: eventId });
    if (!event) return;
    event.content = {};
    event.unsigned.redacted_because = because;
  }

  find(id: string, eventId: string): HsEvent | undefined {
    return this.rooms.get(id)?.entries.find(({ event }) => event.event_id === eventId)?.event;
  }

  setData(user: string, type: string, content: Json): void {
    this.position += 1;
    this.data.set(`${user}|${type}`, { at: this.position, content });
    this.wake();
  }

  dataOf(user: string, type: string): Json | undefined {
    return this.data.get(`${user}|${type}`)?.content;
  }

  toDevice(user: string, device: string, event: Json): void {
    this.position += 1;
    this.inbox.push({ at: this.position, user, device, event });
    this.wake();
  }

  devicesChanged(user: string): void {
    this.position += 1;
    this.deviceChanges.push({ at: this.position, user });
    this.wake();
  }

  wake(): void {
    for (const run of [...this.waiting]) run();
  }

  /** The answer to `/sync` without what is of keys; `news` is false when nothing has happened since. */
  sync(
    user: string,
    device: string,
    since: number | undefined,
    filter: Filter,
  ): { answer: Json; news: boolean } {
    const from = since ?? 0;
    const join: Json = {};
    const invite: Json = {};
    const leave: Json = {};
    for (const room of this.rooms.values()) {
      const membership = room.membership(user);
      const before = room.membership(user, from + 1);
      const news = room.entries.some(({ at }) => at > from);
      if (membership === 'join' && (news || since === undefined)) {
        const known = since !== undefined && before === 'join';
        join[room.id] = timelineOf(room, known ? from : 0, known, filter);
      } else if (membership === 'invite' && (since === undefined || before !== 'invite'))
        invite[room.id] = { invite_state: { events: stripped(room, user) } };
      else if (since !== undefined && before === 'join' && membership !== 'join')
        leave[room.id] = { timeline: { events: [] } };
    }
    // What was delivered is forgotten once the client comes back with the token that it got with it.
    for (let index = this.inbox.length - 1; index >= 0; index -= 1) {
      const one = this.inbox[index];
      if (one?.user === user && one.device === device && one.at <= from) this.inbox.splice(index, 1);
    }
    const letters = this.inbox.filter((one) => one.user === user && one.device === device).slice(0, 100);
    const data = [...this.data].flatMap(([key, { at, content }]) => {
      const [owner, type] = key.split('|');
      return owner === user && at > from ? [{ type, content }] : [];
    });
    const together = (other: string) =>
      [...this.rooms.values()].some(
        (room) => room.membership(user) === 'join' && /join|invite/.test(room.membership(other)),
      );
    const changed = [
      ...new Set(
        this.deviceChanges
          .filter(({ at, user: other }) => at > from && together(other))
          .map((one) => one.user),
      ),
    ];
    const last = letters.length === 100 ? (letters.at(-1)?.at ?? this.position) : this.position;
    const news = [join, invite, leave].some((list) => Object.keys(list).length > 0);
    return {
      news: news || letters.length > 0 || data.length > 0 || (since !== undefined && changed.length > 0),
      answer: {
        next_batch: `s${last}`,
        rooms: { join, invite, leave },
        account_data: { events: data },
        to_device: { events: letters.map(({ event }) => event) },
        ...(since === undefined ? {} : { device_lists: { changed, left: [] } }),
      },
    };
  }

  /** A page of `/messages`, backwards. */
  page(room: HsRoom, from: number, to: number, limit: number, types?: readonly string[]): Json {
    const found = room.entries.filter(
      ({ at, event }) => at < from && at > to && (!types || types.includes(event.type)),
    );
    const chunk = found.slice(-limit).reverse();
    const last = chunk.at(-1);
    return {
      start: `t${from}`,
      chunk: chunk.map(({ event }) => event),
      ...(last && found.length > limit ? { end: `t${last.at}` } : {}),
    };
  }

  private add(id: string, event: HsEvent): void {
    this.position += 1;
    this.room(id).entries.push({ at: this.position, event });
    this.wake();
  }
}

function timelineOf(room: HsRoom, from: number, known: boolean, filter: Filter): Json {
  const wanted = room.entries.filter(
    ({ at, event }) => at > from && (!filter.types || filter.types.includes(event.type)),
  );
  const shown = wanted.slice(-filter.limit);
  const begins = shown[0]?.at ?? Number.POSITIVE_INFINITY;
  const old = known ? room.stateBefore(from + 1) : new Map<string, HsEvent>();
  const state = [...room.stateBefore(begins)].filter(
    ([key, event]) =>
      old.get(key)?.event_id !== event.event_id &&
      (!filter.stateTypes || filter.stateTypes.includes(event.type)),
  );
  return {
    timeline: {
      events: shown.map(({ event }) => event),
      limited: shown.length < wanted.length || !known,
      prev_batch: `t${shown[0]?.at ?? from + 1}`,
    },
    state: { events: state.map(([, event]) => event) },
  };
}

function stripped(room: HsRoom, user: string): Json[] {
  return [...room.stateBefore(Number.POSITIVE_INFINITY).values()]
    .filter(
      (event) => STRIPPED.has(event.type) || (event.type === 'm.room.member' && event.state_key === user),
    )
    .map(({ type, sender, state_key, content }) => ({ type, sender, state_key, content }));
}
