import { createPublicKey, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';
import { type Key, makeKey } from '../jwt';
import { ToldToWait } from '../told-to-wait';

/**
 * What a Teams bot talks to, in one server: Microsoft's token endpoint, its key metadata, and the connector service.
 * Written from
 *   https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
 *   https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
 *   https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
 * Calls of the bot are signed with Node's own crypto, so that nothing is shared with the code under test.
 */
export const APP_ID = '11111111-2222-3333-4444-555555555555';
export const TENANT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
export const PASSWORD = 'abC8Q~secret-value-of-nobody-1234567890';

type Json = Record<string, unknown>;

export interface TeamsSent {
  id: string;
  conversation: string;
  text: string;
  replyToId?: string;
  attachments: { content: { actions?: { title: string; data: Json }[] } }[];
  edited: boolean;
}

const activity = z.strictObject({
  type: z.enum(['message', 'typing']),
  id: z.string().optional(),
  textFormat: z.literal('xml').optional(),
  text: z.string().min(1).optional(),
  from: z.strictObject({ id: z.literal(`28:${APP_ID}`) }).optional(),
  conversation: z.strictObject({ id: z.string() }).optional(),
  replyToId: z.string().optional(),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        content: z.strictObject({
          type: z.literal('AdaptiveCard'),
          version: z.string(),
          body: z.array(z.unknown()),
          actions: z
            .array(
              z.strictObject({
                type: z.literal('Action.Submit'),
                title: z.string().min(1),
                data: z.record(z.string(), z.unknown()),
                style: z.enum(['positive', 'destructive']).optional(),
              }),
            )
            .max(6),
        }),
      }),
    )
    .optional(),
});
/** Bytes of a message: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages */
const MESSAGE_CAP = 28 * 1024;

export class TeamsConnector extends HttpPeer {
  readonly sent: TeamsSent[] = [];
  readonly rooms = new Set<string>();
  readonly typed: string[] = [];
  /** The keys that the metadata names now. */
  keys: Key[] = [makeKey('key-1')];
  password = PASSWORD;
  /** The keys cannot be had. */
  keysDown = false;
  keyFetches = 0;
  loseAnswer = false;
  private token = randomUUID();
  private readonly told = new ToldToWait();
  private next = 1_700_000_000_000;

  newId(): string {
    this.next += 1;
    return String(this.next);
  }

  /** The bot's tokens are no longer taken, as after its password was removed. */
  revoke(): void {
    this.trouble = 'revoked';
    this.token = randomUUID();
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const body = await bodyOf(request);
    const path = new URL(request.url ?? '', 'http://x').pathname;
    const answer = (status: number, value: unknown, headers: Record<string, string> = {}): undefined => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    if (this.trouble === 'error') return answer(503, {});
    if (path === '/metadata')
      return this.keysDown ? answer(503, {}) : answer(200, { jwks_uri: `${this.url}/keys` });
    if (path === '/keys') {
      this.keyFetches += 1;
      if (this.keysDown) return answer(503, {});
      const keys = this.keys.map(({ kid, privateKey, endorsements }) => ({
        ...createPublicKey(privateKey).export({ format: 'jwk' }),
        kid,
        use: 'sig',
        endorsements,
      }));
      return answer(200, { keys });
    }
    if (path.endsWith('/oauth2/v2.0/token')) return this.giveToken(path, body, answer);
    if (this.trouble === 'rate-limit') {
      this.told.tell(500 / this.speed);
      return answer(429, { error: { code: 'TooManyRequests' } }, { 'retry-after': '1' });
    }
    if (this.told.isTooEarly()) this.problems.push(`${path} before the time that it was told to wait for`);
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return answer(401, { error: { code: 'Unauthorized', message: 'Authorization has been denied' } });
    const [, conversation, id] =
      /^\/(?:emea|teams)\/v3\/conversations\/([^/]+)\/activities(?:\/([^/]+))?$/.exec(path) ?? [];
    if (conversation === undefined) {
      this.problems.push(`${request.method} ${path} is no call that a bot makes`);
      return answer(404, { error: { code: 'NotFound' } });
    }
    if (body.length > MESSAGE_CAP) return answer(413, { error: { code: 'MessageSizeTooBig' } });
    return this.activity(request, decodeURIComponent(conversation), id, JSON.parse(body.toString()), answer);
  }

  private giveToken(
    path: string,
    body: Buffer,
    answer: (status: number, value: unknown) => undefined,
  ): undefined {
    const form = Object.fromEntries(new URLSearchParams(body.toString()));
    const good =
      path.startsWith(`/${TENANT}/`) &&
      this.trouble !== 'revoked' &&
      form.grant_type === 'client_credentials' &&
      form.client_id === APP_ID &&
      form.client_secret === this.password &&
      form.scope === 'https://api.botframework.com/.default';
    if (!good) return answer(401, { error: 'invalid_client', error_description: 'AADSTS7000215' });
    return answer(200, { token_type: 'Bearer', expires_in: 3599, access_token: this.token });
  }

  private activity(
    request: IncomingMessage,
    conversation: string,
    id: string | undefined,
    value: unknown,
    answer: (status: number, value: unknown) => undefined,
  ): undefined {
    const parsed = activity.safeParse(value);
    if (!parsed.success) return answer(400, { error: { code: 'BadSyntax', message: parsed.error.message } });
    const room = conversation.split(';')[0] ?? '';
    if (!this.rooms.has(room)) return answer(403, { error: { code: 'BotNotInConversationRoster' } });
    const { type, text = '', replyToId, attachments = [] } = parsed.data;
    if (type === 'typing') {
      this.typed.push(room);
      return answer(201, { id: this.newId() });
    }
    // Markup that is not closed is refused, as XML is.
    if (!/^(?:[^<>&]|&(?:amp|lt|gt|quot);|<(?:pre|code)>[^<>]*<\/(?:pre|code)>|<br\/>)*$/.test(text))
      return answer(400, { error: { code: 'BadSyntax', message: 'not the XML that Teams reads' } });
    const content = { text, attachments: attachments as TeamsSent['attachments'] };
    if (request.method === 'PUT') {
      const earlier = this.sent.find((one) => one.id === id);
      if (!earlier) return answer(404, { error: { code: 'ActivityNotFoundInConversation' } });
      Object.assign(earlier, content, { edited: true });
      return answer(200, { id });
    }
    const message: TeamsSent = {
      id: this.newId(),
      conversation,
      ...content,
      ...(replyToId === undefined ? {} : { replyToId }),
      edited: false,
    };
    this.sent.push(message);
    if (this.loseAnswer) {
      this.loseAnswer = false;
      request.socket.destroy();
      return;
    }
    return answer(201, { id: message.id });
  }
}
