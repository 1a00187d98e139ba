import { randomBytes } from 'node:crypto';
import { Refusal, type Session } from './answers';
import type { Json } from './world';

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
