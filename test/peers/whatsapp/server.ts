import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { PeerTrouble } from '../http-peer';
import { formFields, type PeerAnswer, type PeerCall, RestPeer } from '../rest-peer';

/**
 * Meta's Graph API as far as a number of the Cloud API uses it, refusing what it refuses. Written from
 *   https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages     bodies, their fields and limits
 *   https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages
 *   https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media        upload, kinds of files, download
 *   https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators      read and typing
 *   https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes    errors
 *   https://developers.facebook.com/docs/graph-api/guides/secure-requests          appsecret_proof
 *   https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples   what is called with
 */
export const ACCESS_TOKEN = `EAAJ${'b7Zc9Qk2'.repeat(20)}`;
export const APP_SECRET = '0123456789abcdef0123456789abcdef';
export const VERIFY_TOKEN = 'kX9-vR4t_Zp2Lq8Wn5Yd';
export const PHONE_ID = '106540352242922';
export const ACCOUNT_ID = '102290129340398';
export const SHOWN = '+1 555-078-3881';

type Json = Record<string, unknown>;

export interface WhatsAppSent {
  readonly id: string;
  readonly to: string;
  readonly body: string;
  readonly answers: string | undefined;
  readonly buttons: readonly { id: string; title: string }[];
  readonly file?: { readonly name: string; readonly bytes: Buffer };
}

const product = { messaging_product: z.literal('whatsapp') };
const addressed = {
  ...product,
  recipient_type: z.literal('individual'),
  to: z.string().regex(/^\d{5,15}$/),
  context: z.strictObject({ message_id: z.string().startsWith('wamid.') }).optional(),
};
const text = z.strictObject({
  ...addressed,
  type: z.literal('text'),
  text: z.strictObject({ body: z.string().min(1).max(4_096), preview_url: z.boolean() }),
});
const reply = z.strictObject({ id: z.string().min(1).max(256), title: z.string().min(1).max(20) });
const interactive = z.strictObject({
  ...addressed,
  type: z.literal('interactive'),
  interactive: z.strictObject({
    type: z.literal('button'),
    body: z.strictObject({ text: z.string().min(1).max(1_024) }),
    action: z.strictObject({
      buttons: z
        .array(z.strictObject({ type: z.literal('reply'), reply }))
        .min(1)
        .max(3),
    }),
  }),
});
const named = z.strictObject({ id: z.string() });
const document = z.strictObject({
  ...addressed,
  type: z.literal('document'),
  document: z.strictObject({ id: z.string(), filename: z.string().max(240) }),
});
const image = z.strictObject({ ...addressed, type: z.literal('image'), image: named });
const outgoing = z.discriminatedUnion('type', [text, interactive, document, image]);
const reading = z.strictObject({
  ...product,
  status: z.literal('read'),
  message_id: z.string().startsWith('wamid.'),
  typing_indicator: z.strictObject({ type: z.literal('text') }).optional(),
});
const KINDS: ReadonlySet<string> = new Set(['text/plain', 'application/pdf', 'image/png', 'image/jpeg']);

export class WhatsAppServer extends RestPeer {
  readonly sent: WhatsAppSent[] = [];
  readonly read: string[] = [];
  readonly uploads = new Map<string, { name: string; type: string; bytes: Buffer }>();
  /** Files that people sent: where they lie, when that is elsewhere than here. */
  readonly media = new Map<string, { bytes: Buffer; url?: string }>();
  token = ACCESS_TOKEN;
  secret = APP_SECRET;
  number: Json = {
    id: PHONE_ID,
    display_phone_number: SHOWN,
    verified_name: 'Work bot',
    quality_rating: 'GREEN',
  };
  mode: string | undefined = 'LIVE';
  version = 'v24.0';
  /** People whose last message is more than a day ago. */
  readonly silent = new Set<string>();
  /** Answers the next sending with this error. */
  nextError: { status: number; code: number } | undefined;
  /** Calls the app. Resolves with whether it was taken. */
  caller: (body: Json) => Promise<boolean> = async () => false;
  private readonly said = new Set<string>();
  /** Ids are given once, also by the next server of a test. */
  private count = Date.now() % 1_000_000_000;

  newId(): string {
    this.count += 1;
    const id = `wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQz${String(10_000 + this.count)}AA==`;
    this.said.add(id);
    return id;
  }

  newMediaId(): string {
    this.count += 1;
    return `1${String(100_000_000_000_000 + this.count)}`;
  }

  /** Tells the app, again and again until it takes it. */
  tell(body: Json): void {
    this.deliver(() => this.caller(body));
  }

  protected sends({ method, path }: PeerCall): boolean {
    return method === 'POST' && path.endsWith('/messages');
  }

  protected refusal(trouble: Exclude<PeerTrouble, 'down'>): PeerAnswer {
    if (trouble === 'error') return this.error(500, 131000, 'Something went wrong');
    if (trouble === 'rate-limit') return this.error(429, 130429, '(#130429) Rate limit hit');
    return this.error(401, 190, 'Error validating access token: Session has expired.');
  }

  protected answer(call: PeerCall): PeerAnswer {
    const { method, path, headers, query } = call;
    if (headers.authorization !== `Bearer ${this.token}`) return this.refusal('revoked');
    const [first = '', second = '', third = ''] = path.split('/');
    // Files lie outside the versions of the API, and take the token alone.
    if (method === 'GET' && first === 'files') {
      const found = this.media.get(second);
      if (query.has('appsecret_proof')) this.problems.push('a proof for where the files lie');
      return found ? { status: 200, bytes: found.bytes } : { status: 404, json: {} };
    }
    const proof = createHmac('sha256', this.secret).update(this.token).digest('hex');
    if (query.get('appsecret_proof') !== proof)
      return this.error(400, 100, 'Invalid appsecret_proof provided in the API argument');
    if (!/^v\d+\.0$/.test(first)) return this.error(400, 2500, 'Unknown path components');
    return this.versioned(call, second, third);
  }

  private versioned(call: PeerCall, node: string, edge: string): PeerAnswer {
    const { method, query, path } = call;
    if (method === 'GET' && node === PHONE_ID && edge === '')
      return this.described(query.get('fields') ?? '');
    if (method === 'GET' && this.media.has(node)) {
      if (query.get('phone_number_id') !== PHONE_ID) return this.error(400, 100, 'Invalid parameter');
      const { url, bytes } = this.media.get(node) ?? { bytes: Buffer.alloc(0) };
      return this.ok({ url: url ?? `${this.url}/files/${node}`, file_size: bytes.length, id: node });
    }
    if (method === 'POST' && node === PHONE_ID && edge === 'messages') return this.messages(call);
    if (method === 'POST' && node === PHONE_ID && edge === 'media') return this.uploaded(call);
    this.problems.push(`${method} ${path} is no call that a number makes`);
    return this.error(400, 100, 'Unsupported request');
  }

  private described(fields: string): PeerAnswer {
    const all: Json = { ...this.number, ...(this.mode === undefined ? {} : { account_mode: this.mode }) };
    const unknown = fields.split(',').find((name) => !(name in all));
    if (unknown !== undefined) return this.error(400, 100, `Tried accessing nonexisting field (${unknown})`);
    return this.ok(Object.fromEntries(['id', ...fields.split(',')].map((name) => [name, all[name]])));
  }

  private messages({ body, headers }: PeerCall): PeerAnswer {
    if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
      return this.error(400, 100, 'Unsupported content type');
    const value: unknown = JSON.parse(body.toString('utf8'));
    const mark = reading.safeParse(value);
    if (mark.success) {
      if (!this.said.has(mark.data.message_id)) return this.error(400, 100, 'Invalid message id');
      this.read.push(mark.data.message_id);
      return this.ok({ success: true });
    }
    const parsed = outgoing.safeParse(value);
    if (!parsed.success) {
      this.problems.push(`a message: ${parsed.error.message.slice(0, 300)}`);
      return this.error(400, 100, '(#100) Invalid parameter');
    }
    const failure = this.nextError;
    this.nextError = undefined;
    if (failure) return this.error(failure.status, failure.code, `(#${failure.code}) refused`);
    const { data } = parsed;
    if (this.silent.has(data.to)) return this.error(400, 131047, '(#131047) Re-engagement message');
    return this.taken(data);
  }

  private taken(data: z.output<typeof outgoing>): PeerAnswer {
    const answers = data.context?.message_id;
    if (answers !== undefined && !this.said.has(answers)) {
      this.problems.push('an answer to a message that never was');
      return this.error(400, 100, 'Invalid context');
    }
    const body =
      data.type === 'text' ? data.text.body : data.type === 'interactive' ? data.interactive.body.text : '';
    const fileId = data.type === 'document' ? data.document.id : data.type === 'image' ? data.image.id : '';
    const upload = this.uploads.get(fileId);
    if (fileId !== '' && !upload) return this.error(400, 100, 'Invalid media id');
    const name = data.type === 'document' ? data.document.filename : (upload?.name ?? '');
    const id = this.newId();
    this.sent.push({
      id,
      to: data.to,
      body,
      answers,
      buttons: data.type === 'interactive' ? data.interactive.action.buttons.map((one) => one.reply) : [],
      ...(upload ? { file: { name, bytes: upload.bytes } } : {}),
    });
    const json = {
      messaging_product: 'whatsapp',
      contacts: [{ input: data.to, wa_id: data.to }],
      messages: [{ id }],
    };
    return { ...this.ok(json), took: true };
  }

  private uploaded({ body, headers }: PeerCall): PeerAnswer {
    const fields = formFields(body, headers['content-type'] ?? '');
    const file = fields.get('file');
    const type = fields.get('type')?.bytes.toString('utf8') ?? '';
    if (
      fields.get('messaging_product')?.bytes.toString('utf8') !== 'whatsapp' ||
      file?.fileName === undefined
    )
      return this.error(400, 100, '(#100) Invalid parameter');
    if (!KINDS.has(type) || file.type !== type)
      return this.error(400, 100, '(#100) Param file must be a file with one of the following types: …');
    const id = this.newMediaId();
    this.uploads.set(id, { name: file.fileName, type, bytes: file.bytes });
    return this.ok({ id });
  }

  private ok(json: unknown): PeerAnswer {
    return { status: 200, json, headers: { 'facebook-api-version': this.version } };
  }

  private error(status: number, code: number, message: string): PeerAnswer {
    const error = { message, type: 'OAuthException', code, fbtrace_id: 'Az8or2yhqkZfEZ-_4Qn_Bam' };
    return { status, json: { error }, headers: { 'facebook-api-version': this.version } };
  }
}
