/** Messages that are remembered, ours and theirs. */
const REMEMBERED = 1_000;
/** What is quoted of a message, in UTF-16 code units. */
const QUOTED = 200;
/** Signal's clients take no more changes of a message, and none to one that is older. */
const EDITS = 10;
const EDITABLE_MS = 24 * 3_600_000;

interface Own {
  readonly conversation: string;
  readonly sentAt: number;
  /** Of its latest state, which is what the next change names. */
  timestamp: number;
  edits: number;
}

/** What was said lately, as far as answering and changing needs it. */
export class RecentMessages {
  private readonly texts = new Map<string, string>();
  private readonly own = new Map<string, Own>();

  heard(id: string, text: string): void {
    remember(this.texts, id, text.slice(0, QUOTED));
  }

  sent(id: string, message: { conversation: string; text: string; timestamp: number; at: number }): void {
    this.heard(id, message.text);
    const { conversation, timestamp, at: sentAt } = message;
    remember(this.own, id, { conversation, timestamp, sentAt, edits: 0 });
  }

  /** The words that a quote of this message shows; empty when they are not known any more. */
  textOf(id: string): string {
    return this.texts.get(id) ?? '';
  }

  /** The timestamp to name when our message `id` is to be changed; undefined when it cannot be. */
  editable(id: string, conversation: string, now: number): number | undefined {
    const own = this.own.get(id);
    if (!own || own.conversation !== conversation) return undefined;
    return own.edits < EDITS && now - own.sentAt < EDITABLE_MS ? own.timestamp : undefined;
  }

  edited(id: string, timestamp: number, text: string): void {
    const own = this.own.get(id);
    if (!own) return;
    own.timestamp = timestamp;
    own.edits += 1;
    this.heard(id, text);
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
