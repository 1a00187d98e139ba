import { createPublicKey, createVerify, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';
import { type Key, makeKey } from '../jwt';
import { ToldToWait } from '../told-to-wait';

/**
 * What a Chat app talks to, in one server: Google's token endpoint, its public keys, and the Chat API. Written from
 *   https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 *   https://developers.google.com/workspace/chat/verify-requests-from-chat
 *   https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages
 *   https://developers.google.com/workspace/chat/limits
 */
export const PROJECT = '123456789012';
export const DOMAIN = 'acme.example';
const account = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const SERVICE_ACCOUNT = JSON.stringify({
  type: 'service_account',
  project_id: 'acme-bot',
  private_key_id: 'sa-key-1',
  private_key: account.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  client_email: 'bot@acme-bot.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
});

const button = z.strictObject({
  text: z.string().min(1),
  onClick: z.strictObject({
    action: z.strictObject({
      function: z.string().min(1),
      parameters: z.array(z.strictObject({ key: z.string(), value: z.string() })),
    }),
  }),
});
const content = z.strictObject({
  text: z.string().min(1).max(4_096),
  thread: z.strictObject({ name: z.string() }).optional(),
  cardsV2: z
    .array(
      z.strictObject({
        cardId: z.string(),
        card: z.strictObject({
          sections: z.array(
            z.strictObject({
              widgets: z.array(z.strictObject({ buttonList: z.strictObject({ buttons: z.array(button) }) })),
            }),
          ),
        }),
      }),
    )
    .optional(),
});

export interface ChatSent {
  name: string;
  space: string;
  text: string;
  thread?: string;
  buttons: z.output<typeof button>[];
  edited: boolean;
}

export class GoogleServer extends HttpPeer {
  readonly sent: ChatSent[] = [];
  readonly spaces = new Set<string>();
  keys: Key[] = [makeKey('g-1')];
  idKeys: Key[] = [makeKey('id-1')];
  scopes = 'https://www.googleapis.com/auth/chat.bot';
  keysDown = false;
  keyFetches = 0;
  loseAnswer = false;
  private token = randomUUID();
  private readonly byRequest = new Map<string, ChatSent>();
  private readonly told = new ToldToWait();
  /** Names are given once, also by the next server of a test. */
  private next = Date.now();

  newName(space: string): string {
    this.next += 1;
    return `${space}/messages/m${this.next}.m${this.next}`;
  }

  /** The account's tokens are no longer taken, as after its key was deleted. */
  revoke(): void {
    this.trouble = 'revoked';
    this.token = randomUUID();
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const body = (await bodyOf(request)).toString();
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const answer = (status: number, value: unknown): undefined => {
      const wait: Record<string, string> = status === 429 ? { 'retry-after': '1' } : {};
      response.writeHead(status, { 'content-type': 'application/json', ...wait });
      response.end(JSON.stringify(value));
    };
    if (this.trouble === 'error') return answer(503, {});
    if (pathname.includes('/jwk/') || pathname === '/oauth2/v3/certs') {
      this.keyFetches += 1;
      if (this.keysDown) return answer(503, {});
      const keys = pathname === '/oauth2/v3/certs' ? this.idKeys : this.keys;
      return answer(200, {
        keys: keys.map(({ kid, privateKey }) => ({
          ...createPublicKey(privateKey).export({ format: 'jwk' }),
          kid,
          use: 'sig',
          alg: 'RS256',
        })),
      });
    }
    if (pathname === '/token') return this.giveToken(new URLSearchParams(body), answer);
    if (pathname === '/tokeninfo') return answer(200, { scope: this.scopes, expires_in: '3599' });
    if (this.trouble === 'rate-limit') {
      this.told.tell(500 / this.speed);
      return answer(429, { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } });
    }
    if (this.told.isTooEarly())
      this.problems.push(`${pathname} before the time that it was told to wait for`);
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return answer(401, { error: { code: 401, status: 'UNAUTHENTICATED' } });
    const create = /^\/v1\/(spaces\/[^/]+)\/messages$/.exec(pathname)?.[1];
    const patch = /^\/v1\/(spaces\/[^/]+\/messages\/[^/]+)$/.exec(pathname)?.[1];
    if (create && request.method === 'POST') return this.create(create, searchParams, body, request, answer);
    if (patch && request.method === 'PATCH') return this.patch(patch, searchParams, body, answer);
    this.problems.push(`${request.method} ${pathname} is no call that an app makes`);
    return answer(404, { error: { code: 404, status: 'NOT_FOUND' } });
  }

  private giveToken(form: URLSearchParams, answer: (status: number, value: unknown) => undefined): undefined {
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString() || '{}');
    const verified = createVerify('RSA-SHA256')
      .update(`${head}.${claims}`)
      .verify(account.publicKey, Buffer.from(signature, 'base64url'));
    const { iss, aud, scope, exp, iat } = read(claims);
    const now = Date.now() / 1000;
    const good =
      verified &&
      this.trouble !== 'revoked' &&
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
      read(head).alg === 'RS256' &&
      iss === 'bot@acme-bot.iam.gserviceaccount.com' &&
      aud === `${this.url}/token` &&
      scope === 'https://www.googleapis.com/auth/chat.bot' &&
      Math.abs(now - iat) < 60 &&
      exp - iat <= 3_600;
    if (!good) return answer(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' });
    return answer(200, { access_token: this.token, expires_in: 3599, token_type: 'Bearer' });
  }

  private create(
    space: string,
    query: URLSearchParams,
    body: string,
    request: IncomingMessage,
    answer: (status: number, value: unknown) => undefined,
  ): undefined {
    const parsed = content.safeParse(JSON.parse(body));
    if (!parsed.success)
      return answer(400, { error: { status: 'INVALID_ARGUMENT', message: parsed.error.message } });
    if (!this.spaces.has(space)) return answer(403, { error: { status: 'PERMISSION_DENIED' } });
    const requestId = query.get('requestId') ?? '';
    const known = this.byRequest.get(requestId);
    if (known) return answer(200, { name: known.name });
    const { text, thread, cardsV2 } = parsed.data;
    const message: ChatSent = {
      name: this.newName(space),
      space,
      text,
      ...(thread ? { thread: thread.name } : {}),
      buttons: buttonsOf(cardsV2),
      edited: false,
    };
    this.sent.push(message);
    this.byRequest.set(requestId, message);
    if (this.loseAnswer) {
      this.loseAnswer = false;
      request.socket.destroy();
      return;
    }
    return answer(200, { name: message.name, thread });
  }

  private patch(
    name: string,
    query: URLSearchParams,
    body: string,
    answer: (status: number, value: unknown) => undefined,
  ): undefined {
    const parsed = content.safeParse(JSON.parse(body));
    if (!parsed.success) return answer(400, { error: { status: 'INVALID_ARGUMENT' } });
    if (!query.get('updateMask')?.split(',').includes('text'))
      return answer(400, { error: { status: 'INVALID_ARGUMENT', message: 'updateMask' } });
    const earlier = this.sent.find((one) => one.name === name);
    if (!earlier) return answer(404, { error: { status: 'NOT_FOUND' } });
    Object.assign(earlier, { text: parsed.data.text, buttons: buttonsOf(parsed.data.cardsV2), edited: true });
    return answer(200, { name });
  }
}

function buttonsOf(cards: z.output<typeof content>['cardsV2'] = []): z.output<typeof button>[] {
  return cards.flatMap(({ card }) =>
    card.sections.flatMap(({ widgets }) => widgets.flatMap(({ buttonList }) => buttonList.buttons)),
  );
}
