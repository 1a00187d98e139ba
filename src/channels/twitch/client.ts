import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import { DEFAULT_API, isToken, type TwitchSettings } from './descriptor';

export const PLATFORM = 'Twitch';

/** https://dev.twitch.tv/docs/authentication/validate-tokens/ */
const validated = z.looseObject({
  client_id: z.string(),
  login: z.string(),
  user_id: z.string().min(1),
  scopes: z.array(z.string()).nullish(),
  expires_in: z.number().default(0),
});
export type TwitchIdentity = z.output<typeof validated>;

/** https://dev.twitch.tv/docs/authentication/refresh-tokens/ */
const renewed = z.looseObject({ access_token: z.string().refine(isToken), refresh_token: z.string().min(1) });
const refusal = z.looseObject({ message: z.string().default('') });

const GONE =
  'Twitch no longer takes the tokens: they have expired, were revoked, or the password was changed. Get new ones for the bot’s account and enter them again.';

export interface HelixCall {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Helix and the log-in. Tokens are put in when a request is sent, and renewed when Twitch no longer takes them. */
export class TwitchClient {
  private renewing: Promise<void> | undefined;
  /** By the channel's clock: nothing is sent before, because Twitch said that it would be refused. */
  private notBefore = 0;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: TwitchSettings,
  ) {}

  get apiRoot(): string {
    return this.settings.apiRoot;
  }

  /** `id.twitch.tv`; that of a test's own server is at the host of its API. */
  private get loginRoot(): string {
    return this.apiRoot === DEFAULT_API ? 'https://id.twitch.tv' : new URL(this.apiRoot).origin;
  }

  /** Whose token it is, and what it may do. `renew`: a token that has run out is renewed first. @throws ChannelError */
  async validate(renew: boolean, signal?: AbortSignal): Promise<TwitchIdentity> {
    for (let turn = 0; ; turn += 1) {
      const token = await this.secret('accessToken');
      const response = await this.send(
        `${this.loginRoot}/oauth2/validate`,
        { headers: { authorization: `OAuth ${token}` } },
        signal,
      );
      if (response.ok) {
        const parsed = validated.safeParse(await jsonOf(response, 100_000));
        if (parsed.success) return parsed.data;
        throw new ChannelError(
          'temporary',
          'What answers at the address of Twitch is not Twitch. It is tried again.',
        );
      }
      if (response.status !== 401) throw await refused(response);
      if (!renew || turn > 0) throw new ChannelError('fatal', GONE);
      await this.renew(token, signal);
    }
  }

  /** The answer as JSON; undefined where there is none. @throws ChannelError */
  async call(method: string, path: string, { query = {}, body, signal }: HelixCall = {}): Promise<unknown> {
    const wait = this.notBefore - this.context.clock.now();
    if (wait > 0)
      throw new ChannelError('rate-limited', `Twitch asks to wait ${Math.ceil(wait / 1000)} s.`, wait);
    const url = new URL(`${this.apiRoot}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    for (let turn = 0; ; turn += 1) {
      const token = await this.secret('accessToken');
      const response = await this.send(
        url,
        {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            'client-id': this.settings.clientId,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        },
        signal,
      );
      this.learn(response.headers);
      if (response.ok) return jsonOf(response);
      if (response.status !== 401 || !(await speaksOfToken(response))) throw await refused(response);
      if (turn > 0) throw new ChannelError('fatal', GONE);
      await this.renew(token, signal);
    }
  }

  /** Gets new tokens in place of `token`, once for all who ask at the same time. @throws ChannelError */
  async renew(token: string, signal?: AbortSignal): Promise<void> {
    // Somebody else was faster.
    if ((await this.context.secret('accessToken')) !== token) return;
    this.renewing ??= this.exchange(signal).finally(() => {
      this.renewing = undefined;
    });
    await this.renewing;
  }

  async secret(name: 'accessToken' | 'refreshToken'): Promise<string> {
    const token = await this.context.secret(name);
    if (token && isToken(token)) return token;
    throw new ChannelError(
      'fatal',
      `Twitch has no usable ${name === 'accessToken' ? 'access' : 'refresh'} token. Enter it with “Enter Token…” in the Channels view.`,
    );
  }

  private async exchange(signal?: AbortSignal): Promise<void> {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: await this.secret('refreshToken'),
      client_id: this.settings.clientId,
    });
    if (this.settings.clientType === 'confidential')
      form.set('client_secret', (await this.context.secret('clientSecret')) ?? '');
    const response = await this.send(
      `${this.loginRoot}/oauth2/token`,
      { method: 'POST', body: form },
      signal,
    );
    if (response.status === 400 || response.status === 401 || response.status === 403) {
      await response.body?.cancel();
      throw new ChannelError('fatal', GONE);
    }
    const parsed = renewed.safeParse(await jsonOf(response, 100_000));
    if (!parsed.success)
      throw new ChannelError('temporary', 'Twitch did not renew the token. It is tried again.');
    // The one of before is used up, so the new one must not be lost.
    await this.context.renewSecret('refreshToken', parsed.data.refresh_token);
    await this.context.renewSecret('accessToken', parsed.data.access_token);
  }

  private async send(address: string | URL, init: RequestInit, signal?: AbortSignal): Promise<Response> {
    try {
      return await callPlatform(this.context, address, init, {
        platform: PLATFORM,
        waitOf: async ({ headers }) => untilReset(headers),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'rate-limited')
        this.notBefore = this.context.clock.now() + (error.retryAfterMs ?? 0);
      throw error;
    }
  }

  private learn(headers: Headers): void {
    const left = headers.get('ratelimit-remaining');
    if (left === null || !/^\d+$/.test(left)) return;
    this.context.report({ callsLeft: Number(left) });
    if (left === '0') this.notBefore = this.context.clock.now() + (untilReset(headers) ?? 0);
  }
}

/**
 * Milliseconds until the bucket is full again: `Ratelimit-Reset` is a second since the epoch by the server's clock, so
 * it is compared with the server's own date. https://dev.twitch.tv/docs/api/guide/#twitch-rate-limits
 */
export function untilReset(headers: Headers): number | undefined {
  const reset = Number(headers.get('ratelimit-reset') ?? Number.NaN);
  if (!Number.isFinite(reset)) return undefined;
  const date = Date.parse(headers.get('date') ?? '');
  const wait = reset * 1_000 - (Number.isNaN(date) ? Date.now() : date);
  return Math.min(Math.max(wait, 0), 60_000);
}

/** Twitch also answers 401 when a whisper may not be sent; only the token is to be renewed for. */
async function speaksOfToken(response: Response): Promise<boolean> {
  const { message } = refusal.catch({ message: '' }).parse(await jsonOf(response.clone(), 100_000));
  return /token/i.test(message);
}

async function refused(response: Response): Promise<ChannelError> {
  const { message } = refusal.catch({ message: '' }).parse(await jsonOf(response, 100_000));
  return new ChannelError(
    'refused',
    `Twitch did not take it (${response.status})${message ? `: ${message.slice(0, 200)}` : ''}.`,
  );
}
