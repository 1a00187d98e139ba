import { Api, GrammyError, HttpError } from 'grammy/web';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { jsonOf, systemCode } from '../http';

/**
 * Stands where grammy wants the token. The real one is put into the address at the moment of each request, below
 * grammy, so no object, error or log of its ever holds it.
 */
const PLACEHOLDER = '0:token';
const TOKEN_FORM = /^\d{1,16}:[A-Za-z0-9_-]{1,128}$/;

/** What an answer might quote of an address. */
const TOKEN_LIKE = /\d{5,}:[A-Za-z0-9_-]{20,}/g;

/** Seconds a call may take in all. Over the long-polling time, so that only a stalled connection meets it. */
const CALL_TIMEOUT_S = 60;

type Fetch = typeof fetch;

/** The Bot API at `apiRoot`, reached through the context's fetch and no other way. */
export function telegramApi(context: AdapterContext, apiRoot: string): Api {
  // grammy types `fetch` as node-fetch; its web build, which this is, calls the platform's.
  const transport: unknown = authorised(context);
  return new Api(PLACEHOLDER, {
    apiRoot,
    timeoutSeconds: CALL_TIMEOUT_S,
    sensitiveLogs: false,
    fetch: transport as NonNullable<NonNullable<ConstructorParameters<typeof Api>[1]>['fetch']>,
  });
}

/** The bytes at a `file_path` that `getFile` answered. The caller reads the body. @throws ChannelError */
export async function telegramFile(
  context: AdapterContext,
  apiRoot: string,
  path: string,
): Promise<Response> {
  if (!/^[\w./-]+$/.test(path) || path.includes('..')) {
    throw new ChannelError(
      'refused',
      'Telegram named a file in a way that is not understood, so it was not read.',
    );
  }
  try {
    return await authorised(context)(`${apiRoot}/file/bot${PLACEHOLDER}/${path}`, {});
  } catch (error) {
    throw toChannelError(error);
  }
}

export interface Document {
  readonly chat: string;
  readonly replyTo?: number;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

const sent = z.looseObject({ ok: z.literal(true), result: z.looseObject({ message_id: z.number().int() }) });
const refused = z.looseObject({
  ok: z.literal(false),
  error_code: z.number().int(),
  description: z.string(),
  parameters: z.looseObject({ retry_after: z.number().optional() }).optional(),
});

/**
 * Sends a file, which grammy would stream in a form of its own making. @returns Telegram's id of the message.
 * https://core.telegram.org/bots/api#senddocument
 * @throws ChannelError
 */
export async function sendDocument(
  context: AdapterContext,
  apiRoot: string,
  { chat, replyTo, name, mediaType, bytes }: Document,
): Promise<number> {
  const form = new FormData();
  form.set('chat_id', chat);
  if (replyTo !== undefined)
    form.set('reply_parameters', JSON.stringify({ message_id: replyTo, allow_sending_without_reply: true }));
  form.set('document', new Blob([Buffer.from(bytes)], { type: mediaType }), name);
  let answer: unknown;
  try {
    const address = `${apiRoot}/bot${PLACEHOLDER}/sendDocument`;
    const signal = AbortSignal.timeout(CALL_TIMEOUT_S * 1000);
    answer = await jsonOf(await authorised(context)(address, { method: 'POST', body: form, signal }));
  } catch (error) {
    throw toChannelError(error);
  }
  const taken = sent.safeParse(answer);
  if (taken.success) return taken.data.result.message_id;
  const refusal = refused.safeParse(answer);
  if (!refusal.success)
    throw new ChannelError('temporary', 'Telegram did not answer in its own protocol. It is tried again.');
  const { error_code, description, parameters } = refusal.data;
  throw fromAnswer({ error_code, description, retryAfter: parameters?.retry_after });
}

function authorised(context: AdapterContext): Fetch {
  return async (input, init) => {
    const token = await context.secret('botToken');
    if (token === undefined || !TOKEN_FORM.test(token)) {
      throw new ChannelError(
        'fatal',
        'Telegram has no usable bot token. Enter the one that @BotFather wrote, with “Enter Token…” in the Channels view.',
      );
    }
    const address = String(input).replace(`/bot${PLACEHOLDER}/`, () => `/bot${token}/`);
    let response: Response;
    try {
      response = await context.fetch(address, init);
    } catch (error) {
      // What fetch throws may quote the address, and with it the token.
      throw withoutAddress(error);
    }
    if (response.status >= 500 && !isJson(response)) {
      throw new ChannelError(
        'temporary',
        `Telegram answered with error ${response.status}. It is tried again.`,
      );
    }
    return response;
  };
}

function isJson(response: Response): boolean {
  return response.headers.get('content-type')?.includes('json') ?? false;
}

function withoutAddress(error: unknown): Error {
  if (error instanceof ChannelError) return error;
  if (error instanceof Error && error.name === 'AbortError') return new DOMException('stopped', 'AbortError');
  const code = systemCode(error);
  return new ChannelError(
    'temporary',
    `Telegram cannot be reached${code ? ` (${code})` : ''}. Check the network connection; it is tried again by itself.`,
  );
}

/**
 * Any failure of a call as the one error that adapters throw. Codes and their meaning:
 * https://core.telegram.org/bots/api#making-requests and https://core.telegram.org/api/errors
 */
export function toChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error;
  if (error instanceof GrammyError) {
    const { error_code, description, parameters } = error;
    return fromAnswer({ error_code, description, retryAfter: parameters.retry_after });
  }
  if (error instanceof HttpError) {
    if (error.error instanceof ChannelError) return error.error;
    return new ChannelError(
      'temporary',
      'Telegram did not answer in time, or not in its own protocol. It is tried again by itself.',
    );
  }
  return new ChannelError(
    'temporary',
    'The call to Telegram failed for an unknown reason. It is tried again.',
  );
}

function fromAnswer(error: {
  readonly error_code: number;
  readonly description: string;
  readonly retryAfter: number | undefined;
}): ChannelError {
  const said = error.description.slice(0, 200).replace(TOKEN_LIKE, '[token]');
  switch (error.error_code) {
    case 401:
    case 404:
      return new ChannelError(
        'fatal',
        'Telegram refused the bot token: it is wrong or was revoked. Ask @BotFather for the current one (/token) and enter it again.',
      );
    case 409:
      return new ChannelError(
        'fatal',
        said.includes('webhook')
          ? 'This bot has a webhook set, so its messages go elsewhere. Remove the webhook (deleteWebhook), or use a bot of its own, then connect again.'
          : 'Another program is receiving this bot’s messages right now. Stop it, or use a bot of its own, then connect again.',
      );
    case 429: {
      const seconds = error.retryAfter ?? 5;
      return new ChannelError('rate-limited', `Telegram asks to wait ${seconds} s.`, seconds * 1000);
    }
    case 403:
      return new ChannelError(
        'refused',
        `Telegram did not deliver the message: ${said}. The person has blocked the bot, or the bot was removed from the group.`,
      );
    default:
      if (error.error_code >= 500) {
        return new ChannelError(
          'temporary',
          `Telegram answered with error ${error.error_code}. It is tried again.`,
        );
      }
      return new ChannelError('refused', `Telegram did not take it: ${said}.`);
  }
}
