import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { PeerTrouble } from '../http-peer';
import { formFields, type PeerAnswer, type PeerCall, RestPeer } from '../rest-peer';

/**
 * A BlueBubbles server as far as a client of its REST API sees it, refusing what it refuses. Written from
 *   https://docs.bluebubbles.app/server/developer-guides/rest-api-and-webhooks     password, answers, events
 *   https://documenter.getpostman.com/view/765844/UV5RnfwM                         requests
 * and from what the open server does: webhooks are called once and never again; a webhook may be listed, added and
 * deleted; AppleScript wants a `tempGuid`; a message that is being sent is refused a second time.
 */
export const PASSWORD = 'vT7#kQ2!mZ9$wX4&bN6@';
export const ACCOUNT = '+14155550100';

type Json = Record<string, unknown>;

export interface BubbleMessage {
  guid: string;
  text: string | null;
  dateCreated: number;
  dateEdited: number | null;
  dateRetracted: number | null;
  isFromMe: boolean;
  itemType: number;
  associatedMessageGuid: string | null;
  handle: { address: string; service: string } | null;
  chats: { guid: string }[];
  attachments: Json[];
}

const text = z.strictObject({
  chatGuid: z.string().min(1),
  tempGuid: z.string().min(1),
  message: z.string().min(1),
  method: z.literal('apple-script'),
});
const query = z.strictObject({
  after: z.number().min(0),
  offset: z.number().int().min(0),
  limit: z.number().int().min(1).max(1_000),
  sort: z.enum(['ASC', 'DESC']),
  with: z.array(z.enum(['chat', 'chats', 'attachment', 'attachments'])),
});
const webhook = z.strictObject({
  url: z.string().startsWith('http'),
  events: z.array(z.enum(['*', 'new-message', 'updated-message'])).min(1),
});

export class BlueBubblesServer extends RestPeer {
  readonly messages: BubbleMessage[] = [];
  /** What is found by its number and not in lists: for tests of calls alone. */
  readonly unlisted: BubbleMessage[] = [];
  readonly sent: { guid: string; chat: string; text: string; file?: { name: string; bytes: Buffer } }[] = [];
  readonly files = new Map<string, Buffer>();
  readonly chats = new Set<string>();
  webhooks: { id: number; url: string; events: string[] }[] = [];
  password = PASSWORD;
  info: Json = {
    os_version: '15.5',
    server_version: '1.9.9',
    private_api: false,
    proxy_service: 'lan-url',
    detected_icloud: 'bot@example.org',
    detected_imessage: ACCOUNT,
  };
  /** Undefined: it does not answer whether there is a newer one. */
  updateAvailable: boolean | undefined = false;
  /** Answers questions for one message with another. */
  confuses: BubbleMessage | undefined;
  /** Calls a webhook, once. */
  caller: (url: string, body: Json) => Promise<void> = async () => {};
  private count = 0;
  private calling: Promise<unknown> = Promise.resolve();
  private readonly began = Date.now();
  private last = 0;

  /** The Mac's clock. */
  now(): number {
    const now = Math.round(this.began + (Date.now() - this.began) * this.speed);
    this.last = Math.max(this.last + 1, now);
    return this.last;
  }

  say(chat: string, address: string | null, more: Partial<BubbleMessage> = {}): BubbleMessage {
    const message: BubbleMessage = {
      guid: randomUUID().toUpperCase(),
      text: '',
      dateCreated: this.now(),
      dateEdited: null,
      dateRetracted: null,
      isFromMe: false,
      itemType: 0,
      associatedMessageGuid: null,
      handle: address === null ? null : { address, service: 'iMessage' },
      chats: [{ guid: chat }],
      attachments: [],
      ...more,
    };
    this.messages.push(message);
    return message;
  }

  /** As `say`, and no list has it. */
  whisper(...said: Parameters<BlueBubblesServer['say']>): BubbleMessage {
    const message = this.say(...said);
    this.messages.pop();
    this.unlisted.push(message);
    return message;
  }

  announce(message: BubbleMessage, type = 'new-message'): void {
    this.calling = this.calling.then(async () => {
      if (this.trouble === 'down') return;
      for (const { url, events } of this.webhooks)
        if (events.includes(type) || events.includes('*'))
          await this.caller(url, { type, data: message }).catch(() => undefined);
    });
  }

  protected sends({ method, path }: PeerCall): boolean {
    return method === 'POST' && /message\/(text|attachment)$/.test(path);
  }

  protected refusal(trouble: Exclude<PeerTrouble, 'down'>): PeerAnswer {
    if (trouble === 'error') return this.error(500, 'Server Error', 'An unhandled error has occurred!');
    if (trouble === 'rate-limit') return this.error(429, 'Too Many Requests', 'by a proxy in between');
    return this.error(401, 'Authentication Error', 'Unauthorized');
  }

  protected answer(call: PeerCall): PeerAnswer {
    if (call.query.get('password') !== this.password) return this.refusal('revoked');
    const { method, path } = call;
    if (!path.startsWith('api/v1/')) return this.error(404, 'Not Found', 'Not Found');
    const [first = '', second = '', third = ''] = path
      .slice('api/v1/'.length)
      .split('/')
      .map(decodeURIComponent);
    switch (`${method} ${first}`) {
      case 'GET server':
        return this.about(second, third);
      case 'GET webhook':
        return this.ok(this.webhooks);
      case 'POST webhook':
        return this.parsed(call, webhook, ({ url, events }) => this.addWebhook(url, events));
      case 'DELETE webhook':
        return this.removeWebhook(Number(second));
      case 'GET message':
        return this.find(second, call.query.get('with') ?? '');
      case 'GET attachment':
        return this.file(second, third);
    }
    switch (`${method} ${first}/${second}`) {
      case 'POST message/query':
        return this.parsed(call, query, (value) => this.query(value));
      case 'POST message/text':
        return this.parsed(call, text, (value) => this.taken(value.chatGuid, value.message));
      case 'POST message/attachment':
        return this.attachment(call);
    }
    this.problems.push(`${method} ${path} is no call that a client makes`);
    return this.error(404, 'Not Found', 'Not Found');
  }

  private about(second: string, third: string): PeerAnswer {
    if (second === 'info') return this.ok(this.info);
    if (second === 'update' && third === 'check' && this.updateAvailable !== undefined)
      return this.ok({ available: this.updateAvailable, metadata: null });
    return this.error(500, 'Server Error', 'no connection to GitHub');
  }

  private addWebhook(url: string, events: string[]): PeerAnswer {
    if (this.webhooks.some((one) => one.url === url))
      return this.error(400, 'Bad Request', 'Webhook already exists!');
    this.count += 1;
    const added = { id: this.count, url, events };
    this.webhooks.push(added);
    return this.ok(added);
  }

  private removeWebhook(id: number): PeerAnswer {
    if (!this.webhooks.some((one) => one.id === id))
      return this.error(404, 'Not Found', 'Webhook does not exist!');
    this.webhooks = this.webhooks.filter((one) => one.id !== id);
    return this.ok(undefined);
  }

  private find(guid: string, wanted: string): PeerAnswer {
    const found = this.confuses ?? [...this.messages, ...this.unlisted].find((one) => one.guid === guid);
    if (!found) return this.error(404, 'Not Found', 'Message does not exist!');
    return this.ok({
      ...found,
      chats: wanted.includes('chat') ? found.chats : [],
      attachments: wanted.includes('attachment') ? found.attachments : [],
    });
  }

  private query({ after, offset, limit, sort }: z.output<typeof query>): PeerAnswer {
    const found = this.messages.filter(({ dateCreated }) => dateCreated >= after);
    const ordered = sort === 'ASC' ? found : found.toReversed();
    return this.ok(ordered.slice(offset, offset + limit));
  }

  private attachment({ body, headers }: PeerCall): PeerAnswer {
    const fields = formFields(body, headers['content-type'] ?? '');
    const one = (name: string) => fields.get(name)?.bytes.toString('utf8') ?? '';
    const file = fields.get('attachment');
    if (one('tempGuid') === '' || one('name') === '' || !file || file.bytes.length === 0) {
      this.problems.push('an attachment without what it needs');
      return this.error(400, 'Bad Request', 'Attachment not provided or was empty!');
    }
    return this.taken(one('chatGuid'), '', { name: one('name'), bytes: file.bytes });
  }

  private taken(chat: string, message: string, file?: { name: string; bytes: Buffer }): PeerAnswer {
    // Messages fails when it knows no such chat.
    if (!this.chats.has(chat)) return this.error(500, 'iMessage Error', 'Can’t get chat id');
    const own = this.say(chat, null, { text: message, isFromMe: true });
    this.sent.push({ guid: own.guid, chat, text: message, ...(file ? { file } : {}) });
    this.announce(own);
    return { ...this.ok(own), took: true };
  }

  private file(guid: string, edge: string): PeerAnswer {
    const bytes = edge === 'download' ? this.files.get(guid) : undefined;
    return bytes ? { status: 200, bytes } : this.error(404, 'Not Found', 'Attachment does not exist!');
  }

  private parsed<T>(
    { path, body }: PeerCall,
    schema: z.ZodType<T>,
    run: (value: T) => PeerAnswer,
  ): PeerAnswer {
    const parsed = schema.safeParse(JSON.parse(body.toString('utf8')));
    if (parsed.success) return run(parsed.data);
    this.problems.push(`${path}: ${parsed.error.message.slice(0, 200)}`);
    return this.error(400, 'Validation Error', 'The body is not as it must be.');
  }

  private ok(data: unknown): PeerAnswer {
    return { status: 200, json: { status: 200, message: 'Success', data } };
  }

  private error(status: number, type: string, error: string): PeerAnswer {
    return { status, json: { status, message: type, error: { type, error } } };
  }
}
