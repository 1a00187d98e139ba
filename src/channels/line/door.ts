import type { AdapterContext } from '../contract';
import { isFresh, jsonObject, REMEMBER_MS } from '../doorway';
import { hmacSha256, sameText } from '../signature';
import type { WebhookAnswer, WebhookRequest } from '../webhook-contract';
import { type LineEvent, lineCall } from './inbound';

/**
 * Answers LINE's calls: each is proved by its signature before anything of it is read, and answered once its events
 * are on the record, so LINE repeats what could not be recorded.
 * https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
 */
export class LineDoor {
  constructor(
    private readonly context: Pick<AdapterContext, 'secret'>,
    /** The account's own id. */
    private readonly me: string,
    /** Resolves with why the event was left alone, or with undefined when it was taken. */
    private readonly take: (event: LineEvent) => Promise<string | undefined>,
  ) {}

  async answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const refusal = await this.unproved(request);
    if (refusal) return { status: 401, reason: refusal };
    const call = lineCall.safeParse(jsonObject(request.body));
    if (!call.success) return { status: 400, reason: 'not understood' };
    if (call.data.destination !== this.me) return { status: 403, reason: 'destination' };
    // LINE asks so whether anybody is there.
    if (call.data.events.length === 0) return { status: 200, reason: 'no events' };
    const reasons: string[] = [];
    for (const event of call.data.events) reasons.push(await this.event(event, request));
    return { status: 200, reason: reasons.find((reason) => reason === 'accepted') ?? reasons[0] ?? '' };
  }

  private async event(event: LineEvent, { receivedAt, firstTime }: WebhookRequest): Promise<string> {
    if (!isFresh(event.timestamp, receivedAt)) return 'timestamp';
    if (!firstTime(`event ${event.webhookEventId}`, REMEMBER_MS)) return 'replay';
    return (await this.take(event)) ?? 'accepted';
  }

  /** Why the request is not LINE's. */
  private async unproved({ headers, body }: WebhookRequest): Promise<string | undefined> {
    const signature = headers['x-line-signature'];
    if (signature === undefined) return 'no signature';
    const secret = await this.context.secret('channelSecret');
    // Law 4: an empty secret would sign what anybody sends.
    if (!secret) return 'no secret';
    return sameText(signature, hmacSha256(secret, [body], 'base64')) ? undefined : 'signature';
  }
}
