import * as z from 'zod';
import { ChannelError } from '../contract';
import type { MatrixClient } from './client';
import type { Heard } from './inbound';
import { Recent } from './recent';
import type { EncryptedFile } from './wire';

/** Events of each kind that are remembered. */
const REMEMBERED = 2_000;

const someEvent = z.looseObject({
  sender: z.string(),
  unsigned: z.looseObject({ redacted_because: z.unknown().optional() }).optional(),
});

/** What is remembered of events for as long as we are connected. */
export class Memory {
  private readonly ours = new Recent<boolean>(REMEMBERED);
  private readonly threads = new Recent<string>(REMEMBERED);
  private readonly keys = new Recent<EncryptedFile>(REMEMBERED);

  constructor(
    private readonly client: MatrixClient,
    private readonly me: string,
    private readonly signal: AbortSignal,
  ) {}

  heard({ message, keys, thread }: Heard): void {
    if (message.change === 'deleted') this.gone(message.platformId);
    if (thread !== undefined) this.threads.set(message.platformId, thread);
    for (const [id, file] of keys) this.keys.set(id, file);
  }

  said(eventId: string): void {
    this.ours.set(eventId, true);
  }

  /** Somebody has removed it. */
  gone(eventId: string): void {
    if (this.ours.has(eventId)) this.ours.set(eventId, false);
  }

  threadOf(eventId: string): string | undefined {
    return this.threads.get(eventId);
  }

  fileKey(attachment: string): EncryptedFile | undefined {
    return this.keys.get(attachment);
  }

  /** Whether an event is a message of ours that is still there. @throws ChannelError when that cannot be found out */
  async isOurs(room: string, eventId: string): Promise<boolean> {
    const known = this.ours.get(eventId);
    if (known !== undefined) return known;
    const path = `client/v3/rooms/${encodeURIComponent(room)}/event/${encodeURIComponent(eventId)}`;
    const answer = await this.client.json('GET', path, { signal: this.signal }).catch((error: unknown) => {
      if (error instanceof ChannelError && error.kind === 'refused') return undefined;
      throw error;
    });
    const parsed = someEvent.safeParse(answer);
    const ours =
      parsed.success &&
      parsed.data.sender === this.me &&
      parsed.data.unsigned?.redacted_because === undefined;
    this.ours.set(eventId, ours);
    return ours;
  }
}
