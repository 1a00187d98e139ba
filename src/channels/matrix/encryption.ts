import type { Room } from './rooms';
import type { MatrixEvent, SyncAnswer } from './wire';

/** What end-to-end encryption does for the rest of the channel. */
export interface Encryption {
  /** Takes what an answer says about keys and devices. Durable when it resolves. */
  receive(answer: SyncAnswer): Promise<void>;
  /** locked: its key is not here yet. refused: it must not be believed, which is on record. */
  decrypt(event: MatrixEvent, room: Room): Promise<MatrixEvent | 'locked' | 'refused'>;
  /** For everybody in the room. What it takes to say it is saved when it resolves. @throws ChannelError */
  encrypt(room: Room, type: string, content: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Forgets all keys that are in memory. Never rejects. */
  close(): Promise<void>;
}
