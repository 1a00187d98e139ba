import type { AdapterContext } from './contract';
import type { Receiver } from './reception';
import type { OpenWebhook, WebhookHandler, WebhookOptions } from './webhook-contract';

/** What most platforms send: JSON, in the body of a POST. */
export const JSON_CALLS: WebhookOptions = { methods: ['POST'], contentTypes: ['application/json'] };

/** The door of a channel that is called, from when it is opened to when it is closed. */
export class Doorway implements Receiver {
  private door: OpenWebhook | undefined;

  constructor(
    private readonly context: Pick<AdapterContext, 'webhook'>,
    private readonly options: WebhookOptions,
    private readonly handler: WebhookHandler,
    /** What is left to do before the channel is online. @throws ChannelError */
    private readonly opened: (door: OpenWebhook) => Promise<void>,
    /** What is done before it is closed. Never throws. */
    private readonly closing: () => Promise<void> = async () => {},
  ) {}

  /** Where it is called; empty while it is closed. */
  get url(): string {
    return this.door?.url ?? '';
  }

  async start(): Promise<void> {
    const door = await this.context.webhook(this.options, this.handler);
    this.door = door;
    await this.opened(door);
  }

  async stop(): Promise<void> {
    const { door } = this;
    this.door = undefined;
    if (!door) return;
    await this.closing();
    await door.close().catch(() => undefined);
  }
}

/** What happened longer ago is not taken: nobody waits for a command of yesterday to run. */
const OLDEST_MS = 24 * 3_600_000;
/** How far a platform's clock may be ahead of ours. */
const AHEAD_MS = 300_000;
/** What was taken is remembered for longer than it would be taken again. Milliseconds. */
export const REMEMBER_MS = OLDEST_MS + AHEAD_MS + 3_600_000;

/**
 * Whether something that is said to have happened `at` may still be taken, for platforms whose signature covers no
 * time of the call. Milliseconds since the epoch.
 */
export function isFresh(at: number, receivedAt: number): boolean {
  const age = receivedAt - at;
  return age <= OLDEST_MS && age >= -AHEAD_MS;
}

/** What stands in a body of JSON; undefined when it is no object in UTF-8. */
export function jsonObject(bytes: Uint8Array): object | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Added to the state while only this machine reaches the door; empty when the platform does. `where` says where the
 * address is to be entered.
 */
export function reachHint(
  { isPublic }: Pick<OpenWebhook, 'isPublic'>,
  platform: string,
  where = `at ${platform}`,
): string {
  return isPublic
    ? ''
    : ` ${platform} cannot reach this machine yet: give it a public address, then enter that ${where}.`;
}
