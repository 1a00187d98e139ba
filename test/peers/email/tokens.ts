import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';

/**
 * An OAuth2 server: renews access tokens (RFC 6749, 6) and tells the IMAP server which are good. Each refresh token is
 * good once, as with providers that rotate them.
 */
export class TokenServer {
  port = 0;
  refreshToken = `refresh-${randomBytes(12).toString('hex')}`;
  accessToken = '';
  readonly clientId = 'client-of-the-test';
  /** Seconds. */
  lifetime = 3_600;
  renewals = 0;
  /** Answered with this status instead. */
  trouble = 0;
  readonly violations: string[] = [];
  private server: Server | undefined;

  constructor(private readonly user: string) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = createServer(async (request, response) => {
      const json = (status: number, value: object) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(value));
      };
      const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
      if (pathname === '/introspect') {
        const active = this.accessToken !== '' && searchParams.get('token') === this.accessToken;
        json(200, { active: String(active), email: this.user });
        return;
      }
      if (this.trouble > 0) {
        json(this.trouble, { error: 'temporarily_unavailable' });
        return;
      }
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const form = new URLSearchParams(body);
      if (request.method !== 'POST' || pathname !== '/token')
        this.violations.push(`${request.method} ${pathname}`);
      if (form.get('client_id') !== this.clientId || form.get('refresh_token') !== this.refreshToken) {
        json(400, { error: 'invalid_grant' });
        return;
      }
      this.renewals += 1;
      this.refreshToken = `refresh-${randomBytes(12).toString('hex')}`;
      this.accessToken = `access-${randomBytes(12).toString('hex')}`;
      json(200, {
        token_type: 'Bearer',
        access_token: this.accessToken,
        expires_in: this.lifetime,
        refresh_token: this.refreshToken,
      });
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address && typeof address === 'object') this.port = address.port;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()));
  }
}
