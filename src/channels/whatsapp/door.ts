import type { AdapterContext } from '../contract';
import { isFresh, jsonObject, REMEMBER_MS } from '../doorway';
import { hmacSha256, sameText } from '../signature';
import type { WebhookAnswer, WebhookRequest } from '../webhook-contract';
import {
  messagesValue,
  type WhatsAppMessage,
  type WhatsAppStatus,
  type WhatsAppValue,
  whatsappCall,
} from './inbound';

/** Characters of a challenge that is sent back. Meta's are digits. */
const CHALLENGE = /^[A-Za-z0-9_-]{1,200}$/;

export interface WhatsAppDoorEvents {
  /** Resolves with why the message was left alone, or with undefined when it was taken. */
  message(said: WhatsAppMessage, value: WhatsAppValue): Promise<string | undefined>;
  failed(status: WhatsAppStatus): Promise<void>;
}

/**
 * Answers Meta's calls: each is proved by its signature before anything of it is read, and answered once its messages
 * are on the record, so Meta repeats what could not be recorded.
 * https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export class WhatsAppDoor {
  constructor(
    private readonly context: Pick<AdapterContext, 'secret'>,
    private readonly phoneNumberId: string,
    private readonly events: WhatsAppDoorEvents,
  ) {}

  async answer(request: WebhookRequest): Promise<WebhookAnswer> {
    return request.method === 'GET' ? this.verify(request) : this.call(request);
  }

  /** Meta asks once whether the address is ours, and shows the token that both were told. */
  private async verify({ query }: WebhookRequest): Promise<WebhookAnswer> {
    const one = (name: string) => (query.getAll(name).length === 1 ? query.get(name) : null) ?? '';
    const wanted = await this.context.secret('verifyToken');
    // Law 4: without a token anybody's empty one would be the right one.
    if (!wanted) return { status: 403, reason: 'no verify token' };
    if (one('hub.mode') !== 'subscribe') return { status: 403, reason: 'no question of Meta' };
    if (!sameText(one('hub.verify_token'), wanted)) return { status: 403, reason: 'verify token' };
    const challenge = one('hub.challenge');
    if (!CHALLENGE.test(challenge)) return { status: 400, reason: 'not understood' };
    return { status: 200, body: challenge, reason: 'challenge' };
  }

  private async call(request: WebhookRequest): Promise<WebhookAnswer> {
    const refusal = await this.unproved(request);
    if (refusal) return { status: 401, reason: refusal };
    const call = whatsappCall.safeParse(jsonObject(request.body));
    if (!call.success) return { status: 400, reason: 'not understood' };
    const reasons: string[] = [];
    for (const { field, value } of call.data.entry.flatMap(({ changes }) => changes)) {
      if (field !== 'messages') continue;
      const parsed = messagesValue.safeParse(value);
      if (!parsed.success) return { status: 400, reason: 'not understood' };
      reasons.push(...(await this.value(parsed.data, request)));
    }
    const reason = reasons.find((one) => one === 'accepted') ?? reasons[0] ?? 'nothing for us';
    return { status: 200, reason };
  }

  private async value(value: WhatsAppValue, request: WebhookRequest): Promise<string[]> {
    // An app may have several numbers; each call names the one that it is about.
    if (value.metadata.phone_number_id !== this.phoneNumberId) return ['phone number'];
    const reasons: string[] = [];
    for (const said of value.messages ?? []) reasons.push(await this.message(said, value, request));
    for (const status of value.statuses ?? []) {
      if (status.status === 'failed') await this.events.failed(status);
      reasons.push('status');
    }
    return reasons;
  }

  private async message(
    said: WhatsAppMessage,
    value: WhatsAppValue,
    { receivedAt, firstTime }: WebhookRequest,
  ): Promise<string> {
    if (!isFresh(Number(said.timestamp) * 1000, receivedAt)) return 'timestamp';
    if (!firstTime(`message ${said.id}`, REMEMBER_MS)) return 'replay';
    return (await this.events.message(said, value)) ?? 'accepted';
  }

  /** Why the request is not Meta's. */
  private async unproved({ headers, body }: WebhookRequest): Promise<string | undefined> {
    const signature = headers['x-hub-signature-256'];
    if (signature === undefined) return 'no signature';
    const secret = await this.context.secret('appSecret');
    // Law 4: an empty secret would sign what anybody sends.
    if (!secret) return 'no secret';
    return sameText(signature, `sha256=${hmacSha256(secret, [body], 'hex')}`) ? undefined : 'signature';
  }
}
