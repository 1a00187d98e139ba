import type { InboundMessage } from '../../engine/model/message';
import type { Disposable } from '../../engine/model/ports';
import type { AdapterContext } from '../contract';

/** Milliseconds that are looked back on. */
const WINDOW_MS = 600_000;
/** Milliseconds until it is looked again whether it has passed. */
const LOOK_EVERY_MS = 60_000;
/** What is meant for the bot within that: as much is usual for nobody, and as often nobody knocks by mistake. */
const MESSAGES_AT_MOST = 20;
const REFUSED_AT_MOST = 4;
/** People who are counted at the same time; the one who was silent longest is forgotten. */
const PEOPLE_AT_MOST = 1_000;

interface Person {
  readonly login: string;
  readonly conversation: string;
  readonly at: number[];
  /** When they were not let in. */
  readonly refused: number[];
  noted: boolean;
}

/**
 * Counts who says how much to the bot, and how often without being let in (TW-4): a note for the record once when it
 * becomes too much, and a list for the Checklist while it lasts.
 */
export class AbuseWatch {
  private readonly people = new Map<string, Person>();
  private reported = '';
  private next: Disposable | undefined;

  constructor(private readonly context: Pick<AdapterContext, 'clock' | 'report' | 'note' | 'people'>) {}

  async count({ account, sender, conversation, addressed }: InboundMessage): Promise<void> {
    if (!addressed || sender.isSelf) return;
    const now = this.context.clock.now();
    const person = this.people.get(sender.id) ?? {
      login: sender.displayName,
      conversation,
      at: [],
      refused: [],
      noted: false,
    };
    this.people.delete(sender.id);
    this.people.set(sender.id, person);
    for (const oldest of this.people.keys()) {
      if (this.people.size <= PEOPLE_AT_MOST) break;
      this.people.delete(oldest);
    }
    add(person.at, now, MESSAGES_AT_MOST);
    if (!this.context.people.isKnown(account, sender.id)) add(person.refused, now, REFUSED_AT_MOST);
    this.report();
    if (!isTooMuch(person) || person.noted) return;
    person.noted = true;
    await this.context.note({
      code: 'chat-abuse',
      text: `${sentence(sender.id, person)}. Consider a timeout in the chat, with /timeout, the name and 600.`,
      sender: sender.id,
      conversation,
    });
  }

  dispose(): void {
    this.next?.dispose();
  }

  /** Says who is too much now, and looks again until nobody is. */
  private report(): void {
    const since = this.context.clock.now() - WINDOW_MS;
    const suspects: string[] = [];
    for (const [id, person] of this.people) {
      forget(person.at, since);
      forget(person.refused, since);
      if (isTooMuch(person)) suspects.push(sentence(id, person));
      else person.noted = false;
      if (person.at.length === 0) this.people.delete(id);
    }
    if (suspects.length > 0)
      this.next ??= this.context.clock.after(LOOK_EVERY_MS, () => {
        this.next = undefined;
        this.report();
      });
    const text = suspects.join();
    if (text === this.reported) return;
    this.reported = text;
    this.context.report({ suspects });
  }
}

/** One more than is allowed is enough to know. */
function add(times: number[], now: number, most: number): void {
  times.push(now);
  if (times.length > most + 1) times.shift();
}

function forget(times: number[], since: number): void {
  while (times.length > 0 && (times[0] ?? 0) < since) times.shift();
}

function isTooMuch({ at, refused }: Person): boolean {
  return at.length > MESSAGES_AT_MOST || refused.length > REFUSED_AT_MOST;
}

function sentence(id: string, { at, refused, login }: Person): string {
  const often = (times: readonly number[], most: number) =>
    times.length > most ? `more than ${most}` : `${times.length}`;
  return `${login.slice(0, 30)} (user id ${id}) wrote to the bot ${often(at, MESSAGES_AT_MOST)} times, ${often(refused, REFUSED_AT_MOST)} of them without being let in`;
}
