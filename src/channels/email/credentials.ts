import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { type EmailSettings, tokenUrlOf } from './descriptor';
import { asTyped, isAppPassword } from './providers';

export type Login =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'oauth2'; readonly user: string; readonly accessToken: string };

const answerSchema = z.object({
  access_token: z.string().min(1).max(20_000),
  /** Seconds. */
  expires_in: z.coerce.number().positive().default(3_600),
  refresh_token: z.string().min(1).max(20_000).optional(),
});
const keptSchema = z.object({ token: z.string(), until: z.number() });

/** An access token is renewed this long before its end, so that it does not end on the way. */
const EARLY_MS = 60_000;
const ANSWER_CAP = 100_000;

/**
 * What to log in with. Secrets are read when a connection is opened; the access token of OAuth2, which is good for
 * an hour, lies in the sealed store.
 */
export class Credentials {
  private renewing: Promise<string> | undefined;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: EmailSettings,
  ) {}

  /** @throws ChannelError */
  async login(): Promise<Login> {
    const { address, auth, imapHost } = this.settings;
    const user = this.settings.user || address;
    if (auth === 'oauth2') {
      return { kind: 'oauth2', user, accessToken: (await this.kept()) ?? (await this.renew()) };
    }
    const password = await this.context.secret('password');
    if (!password)
      throw new ChannelError(
        'fatal',
        'Email has no password. Enter the app password of the mailbox, with “Enter Token…” in the Channels view.',
      );
    this.context.report({ appPassword: isAppPassword(imapHost, password) ?? null });
    return { kind: 'password', user, password: asTyped(imapHost, password) };
  }

  /** After a server has refused the login: true when another try may help, because the token was only too old. */
  async refused(): Promise<boolean> {
    if (this.settings.auth !== 'oauth2' || !(await this.kept())) return false;
    await this.keep({ token: '', until: 0 });
    return true;
  }

  private async kept(): Promise<string | undefined> {
    const bytes = await this.context.store.load('access');
    if (!bytes) return undefined;
    const parsed = keptSchema.safeParse(json(Buffer.from(bytes).toString('utf8')));
    if (!parsed.success || parsed.data.until - EARLY_MS <= this.context.clock.now()) return undefined;
    return parsed.data.token || undefined;
  }

  private keep(value: z.output<typeof keptSchema>): Promise<void> {
    return this.context.store.save('access', Buffer.from(JSON.stringify(value)));
  }

  /** One at a time: a provider may give a new refresh token each time, and the old one is void then. */
  private renew(): Promise<string> {
    this.renewing ??= this.ask().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async ask(): Promise<string> {
    const url = tokenUrlOf(this.settings);
    const refreshToken = await this.context.secret('refreshToken');
    const clientSecret = await this.context.secret('clientSecret');
    if (!url || !this.settings.oauthClientId || !refreshToken)
      throw new ChannelError(
        'fatal',
        'OAuth2 needs a refresh token, cowork.channels.email.oauthClientId and, for providers other than Google and Microsoft, oauthTokenUrl. Set what is missing.',
      );
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: this.settings.oauthClientId,
      ...(clientSecret ? { client_secret: clientSecret } : {}),
    });
    let response: Response;
    let text: string;
    try {
      response = await this.context.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: form.toString(),
      });
      text = (await response.text()).slice(0, ANSWER_CAP);
    } catch (error) {
      if (error instanceof ChannelError) throw error;
      throw new ChannelError(
        'temporary',
        'The provider’s address for access tokens cannot be reached. Check the network connection; it is tried again by itself.',
      );
    }
    if (response.status === 429 || response.status >= 500)
      throw new ChannelError(
        'temporary',
        `The provider did not renew the access token now (error ${response.status}). It is tried again by itself.`,
      );
    const parsed = answerSchema.safeParse(json(text));
    if (!response.ok || !parsed.success)
      throw new ChannelError(
        'fatal',
        `The provider refused to renew the access token (error ${response.status}). The refresh token has ended or was revoked, or the client id or secret is wrong. Get a new refresh token and enter it again.`,
      );
    const { access_token: token, expires_in: seconds, refresh_token: next } = parsed.data;
    // First what cannot be had again.
    if (next && next !== refreshToken) await this.context.renewSecret('refreshToken', next);
    await this.keep({ token, until: this.context.clock.now() + seconds * 1_000 });
    return token;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
