import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Refusal, type Session } from './answers';
import type { Json } from './world';

const passwordLogin = z.strictObject({
  type: z.literal('m.login.password'),
  identifier: z.strictObject({ type: z.literal('m.id.user'), user: z.string() }),
  password: z.string(),
  initial_device_display_name: z.string().optional(),
  refresh_token: z.boolean().optional(),
});

/**
 * Logins and their tokens. Written from
 *   https://spec.matrix.org/v1.11/client-server-api/#refreshing-access-tokens   one use, soft_logout
 *   https://spec.matrix.org/v1.11/client-server-api/#soft-logout
 */
export class Sessions {
  private readonly tokens = new Map<string, Session & { expired: boolean }>();
  private readonly refreshTokens = new Map<string, Session>();
  /** A refresh token is good until the access token that it gave is used. */
  private readonly pending = new Map<string, string>();
  readonly refreshed: string[] = [];

  login(user: string, device: string, token = `syt_${randomBytes(20).toString('hex')}`): string {
    this.tokens.set(token, { user, device, expired: false });
    return token;
  }

  /** Passwords of accounts, by their local names. */
  readonly passwords = new Map<string, string>();

  /** https://spec.matrix.org/v1.11/client-server-api/#post_matrixclientv3login */
  logIn(contentType: string | undefined, body: Json): Json {
    if (contentType !== 'application/json') throw new Refusal(400, 'M_NOT_JSON', 'Content is not JSON');
    const asked = passwordLogin.safeParse(body);
    if (!asked.success) throw new Refusal(400, 'M_BAD_JSON', 'Unknown login type');
    const { identifier, password, refresh_token } = asked.data;
    if (this.passwords.get(identifier.user) !== password)
      throw new Refusal(403, 'M_FORBIDDEN', 'Invalid username or password');
    const user = `@${identifier.user}:example.test`;
    const device = randomBytes(5).toString('hex').toUpperCase();
    const access_token = this.login(user, device);
    const answer = { user_id: user, access_token, device_id: device };
    if (refresh_token !== true) return answer;
    const refresh = `syr_${randomBytes(20).toString('hex')}`;
    this.refreshTokens.set(refresh, { user, device });
    return { ...answer, refresh_token: refresh, expires_in_ms: 300_000 };
  }

  /** Lets the access token expire; the refresh token that it answers with is good for another. */
  expire(token: string): string {
    const session = this.tokens.get(token);
    if (!session) throw new Error('no such token');
    session.expired = true;
    const refresh = `syr_${randomBytes(20).toString('hex')}`;
    this.refreshTokens.set(refresh, session);
    return refresh;
  }

  devices(): readonly Session[] {
    return [...this.tokens.values()];
  }

  unknown(): never {
    throw new Refusal(401, 'M_UNKNOWN_TOKEN', 'Invalid access token passed.', { soft_logout: false });
  }

  of(header: string | undefined): Session {
    if (!header) throw new Refusal(401, 'M_MISSING_TOKEN', 'Missing access token');
    const token = /^Bearer (\S+)$/.exec(header)?.[1] ?? '';
    const session = this.tokens.get(token);
    if (!session) this.unknown();
    if (session.expired)
      throw new Refusal(401, 'M_UNKNOWN_TOKEN', 'Access token has expired', { soft_logout: true });
    const used = this.pending.get(token);
    if (used !== undefined) this.refreshTokens.delete(used);
    return session;
  }

  refresh(body: Json): Json {
    const given = String(body.refresh_token ?? '');
    const session = this.refreshTokens.get(given);
    if (!session)
      throw new Refusal(401, 'M_UNKNOWN_TOKEN', 'refresh token is unknown', { soft_logout: false });
    const token = this.login(session.user, session.device);
    const next = `syr_${randomBytes(20).toString('hex')}`;
    this.refreshTokens.set(next, session);
    this.pending.set(token, given);
    this.refreshed.push(given);
    return { access_token: token, refresh_token: next, expires_in_ms: 300_000 };
  }
}
