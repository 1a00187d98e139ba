import type { Encryption } from './encryption';
import type { Room } from './rooms';
import type { MatrixEvent } from './wire';

/** Encrypted events that wait for their key. */
const MOST = 200;

export interface LockedEvent {
  readonly event: MatrixEvent;
  readonly room: Room;
}

/** Encrypted events: read, or kept until their key comes. For as long as we are connected. */
export class LockedEvents {
  private readonly waiting = new Map<string, LockedEvent>();
  /** Those of them that were read, until what they say is on record. */
  private readonly read = new Set<string>();

  constructor(private readonly encryption: Encryption) {}

  /** Those that could not be read yet, oldest first. */
  get all(): readonly LockedEvent[] {
    return [...this.waiting.values()];
  }

  /** As `Encryption.decrypt`. What is locked is kept until its key comes. */
  async open(event: MatrixEvent, room: Room): Promise<MatrixEvent | 'locked' | 'refused'> {
    const opened = await this.encryption.decrypt(event, room);
    if (opened !== 'locked') {
      this.read.add(event.event_id);
      return opened;
    }
    this.waiting.set(event.event_id, { event, room });
    const oldest = this.waiting.keys().next();
    if (this.waiting.size > MOST && !oldest.done) this.waiting.delete(oldest.value);
    return 'locked';
  }

  /** What was read is on record. */
  done(): void {
    for (const id of this.read) this.waiting.delete(id);
    this.read.clear();
  }
}
