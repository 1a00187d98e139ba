import type { Room } from './rooms';
import type { MatrixEvent, SyncAnswer } from './wire';

/** What end-to-end encryption does for the rest of the channel. */
export interface Encryption {
  /** Takes what an answer says about keys and devices. Durable when it resolves. */
  receive(answer: SyncAnswer): Promise<void>;
  /** The event as its sender wrote it; undefined while its key is not here. */
  decrypt(event: MatrixEvent, room: Room): Promise<MatrixEvent | undefined>;
  /** For everybody in the room. What it takes to say it is saved when it resolves. @throws ChannelError */
  encrypt(room: Room, type: string, content: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): void;
}
