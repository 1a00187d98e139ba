import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import type { TeamsSettings } from './descriptor';

export const PLATFORM = 'Teams';

/** https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#step-1 */
const SCOPE = 'https://api.botframework.com/.default';
/** The directory that gives tokens to multi-tenant bots. */
const MULTI_TENANT = 'botframework.com';
/** A token is renewed so long before it ends, in milliseconds. */
const RESERVE_MS = 300_000;

const tokenAnswer = z.looseObject({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const refusal = z.looseObject({ error: z.string().default('') });
const problem = z.looseObject({
  error: z.looseObject({ code: z.string().default(''), message: z.string().default('') }).nullish(),
});

/** The connector's REST API, and the tokens for it. The app password is read when a token is asked for. */
export class TeamsClient {
  private token: { readonly value: string; readonly until: number } | undefined;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: TeamsSettings,
  ) {}

  /** @throws ChannelError `fatal` when Microsoft refuses the app or its password */
  async accessToken(): Promise<string> {
    const now = this.context.clock.now();
    if (this.token && this.token.until > now) return this.token.value;
    const password = await this.context.secret('appPassword');
    if (!password) {
      throw new ChannelError(
        'fatal',
        'Teams has no usable app password. Enter it with “Enter Token…” in the Channels view.',
      );
    }
    const { loginUrl, appId, tenantId } = this.settings;
    const response = await callPlatform(
      this.context,
      `${loginUrl}/${tenantId || MULTI_TENANT}/oauth2/v2.0/token`,
      {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: appId,
          client_secret: password,
          scope: SCOPE,
        }),
      },
      { platform: 'Microsoft' },
    );
    const answer = await jsonOf(response, 100_000);
    const parsed = tokenAnswer.safeParse(answer);
    if (!response.ok || !parsed.success) {
      const { error } = refusal.catch({ error: '' }).parse(answer);
      throw new ChannelError(
        'fatal',
        `Microsoft refused the app id or its password${error ? ` (${error.slice(0, 60)})` : ''}: it is wrong, has expired, or belongs to another tenant. Make a new client secret and enter its Value again.`,
      );
    }
    this.token = {
      value: parsed.data.access_token,
      until: now + Math.max(0, parsed.data.expires_in * 1000 - RESERVE_MS),
    };
    return this.token.value;
  }

  /** @throws ChannelError */
  async call(method: 'POST' | 'PUT', serviceUrl: string, path: string, body: unknown): Promise<unknown> {
    const request = async () =>
      callPlatform(
        this.context,
        `${serviceUrl.replace(/\/+$/, '')}/v3/${path}`,
        {
          method,
          headers: {
            authorization: `Bearer ${await this.accessToken()}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify(body),
        },
        { platform: PLATFORM },
      );
    let response = await request();
    if (response.status === 401) {
      // The token was revoked before its time; a new one says whether the password still is good.
      this.token = undefined;
      response = await request();
    }
    const answer = await jsonOf(response, 1_000_000);
    if (response.ok) return answer;
    const code = problem.catch({ error: null }).parse(answer).error?.code ?? '';
    if (response.status === 401) {
      throw new ChannelError('fatal', 'Teams does not take the bot’s tokens. Check appId and tenantId.');
    }
    const why =
      response.status === 403 || response.status === 404
        ? ' The bot is not in that conversation any more.'
        : '';
    throw new ChannelError(
      'refused',
      `Teams did not take the message (${response.status}${code ? `, ${code.slice(0, 60)}` : ''}).${why}`,
    );
  }
}
