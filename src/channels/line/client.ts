import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import { dataRoot } from './descriptor';

export const PLATFORM = 'LINE';

/** https://developers.line.biz/en/reference/messaging-api/#get-bot-info */
const botInfo = z.looseObject({
  userId: z.string().regex(/^U[0-9a-f]{32}$/),
  basicId: z.string().default(''),
  displayName: z.string().default(''),
});
export type LineBot = z.output<typeof botInfo>;

/** https://developers.line.biz/en/reference/messaging-api/#error-responses */
const refusal = z.looseObject({ message: z.string().default('') }).catch({ message: '' });
/** https://developers.line.biz/en/reference/messaging-api/#send-push-message-response */
const sentMessages = z.looseObject({ sentMessages: z.array(z.looseObject({ id: z.string() })) });
const quota = z.looseObject({ type: z.string(), value: z.number().optional() });
const consumption = z.looseObject({ totalUsage: z.number() });
const endpoint = z.looseObject({ endpoint: z.string().default(''), active: z.boolean().default(false) });

/** One text, as much of it as is used: https://developers.line.biz/en/reference/messaging-api/#text-message */
export interface LineText {
  readonly type: 'text';
  readonly text: string;
  readonly quoteToken?: string;
  readonly quickReply?: {
    readonly items: readonly {
      readonly type: 'action';
      readonly action: {
        readonly type: 'postback';
        readonly label: string;
        readonly data: string;
        readonly displayText: string;
      };
    }[];
  };
}

/** The Messaging API. The token is put in when a request is sent. */
export class LineClient {
  constructor(
    private readonly context: AdapterContext,
    private readonly root: string,
  ) {}

  async bot(signal?: AbortSignal): Promise<LineBot> {
    const parsed = botInfo.safeParse(await this.json('GET', 'v2/bot/info', signal ? { signal } : {}));
    if (parsed.success) return parsed.data;
    throw new ChannelError('temporary', 'LINE did not say which account this is. It is tried again.');
  }

  /** The ids of what was sent. @throws ChannelError; see `isUsedToken` */
  async reply(replyToken: string, messages: readonly LineText[]): Promise<readonly string[]> {
    return idsOf(await this.json('POST', 'v2/bot/message/reply', { body: { replyToken, messages } }));
  }

  /** As often as it is called with one key, LINE delivers once. @throws ChannelError */
  async push(to: string, messages: readonly LineText[], retryKey: string): Promise<readonly string[]> {
    const options = { body: { to, messages }, retryKey };
    return idsOf(await this.json('POST', 'v2/bot/message/push', options));
  }

  /** Shows that an answer comes, for so many seconds or until it does. */
  async loading(chatId: string, loadingSeconds: number): Promise<void> {
    await this.json('POST', 'v2/bot/chat/loading/start', { body: { chatId, loadingSeconds } });
  }

  /** Messages of this month; `limit` is absent when there is none. */
  async quota(): Promise<{ limit?: number; used: number } | undefined> {
    const limit = quota.safeParse(await this.json('GET', 'v2/bot/message/quota'));
    const used = consumption.safeParse(await this.json('GET', 'v2/bot/message/quota/consumption'));
    if (!limit.success || !used.success) return undefined;
    const { type, value } = limit.data;
    return {
      used: used.data.totalUsage,
      ...(type === 'limited' && value !== undefined ? { limit: value } : {}),
    };
  }

  /** The address that LINE calls, and whether it does. */
  async endpoint(): Promise<{ url: string; active: boolean }> {
    const parsed = endpoint.safeParse(await this.json('GET', 'v2/bot/channel/webhook/endpoint'));
    return parsed.success
      ? { url: parsed.data.endpoint, active: parsed.data.active }
      : { url: '', active: false };
  }

  async setEndpoint(url: string): Promise<void> {
    await this.json('PUT', 'v2/bot/channel/webhook/endpoint', { body: { endpoint: url } });
  }

  content(messageId: string): Promise<Response> {
    const path = `v2/bot/message/${encodeURIComponent(messageId)}/content`;
    return this.call('GET', `${dataRoot(this.root)}/${path}`, {});
  }

  private async json(method: string, path: string, options: CallOptions = {}): Promise<unknown> {
    const response = await this.call(method, `${this.root}/${path}`, options);
    if (response.ok || response.status === 409) return jsonOf(response);
    const { message } = refusal.parse(await jsonOf(response, 100_000));
    if (response.status === 401) {
      throw new ChannelError(
        'fatal',
        'LINE refused the channel access token: it is wrong, has expired or was revoked. Issue a new one in the LINE Developers Console and enter it again.',
      );
    }
    if (response.status === 400 && /invalid reply token/i.test(message)) throw new UsedToken();
    const said = message ? `: ${message.slice(0, 200)}` : '';
    throw new ChannelError('refused', `LINE did not take it (${response.status})${said}.`);
  }

  private async call(
    method: string,
    address: string,
    { body, retryKey, signal }: CallOptions,
  ): Promise<Response> {
    const token = await this.context.secret('accessToken');
    if (!token) {
      throw new ChannelError(
        'fatal',
        'LINE has no channel access token. Enter it with “Enter Token…” in the Channels view.',
      );
    }
    return callPlatform(
      this.context,
      address,
      {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(retryKey === undefined ? {} : { 'x-line-retry-key': retryKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      { platform: PLATFORM, tooMany: monthlyLimit, ...(signal ? { signal } : {}) },
    );
  }
}

interface CallOptions {
  readonly body?: unknown;
  readonly retryKey?: string;
  readonly signal?: AbortSignal;
}

/** The reply token was used, is too old, or never was one. */
class UsedToken extends ChannelError {
  constructor() {
    super('refused', 'LINE does not take the reply token any more.');
  }
}

export function isUsedToken(error: unknown): boolean {
  return error instanceof UsedToken;
}

/** No waiting helps against the limit of the plan. */
async function monthlyLimit(response: Response): Promise<ChannelError | undefined> {
  const { message } = refusal.parse(await jsonOf(response, 100_000));
  return /monthly limit/i.test(message)
    ? new ChannelError(
        'refused',
        'LINE did not deliver the message: the messages of this month are used up. Choose another plan in LINE Official Account Manager, or wait for the next month.',
      )
    : undefined;
}

/** LINE numbers what it sent, also when it answers that it did so before. */
function idsOf(answer: unknown): readonly string[] {
  const parsed = sentMessages.safeParse(answer);
  return parsed.success ? parsed.data.sentMessages.map(({ id }) => id) : [];
}
