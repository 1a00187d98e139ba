import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';

export const PLATFORM = 'Mattermost';

/** https://api.mattermost.com/#tag/users/operation/GetUser */
const user = z.looseObject({
  id: z.string().min(1),
  username: z.string().default(''),
  is_bot: z.boolean().optional(),
  roles: z.string().default(''),
});
export type MattermostUser = z.output<typeof user>;

/** What every refusal looks like: https://api.mattermost.com/#tag/introduction */
const refusal = z.looseObject({ id: z.string().default(''), message: z.string().default('') });

/** Seconds that a server may make us wait by its headers; its limits are counted by the second. */
const LONGEST_WAIT_S = 60;

/** The REST API, version 4. The token is put in when a request is sent. */
export class MattermostClient {
  /** By the channel's clock: before this moment every call would be refused. */
  private notBefore = 0;

  constructor(
    private readonly context: AdapterContext,
    private readonly serverUrl: string,
  ) {}

  get socketUrl(): string {
    return `${this.serverUrl.replace(/^http/, 'ws')}/api/v4/websocket`;
  }

  async token(): Promise<string> {
    const token = await this.context.secret('token');
    if (token && /^[a-z0-9]{26}$/.test(token)) return token;
    throw new ChannelError(
      'fatal',
      'Mattermost has no usable access token. Enter it with “Enter Token…” in the Channels view.',
    );
  }

  async me(signal?: AbortSignal): Promise<MattermostUser> {
    const parsed = user.safeParse(await this.get('users/me', signal));
    if (parsed.success) return parsed.data;
    throw new ChannelError(
      'temporary',
      'What answers at the address of Mattermost is not Mattermost. Check “cowork.channels.mattermost.serverUrl”; it is tried again.',
    );
  }

  async get(path: string, signal?: AbortSignal): Promise<unknown> {
    return jsonOf(await this.call('GET', path, undefined, signal));
  }

  async send(method: 'POST' | 'PUT', path: string, body: unknown): Promise<unknown> {
    const init = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return jsonOf(await this.call(method, path, init));
  }

  /** @throws ChannelError `fatal` when the token is refused, `refused` for what else is not taken */
  async call(
    method: string,
    path: string,
    init: Pick<RequestInit, 'body'> & { headers?: Record<string, string> } = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const wait = this.notBefore - this.context.clock.now();
    if (wait > 0)
      throw new ChannelError('rate-limited', `Mattermost asks to wait ${Math.ceil(wait / 1000)} s.`, wait);
    const headers = { ...init.headers, authorization: `Bearer ${await this.token()}` };
    const response = await callPlatform(
      this.context,
      `${this.serverUrl}/api/v4/${path}`,
      { ...init, method, headers },
      { platform: PLATFORM, ...(signal ? { signal } : {}) },
    );
    this.learn(response.headers);
    if (response.ok) return response;
    const { id, message } = refusal.catch({ id: '', message: '' }).parse(await jsonOf(response, 100_000));
    if (response.status === 401) {
      throw new ChannelError(
        'fatal',
        'Mattermost refused the access token: it is wrong, was revoked, or its account was deactivated. Make a new one and enter it again.',
      );
    }
    throw new ChannelError(
      'refused',
      `Mattermost did not take it (${response.status}${id ? `, ${id.slice(0, 100)}` : ''})${message ? `: ${message.slice(0, 200)}` : ''}.`,
    );
  }

  /** A server that limits calls says how many are left. https://api.mattermost.com/#tag/rate-limiting */
  private learn(headers: Headers): void {
    const left = headers.get('x-ratelimit-remaining');
    if (left === null || !/^\d+$/.test(left)) return;
    this.context.report({ callsLeft: Number(left) });
    const seconds = Number(headers.get('x-ratelimit-reset'));
    if (left === '0' && seconds > 0)
      this.notBefore = this.context.clock.now() + Math.min(seconds, LONGEST_WAIT_S) * 1_000;
  }
}
