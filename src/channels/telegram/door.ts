import { randomBytes } from 'node:crypto';
import type { Update } from 'grammy/types';
import type { Api } from 'grammy/web';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { Doorway, JSON_CALLS } from '../doorway';
import type { Receiver } from '../reception';
import { sameText } from '../signature';
import type { OpenWebhook, WebhookAnswer, WebhookRequest } from '../webhook-contract';
import { WANTED } from './poller';

/** The kept name of what Telegram shows us with each call, and of the note that a webhook is ours. */
const SECRET = 'webhookSecret';
const NOTE = 'webhook';
/** Bytes of the secret: 256 bits, written in 43 of the characters that Telegram takes. */
const SECRET_BYTES = 32;
/** Telegram keeps what it could not deliver for a day at most. https://core.telegram.org/bots/api#getting-updates */
const REMEMBER_MS = 25 * 3_600_000;
/** Calls that Telegram may have open at the same time. */
const AT_ONCE = 20;

const update = z.looseObject({ update_id: z.number().int().nonnegative() });

/**
 * Telegram's webhook: Telegram calls, and shows with each call a secret that it was told when the webhook was set. A
 * call is answered once its message is on the record, so Telegram repeats what could not be recorded.
 * https://core.telegram.org/bots/api#setwebhook
 */
export class TelegramDoor implements Receiver {
  private readonly doorway: Doorway;

  constructor(
    private readonly api: Api,
    private readonly context: AdapterContext,
    private readonly take: (update: Update) => Promise<void>,
    private readonly onlineDetail: string,
    /** A Bot API server of one's own calls any address; Telegram's only public ones. */
    private readonly needsPublic: boolean,
  ) {
    this.doorway = new Doorway(
      context,
      JSON_CALLS,
      (request) => this.answer(request),
      (door) => this.opened(door),
    );
  }

  async start(): Promise<void> {
    await this.context.renewSecret(SECRET, randomBytes(SECRET_BYTES).toString('base64url'));
    await this.doorway.start();
  }

  /** The webhook stays set: Telegram keeps what is said meanwhile and delivers it when the door is open again. */
  stop(): Promise<void> {
    return this.doorway.stop();
  }

  private async opened(door: OpenWebhook): Promise<void> {
    if (this.needsPublic && !door.isPublic) {
      throw new ChannelError(
        'fatal',
        'Telegram calls only public addresses, and this machine has none. Forward the port in the Ports view with public visibility, set cowork.webhook.publicUrl, or set the mode to “polling”.',
      );
    }
    await this.context.store.save(NOTE, Buffer.from('set'));
    await this.api.setWebhook(door.url, {
      secret_token: (await this.context.secret(SECRET)) ?? '',
      allowed_updates: [...WANTED],
      max_connections: AT_ONCE,
    });
    this.context.state('online', this.onlineDetail);
  }

  private async answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const shown = request.headers['x-telegram-bot-api-secret-token'];
    if (shown === undefined) return { status: 401, reason: 'no secret token' };
    const secret = await this.context.secret(SECRET);
    // Law 4: without a secret anybody's empty one would be the right one.
    if (!secret) return { status: 401, reason: 'no secret' };
    if (!sameText(shown, secret)) return { status: 401, reason: 'secret token' };
    const body = readUpdateBody(request.body);
    if (!body) return { status: 400, reason: 'not understood' };
    if (!request.firstTime(`update ${body.update_id}`, REMEMBER_MS)) return { status: 200, reason: 'replay' };
    await this.take(body);
    return { status: 200, reason: 'accepted' };
  }
}

/** Takes our webhook back, so that Telegram can be asked for updates. Somebody else's stays. @throws what grammy throws */
export async function withdrawWebhook(api: Api, context: AdapterContext): Promise<void> {
  const note = await context.store.load(NOTE);
  if (!note || note.length === 0) return;
  await api.deleteWebhook();
  await context.store.save(NOTE, new Uint8Array());
}

function readUpdateBody(bytes: Uint8Array): Update | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    // What else is in it is looked at by `readUpdate`, as with an update that was asked for.
    return update.safeParse(body).success ? (body as Update) : undefined;
  } catch {
    return undefined;
  }
}
