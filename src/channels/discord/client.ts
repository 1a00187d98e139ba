import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import { isToken } from './descriptor';

export const PLATFORM = 'Discord';
/** Discord refuses requests without one of this form. https://docs.discord.com/developers/reference#user-agent */
const USER_AGENT = 'DiscordBot (https://marketplace.visualstudio.com/items?itemName=cowork-os.cowork-os, 1)';
/** Kinds of requests whose waits are remembered. */
const REMEMBERED = 500;

/** https://docs.discord.com/developers/topics/opcodes-and-status-codes#json */
const refusal = z.looseObject({ code: z.number().default(0), message: z.string().default('') });

export interface DiscordCall {
  readonly body?: unknown;
  /** A file beside the body. */
  readonly file?: { readonly name: string; readonly mediaType: string; readonly bytes: Uint8Array };
  readonly signal?: AbortSignal;
}

/**
 * The REST API. The token is put in when a request is sent. A kind of request that Discord’s headers say would be
 * refused is not sent before its time. https://docs.discord.com/developers/topics/rate-limits
 */
export class DiscordClient {
  /** By kind of request: the moment, by the channel's clock, before which none is sent. */
  private readonly notBefore = new Map<string, number>();
  private allNotBefore = 0;

  constructor(
    private readonly context: AdapterContext,
    readonly apiRoot: string,
  ) {}

  /** @throws ChannelError `fatal` when there is none */
  async token(): Promise<string> {
    const token = await this.context.secret('token');
    if (token && isToken(token)) return token;
    throw new ChannelError(
      'fatal',
      'Discord has no usable bot token. Enter it with “Enter Token…” in the Channels view.',
    );
  }

  /**
   * The answer as JSON; undefined where there is none.
   * @throws ChannelError `fatal` when the token is refused, `refused` for what else is not taken
   */
  async call(method: string, path: string, { body, file, signal }: DiscordCall = {}): Promise<unknown> {
    const route = `${method} ${path.replace(/\?.*$/, '').replace(/\/messages\/\d+$/, '/messages/id')}`;
    this.checkTime(route);
    const headers: Record<string, string> = {
      authorization: `Bot ${await this.token()}`,
      'user-agent': USER_AGENT,
    };
    const init: RequestInit = { method, headers };
    if (file) init.body = multipart(body, file);
    else if (body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    const response = await callPlatform(this.context, `${this.apiRoot}${path}`, init, {
      platform: PLATFORM,
      ...(signal ? { signal } : {}),
    }).catch((error: unknown) => {
      // Whether it was this kind alone is in the headers, which are gone; waiting with all of them is the safe side.
      if (error instanceof ChannelError && error.kind === 'rate-limited')
        this.allNotBefore = this.context.clock.now() + (error.retryAfterMs ?? 0);
      throw error;
    });
    this.learn(route, response.headers);
    if (response.ok) return jsonOf(response);
    const { code, message } = refusal.catch({ code: 0, message: '' }).parse(await jsonOf(response, 100_000));
    if (response.status === 401) {
      throw new ChannelError(
        'fatal',
        'Discord refused the bot token: it is wrong, or was reset. Make a new one with Reset Token on the page Bot and enter it again.',
      );
    }
    throw new ChannelError(
      'refused',
      `Discord did not take it (${response.status}${code ? `, ${code}` : ''})${message ? `: ${message.slice(0, 200)}` : ''}.`,
    );
  }

  private checkTime(route: string): void {
    const wait = Math.max(this.allNotBefore, this.notBefore.get(route) ?? 0) - this.context.clock.now();
    if (wait > 0)
      throw new ChannelError('rate-limited', `Discord asks to wait ${Math.ceil(wait / 1000)} s.`, wait);
    this.notBefore.delete(route);
  }

  private learn(route: string, headers: Headers): void {
    if (headers.get('x-ratelimit-remaining') !== '0') return;
    const seconds = Number(headers.get('x-ratelimit-reset-after'));
    if (!(seconds > 0)) return;
    this.notBefore.set(route, this.context.clock.now() + seconds * 1_000);
    if (this.notBefore.size <= REMEMBERED) return;
    for (const oldest of this.notBefore.keys()) {
      this.notBefore.delete(oldest);
      return;
    }
  }
}

/** https://docs.discord.com/developers/reference#uploading-files */
function multipart(body: unknown, { name, mediaType, bytes }: NonNullable<DiscordCall['file']>): FormData {
  const form = new FormData();
  form.set('payload_json', JSON.stringify(body));
  form.set('files[0]', new Blob([Uint8Array.from(bytes)], { type: mediaType }), name);
  return form;
}
