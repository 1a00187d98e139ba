import * as z from 'zod';
import type { BlobStore } from '../../engine/model/ports';
import { Room } from './rooms';

const CURSOR = 'cursor';
const ROOMS = 'rooms';

const keptCursor = z.object({ user: z.string(), number: z.number(), since: z.string().min(1) });
const keptRooms = keptCursor.extend({
  rooms: z.record(z.string(), z.unknown()),
  direct: z.array(z.string()),
});

/**
 * Where the last answer of the homeserver ended, and what the rooms were like there. Rooms are written together with
 * the cursor that they belong to, and a cursor alone when no room has changed; the higher number is the newer.
 */
export class MatrixState {
  since: string | undefined;
  readonly rooms = new Map<string, Room>();
  /** Rooms that our account data calls direct conversations. */
  direct: ReadonlySet<string> = new Set();
  private number = 0;
  private kept = '';
  private keptSince: string | undefined;

  private constructor(
    private readonly store: BlobStore,
    readonly me: string,
  ) {}

  /** What was kept for this account; empty, and so without a cursor, when there is nothing or it cannot be read. */
  static async load(store: BlobStore, me: string): Promise<MatrixState> {
    const state = new MatrixState(store, me);
    const rooms = keptRooms.safeParse(parsedJson(await store.load(ROOMS)));
    if (!rooms.success || rooms.data.user !== me) return state;
    for (const [id, value] of Object.entries(rooms.data.rooms)) {
      const room = Room.restored(id, me, value);
      if (!room) return new MatrixState(store, me);
      state.rooms.set(id, room);
    }
    state.direct = new Set(rooms.data.direct);
    const cursor = keptCursor.safeParse(parsedJson(await store.load(CURSOR)));
    const newer =
      cursor.success && cursor.data.user === me && cursor.data.number > rooms.data.number
        ? cursor.data
        : rooms.data;
    state.number = newer.number;
    state.since = newer.since;
    state.keptSince = newer.since;
    state.kept = state.roomsText();
    return state;
  }

  /** Moves on to the end of an answer. Durable when it resolves. */
  async moveTo(since: string): Promise<void> {
    this.since = since;
    const rooms = this.roomsText();
    if (rooms === this.kept && since === this.keptSince) return;
    this.number += 1;
    const cursor: z.input<typeof keptCursor> = { user: this.me, number: this.number, since };
    const changed = rooms !== this.kept;
    const text = changed ? JSON.stringify({ ...cursor, ...JSON.parse(rooms) }) : JSON.stringify(cursor);
    await this.store.save(changed ? ROOMS : CURSOR, Buffer.from(text));
    this.kept = rooms;
    this.keptSince = since;
  }

  room(id: string): Room {
    const known = this.rooms.get(id);
    if (known) return known;
    const room = new Room(id, this.me);
    this.rooms.set(id, room);
    return room;
  }

  private roomsText(): string {
    const rooms = Object.fromEntries([...this.rooms].map(([id, room]) => [id, room.keep()]));
    return JSON.stringify({ rooms, direct: [...this.direct] });
  }
}

function parsedJson(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
