import { importPKCS8, SignJWT } from 'jose';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import { type GooglechatSettings, serviceAccountKey } from './descriptor';
import { SCOPE } from './rules';

export const PLATFORM = 'Google Chat';
/** A token is renewed so long before it ends, in milliseconds. */
const RESERVE_MS = 300_000;

const tokenAnswer = z.looseObject({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const refusal = z.looseObject({ error: z.string().default('') });
const info = z.looseObject({ scope: z.string().default('') });
const problem = z.looseObject({ error: z.looseObject({ status: z.string().default('') }).nullish() });

/** The Chat API, and the tokens for it. The key is read when a token is asked for. */
export class GooglechatClient {
  private token: { readonly value: string; readonly until: number } | undefined;
  private limited = 0;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: GooglechatSettings,
  ) {}

  /** The name of the service account. @throws ChannelError `fatal` when Google refuses its key */
  async prove(): Promise<{ readonly email: string; readonly scopes: readonly string[] }> {
    const { client_email: email } = await this.key();
    const token = await this.accessToken();
    const address = new URL(`${this.settings.tokenUrl}/tokeninfo`);
    const response = await callPlatform(
      this.context,
      address,
      { method: 'POST', body: new URLSearchParams({ access_token: token }) },
      { platform: PLATFORM },
    );
    const { scope } = info.catch({ scope: '' }).parse(await jsonOf(response, 100_000));
    return { email, scopes: scope.split(' ').filter((one) => one !== '') };
  }

  /** @throws ChannelError */
  async call(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<unknown> {
    let response = await this.request(method, path, body);
    if (response.status === 401) {
      // The token was revoked before its time; a new one says whether the key still is good.
      this.token = undefined;
      response = await this.request(method, path, body);
    }
    const answer = await jsonOf(response, 1_000_000);
    if (response.ok) return answer;
    const status = problem.catch({ error: null }).parse(answer).error?.status ?? '';
    if (response.status === 401) {
      throw new ChannelError('fatal', 'Google Chat does not take the tokens of this service account.');
    }
    const why =
      response.status === 403 || response.status === 404 ? ' The app is not in that space any more.' : '';
    throw new ChannelError(
      'refused',
      `Google Chat did not take the message (${response.status}${status ? `, ${status.slice(0, 60)}` : ''}).${why}`,
    );
  }

  private async request(method: string, path: string, body: unknown): Promise<Response> {
    const headers = {
      authorization: `Bearer ${await this.accessToken()}`,
      'content-type': 'application/json',
    };
    const init = { method, headers, body: JSON.stringify(body) };
    try {
      return await callPlatform(this.context, `${this.settings.chatUrl}/v1/${path}`, init, {
        platform: PLATFORM,
      });
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'rate-limited') {
        this.limited += 1;
        this.context.report({ limited: this.limited });
      }
      throw error;
    }
  }

  private async key(): Promise<z.output<typeof serviceAccountKey>> {
    const text = await this.context.secret('serviceAccount');
    try {
      return serviceAccountKey.parse(JSON.parse(text ?? ''));
    } catch {
      throw new ChannelError(
        'fatal',
        'Google Chat has no usable service account key. Enter it with “Enter Token…” in the Channels view.',
      );
    }
  }

  /** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
  private async accessToken(): Promise<string> {
    const now = this.context.clock.now();
    if (this.token && this.token.until > now) return this.token.value;
    const address = `${this.settings.tokenUrl}/token`;
    const assertion = await this.assertion(address);
    const response = await callPlatform(
      this.context,
      address,
      {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
      },
      { platform: PLATFORM },
    );
    const answer = await jsonOf(response, 100_000);
    const parsed = tokenAnswer.safeParse(answer);
    if (!response.ok || !parsed.success) {
      const { error } = refusal.catch({ error: '' }).parse(answer);
      throw new ChannelError(
        'fatal',
        `Google refused the service account key${error ? ` (${error.slice(0, 60)})` : ''}: it was deleted, or belongs to another account. Make a new key and enter it again.`,
      );
    }
    this.token = {
      value: parsed.data.access_token,
      until: now + Math.max(0, parsed.data.expires_in * 1000 - RESERVE_MS),
    };
    return this.token.value;
  }

  private async assertion(address: string): Promise<string> {
    const { client_email: email, private_key: pem, private_key_id: kid } = await this.key();
    const key = await importPKCS8(pem, 'RS256').catch(() => {
      throw new ChannelError(
        'fatal',
        'The private key in the service account key is damaged. Enter it again.',
      );
    });
    // Google compares with its own clock, so it is this machine's and not the channel's.
    return new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(kid ? { kid } : {}) })
      .setIssuer(email)
      .setAudience(address)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key);
  }
}
