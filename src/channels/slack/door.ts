import { type AdapterContext, ChannelError } from '../contract';
import { Doorway, reachHint } from '../doorway';
import type { Receiver } from '../reception';
import { hmacSha256, sameText } from '../signature';
import type { WebhookAnswer, WebhookRequest } from '../webhook-contract';
import type { Envelope } from './envelope';

/**
 * How far the time of a request may be from ours, in milliseconds, before or after.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
const WINDOW_MS = 300_000;
/** A signature that is older than the window is refused by its time, so it need not be remembered for longer. */
const REMEMBER_MS = 2 * WINDOW_MS + 60_000;
const EVENTS = 'application/json';
const PRESSES = 'application/x-www-form-urlencoded';
/** Characters of a challenge that is sent back. */
const CHALLENGE_CAP = 500;

/**
 * Slack's HTTP mode: Slack calls, and each call is proved by its signature before anything of it is read. It is
 * answered once the event is on the record, so Slack repeats what could not be recorded.
 */
export class SlackDoor implements Receiver {
  private readonly doorway: Doorway;

  constructor(
    private readonly context: AdapterContext,
    /** Resolves with why the event was left alone, or with undefined when it was taken. */
    private readonly take: (envelope: Envelope) => Promise<string | undefined>,
    onlineDetail: string,
  ) {
    this.doorway = new Doorway(
      context,
      { methods: ['POST'], contentTypes: [EVENTS, PRESSES] },
      (request) => this.answer(request),
      async (door) => context.state('online', `${onlineDetail}${reachHint(door, 'Slack')}`),
    );
  }

  async start(): Promise<void> {
    if ((await this.context.secret('signingSecret')) === undefined) {
      throw new ChannelError(
        'fatal',
        'Slack has no usable signing secret. Enter the one of your app under Basic Information, with “Enter Token…” in the Channels view.',
      );
    }
    await this.doorway.start();
  }

  stop(): Promise<void> {
    return this.doorway.stop();
  }

  private async answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const refusal = await this.unproved(request);
    if (refusal) return { status: 401, reason: refusal };
    // Slack signs each of its own repetitions anew, so the same signature is somebody else's, or a doubled line.
    if (!request.firstTime(request.headers['x-slack-signature'] ?? '', REMEMBER_MS))
      return { status: 200, reason: 'replay' };
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    const body = readBody(request.body, type === PRESSES);
    if (body === undefined) return { status: 400, reason: 'not understood' };
    const challenge = challengeOf(body);
    if (challenge !== undefined) return { status: 200, body: challenge, reason: 'challenge' };
    const left = await this.take({ type: type === PRESSES ? 'interactive' : 'events_api', body });
    return { status: 200, reason: left ?? 'accepted' };
  }

  /** Why the request is not Slack's, or not of now. */
  private async unproved({ headers, body, receivedAt }: WebhookRequest): Promise<string | undefined> {
    const signature = headers['x-slack-signature'];
    const stamp = headers['x-slack-request-timestamp'];
    if (signature === undefined || stamp === undefined) return 'no signature';
    if (!/^\d{1,12}$/.test(stamp)) return 'timestamp';
    if (Math.abs(receivedAt - Number(stamp) * 1000) > WINDOW_MS) return 'timestamp';
    const secret = await this.context.secret('signingSecret');
    // Law 4: an empty secret would sign what anybody sends.
    if (!secret) return 'no secret';
    const wanted = `v0=${hmacSha256(secret, [`v0:${stamp}:`, body], 'hex')}`;
    return sameText(signature, wanted) ? undefined : 'signature';
  }
}

function readBody(bytes: Uint8Array, form: boolean): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const body: unknown = JSON.parse(form ? (new URLSearchParams(text).get('payload') ?? '') : text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

/** Slack asks once whether the address is ours: https://docs.slack.dev/reference/events/url_verification */
function challengeOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('type' in body) || body.type !== 'url_verification')
    return undefined;
  const challenge = 'challenge' in body ? body.challenge : undefined;
  return typeof challenge === 'string' ? challenge.slice(0, CHALLENGE_CAP) : '';
}
