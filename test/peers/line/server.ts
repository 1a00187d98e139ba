import type { webhook } from '@line/bot-sdk';
import { z } from 'zod';
import type { PeerTrouble } from '../http-peer';
import { type PeerAnswer, type PeerCall, RestPeer } from '../rest-peer';

/**
 * The Messaging API of LINE as far as an account uses it, refusing what it refuses. Written from
 *   https://developers.line.biz/en/reference/messaging-api/           requests, their fields and limits, errors
 *   https://developers.line.biz/en/docs/messaging-api/retrying-api-request/     retry keys and their 409
 *   https://developers.line.biz/en/docs/messaging-api/sending-messages/         reply tokens: once, within a minute
 *   https://developers.line.biz/en/docs/messaging-api/get-quote-tokens/         quoting
 *   https://developers.line.biz/en/docs/messaging-api/receiving-messages/       redelivery
 * and the events from the types of LINE's own SDK.
 */
export const ACCESS_TOKEN = `${'Tok3n/+'.repeat(24)}=`;
export const CHANNEL_SECRET = '8c570fa6dd201bb328f1c1eac23a96d8';
export const BOT = {
  userId: `U${'b0'.repeat(16)}`,
  basicId: '@216ru123',
  displayName: 'Work bot',
  chatMode: 'bot',
  markAsReadMode: 'auto',
};

export interface LineSent {
  readonly id: string;
  readonly to: string;
  readonly by: 'reply' | 'push';
  readonly text: string;
  readonly quotes: string | undefined;
  readonly buttons: readonly { label: string; data: string }[];
}

const postback = z.strictObject({
  type: z.literal('postback'),
  label: z.string().min(1).max(20),
  data: z.string().min(1).max(300),
  displayText: z.string().max(300).optional(),
});
const textMessage = z.strictObject({
  type: z.literal('text'),
  text: z.string().min(1).max(5_000),
  quoteToken: z.string().optional(),
  quickReply: z
    .strictObject({
      items: z
        .array(z.strictObject({ type: z.literal('action'), action: postback }))
        .min(1)
        .max(13),
    })
    .optional(),
});
const messages = z.array(textMessage).min(1).max(5);
const replyBody = z.strictObject({ replyToken: z.string(), messages });
const pushBody = z.strictObject({ to: z.string(), messages });
const loadingBody = z.strictObject({
  chatId: z.string().regex(/^U[0-9a-f]{32}$/),
  loadingSeconds: z.number().int().min(5).max(60).multipleOf(5),
});
const endpointBody = z.strictObject({ endpoint: z.string().startsWith('https://').max(500) });
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Milliseconds that a reply token is good for. */
const TOKEN_MS = 60_000;

type Texts = z.output<typeof messages>;

/** A distribution's union member without those of the base: what `say` and the like make. */
export type LineEvent = webhook.Event & { webhookEventId: string };

export class LineServer extends RestPeer {
  readonly sent: LineSent[] = [];
  readonly loaded: string[] = [];
  readonly files = new Map<string, Buffer>();
  token = ACCESS_TOKEN;
  bot: Record<string, unknown> = { ...BOT };
  /** People who are friends of the account, and rooms that it is in. */
  readonly known = new Set<string>();
  quota: Record<string, unknown> = { type: 'limited', value: 5_000 };
  usage = 0;
  endpoint = { endpoint: 'https://elsewhere.example/hook', active: true };
  /** Calls the account. Resolves with whether it was taken. */
  caller: (events: readonly LineEvent[]) => Promise<boolean> = async () => false;
  private readonly replyTokens = new Map<string, { to: string; at: number }>();
  private readonly quoteTokens = new Map<string, { message: string; in: string }>();
  private readonly retryKeys = new Map<string, { what: string; answer: unknown }>();
  /** Ids are given once, also by the next server of a test. */
  private count = Date.now() % 1_000_000_000;

  /** An id of LINE's: numbers that grow. */
  newId(): string {
    this.count += 1;
    return `4689${String(10_000_000_000 + this.count)}`;
  }

  newToken(to: string): string {
    this.count += 1;
    const token = `nHuyWiB7yP5Zw52FIkcQobQuGDXC${this.count}`;
    this.replyTokens.set(token, { to, at: Date.now() });
    return token;
  }

  quoteTokenOf(message: string, place: string): string {
    const token = `q3Plxr4AgKd_${message}`;
    this.quoteTokens.set(token, { message, in: place });
    return token;
  }

  /** Tells the account, again and again until it takes it. */
  tell(event: LineEvent): void {
    this.deliver((repetition) =>
      this.caller([{ ...event, deliveryContext: { isRedelivery: repetition > 0 } } as LineEvent]),
    );
  }

  protected sends({ path }: PeerCall): boolean {
    return path.endsWith('/push') || path.endsWith('/reply');
  }

  protected refusal(trouble: Exclude<PeerTrouble, 'down'>): PeerAnswer {
    if (trouble === 'error') return { status: 500, json: { message: 'Internal server error' } };
    if (trouble === 'rate-limit')
      return {
        status: 429,
        json: { message: 'The API rate limit has been exceeded. Try again later.' },
      };
    return {
      status: 401,
      json: {
        message: 'Authentication failed. Confirm that the access token in the authorization header is valid.',
      },
    };
  }

  protected answer(call: PeerCall): PeerAnswer {
    const { method, path, headers } = call;
    if (headers.authorization !== `Bearer ${this.token}`) return this.refusal('revoked');
    switch (`${method} ${path}`) {
      case 'GET v2/bot/info':
        return { status: 200, json: this.bot };
      case 'GET v2/bot/message/quota':
        return { status: 200, json: this.quota };
      case 'GET v2/bot/message/quota/consumption':
        return { status: 200, json: { totalUsage: this.usage } };
      case 'GET v2/bot/channel/webhook/endpoint':
        return { status: 200, json: this.endpoint };
      case 'PUT v2/bot/channel/webhook/endpoint':
        return this.parsed(call, endpointBody, ({ endpoint }) => {
          this.endpoint = { ...this.endpoint, endpoint };
          return { status: 200, json: {} };
        });
      case 'POST v2/bot/chat/loading/start':
        return this.parsed(call, loadingBody, ({ chatId }) => {
          this.loaded.push(chatId);
          return { status: 202, json: {} };
        });
      case 'POST v2/bot/message/reply':
        return this.parsed(call, replyBody, (body) => this.reply(body.replyToken, body.messages));
      case 'POST v2/bot/message/push':
        return this.parsed(call, pushBody, (body) => this.push(body.to, body.messages, call));
    }
    const [, id] = /^v2\/bot\/message\/(\d+)\/content$/.exec(path) ?? [];
    const file = method === 'GET' && id !== undefined ? this.files.get(id) : undefined;
    if (file) return { status: 200, bytes: file };
    if (id === undefined) this.problems.push(`${method} ${path} is no call that an account makes`);
    return { status: 404, json: { message: 'Not found' } };
  }

  private parsed<T>(
    { path, headers, body }: PeerCall,
    schema: z.ZodType<T>,
    run: (value: T) => PeerAnswer,
  ): PeerAnswer {
    if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
      return { status: 415, json: { message: 'Unsupported Media Type' } };
    const parsed = schema.safeParse(JSON.parse(body.toString('utf8')));
    if (parsed.success) return run(parsed.data);
    this.problems.push(`${path}: ${parsed.error.message.slice(0, 200)}`);
    return { status: 400, json: { message: `The request body has ${parsed.error.issues.length} error(s)` } };
  }

  private reply(token: string, texts: Texts): PeerAnswer {
    const known = this.replyTokens.get(token);
    this.replyTokens.delete(token);
    if (!known || Date.now() - known.at > TOKEN_MS / this.speed)
      return { status: 400, json: { message: 'Invalid reply token' } };
    return this.taken(known.to, texts, 'reply');
  }

  private push(to: string, texts: Texts, { headers, body }: PeerCall): PeerAnswer {
    const key = String(headers['x-line-retry-key'] ?? '');
    if (!UUID.test(key)) {
      this.problems.push('a push without a retry key');
      return { status: 400, json: { message: 'Invalid retry key' } };
    }
    const before = this.retryKeys.get(key);
    const what = body.toString('utf8');
    if (before) {
      if (before.what !== what) this.problems.push('one retry key for two messages');
      return {
        status: 409,
        json: { message: 'The retry key is already accepted', ...(before.answer as object) },
      };
    }
    if (!this.known.has(to)) return { status: 400, json: { message: 'Failed to send messages' } };
    if (this.quota.type === 'limited' && this.usage + texts.length > Number(this.quota.value))
      return { status: 429, json: { message: 'You have reached your monthly limit.' } };
    this.usage += texts.length;
    const answer = this.taken(to, texts, 'push');
    if (answer.status === 200) this.retryKeys.set(key, { what, answer: answer.json });
    return answer;
  }

  private taken(to: string, texts: Texts, by: LineSent['by']): PeerAnswer {
    const quotes = texts.map(({ quoteToken }) =>
      quoteToken === undefined ? undefined : this.quoteTokens.get(quoteToken),
    );
    if (texts.some(({ quoteToken }, at) => quoteToken !== undefined && quotes[at]?.in !== to)) {
      this.problems.push('a quote of another chat');
      return { status: 400, json: { message: 'Invalid quote token' } };
    }
    const ids = texts.map(() => this.newId());
    for (const [at, { text, quickReply }] of texts.entries()) {
      this.sent.push({
        id: ids[at] ?? '',
        to,
        by,
        text,
        quotes: quotes[at]?.message,
        buttons: (quickReply?.items ?? []).map(({ action: { label, data } }) => ({ label, data })),
      });
    }
    const sentMessages = ids.map((id) => ({ id, quoteToken: this.quoteTokenOf(id, to) }));
    return { status: 200, json: { sentMessages }, took: true };
  }
}
