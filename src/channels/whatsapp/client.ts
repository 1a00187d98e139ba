import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import { hmacSha256 } from '../signature';
import { filesRoot, type WhatsAppSettings } from './descriptor';
import { graphRefusal } from './errors';

export const PLATFORM = 'WhatsApp';

/** https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account-to-number-current-status/ */
const number = z.looseObject({
  id: z.string().regex(/^\d{5,25}$/),
  display_phone_number: z.string().default(''),
  verified_name: z.string().default(''),
  quality_rating: z.string().default(''),
});
export type WhatsAppNumber = z.output<typeof number>;

const mode = z.looseObject({ account_mode: z.string() });
const sent = z.looseObject({ messages: z.array(z.looseObject({ id: z.string().min(1) })).min(1) });
const uploaded = z.looseObject({ id: z.string().min(1) });
const media = z.looseObject({ url: z.string(), file_size: z.number().optional() });

interface Call {
  readonly json?: unknown;
  readonly form?: FormData;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The Graph API as far as a number needs it. Token and proof are made when a request is sent. */
export class WhatsAppClient {
  /** The version that answered last, which need not be the one that was asked for. */
  version = '';

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: WhatsAppSettings,
  ) {}

  async number(signal?: AbortSignal): Promise<WhatsAppNumber> {
    const fields = 'id,display_phone_number,verified_name,quality_rating';
    const call = { query: { fields }, ...(signal ? { signal } : {}) };
    const parsed = number.safeParse(await this.json('GET', this.settings.phoneNumberId, call));
    if (parsed.success && parsed.data.id === this.settings.phoneNumberId) return parsed.data;
    throw new ChannelError('temporary', 'Meta did not say which number this is. It is tried again.');
  }

  /** Whether the number is one of Meta's for trying; undefined when Meta does not say. */
  async isTestNumber(): Promise<boolean | undefined> {
    const answer = await this.json('GET', this.settings.phoneNumberId, {
      query: { fields: 'account_mode' },
    }).catch(() => undefined);
    const parsed = mode.safeParse(answer);
    return parsed.success ? parsed.data.account_mode === 'SANDBOX' : undefined;
  }

  /** @returns WhatsApp's id of the message. @throws ChannelError */
  async send(message: Readonly<Record<string, unknown>>): Promise<string> {
    const body = { messaging_product: 'whatsapp', ...message };
    const answer = await this.json('POST', `${this.settings.phoneNumberId}/messages`, { json: body });
    const parsed = sent.safeParse(answer);
    const id = parsed.success ? parsed.data.messages[0]?.id : undefined;
    if (id === undefined) throw new ChannelError('temporary', 'WhatsApp did not confirm the message.');
    return id;
  }

  /** Marks a message as read and shows that an answer is being written. */
  async reading(messageId: string): Promise<void> {
    await this.json('POST', `${this.settings.phoneNumberId}/messages`, {
      json: {
        messaging_product: 'whatsapp',
        status: 'read',
        message_id: messageId,
        typing_indicator: { type: 'text' },
      },
    });
  }

  /** @returns the id under which a message can name the file. */
  async upload(name: string, mediaType: string, bytes: Uint8Array): Promise<string> {
    const form = new FormData();
    form.set('messaging_product', 'whatsapp');
    form.set('type', mediaType);
    form.set('file', new Blob([Uint8Array.from(bytes)], { type: mediaType }), name);
    const answer = await this.json('POST', `${this.settings.phoneNumberId}/media`, { form });
    const parsed = uploaded.safeParse(answer);
    if (parsed.success) return parsed.data.id;
    throw new ChannelError('temporary', `WhatsApp did not take “${name}”. It is tried again.`);
  }

  /** The bytes of a file, from the address that Meta names for it: one of Meta's own hosts, or none. */
  async media(id: string): Promise<Response> {
    const query = { phone_number_id: this.settings.phoneNumberId };
    const parsed = media.safeParse(await this.json('GET', encodeURIComponent(id), { query }));
    const address = parsed.success && URL.canParse(parsed.data.url) ? new URL(parsed.data.url) : undefined;
    if (address?.origin !== new URL(filesRoot(this.settings.apiRoot)).origin)
      throw new ChannelError(
        'refused',
        'Meta named no address of its own for the file, so it was not fetched.',
      );
    const headers = { authorization: `Bearer ${await this.token()}` };
    return callPlatform(this.context, address, { headers }, { platform: PLATFORM });
  }

  private async json(method: string, path: string, { json, form, query, signal }: Call): Promise<unknown> {
    const { apiRoot, apiVersion } = this.settings;
    const token = await this.token();
    const address = new URL(`${apiRoot}/${apiVersion}/${path}`);
    for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value);
    // Without the app secret a stolen token is worth nothing to others, when the app insists on the proof.
    // https://developers.facebook.com/docs/graph-api/guides/secure-requests
    const secret = await this.context.secret('appSecret');
    if (secret) address.searchParams.set('appsecret_proof', hmacSha256(secret, [token], 'hex'));
    const headers = {
      authorization: `Bearer ${token}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const body = form ?? (json === undefined ? undefined : JSON.stringify(json));
    const response = await callPlatform(
      this.context,
      address,
      { method, headers, ...(body === undefined ? {} : { body }) },
      { platform: PLATFORM, tooMany: refused, ...(signal ? { signal } : {}) },
    );
    this.version = response.headers.get('facebook-api-version') ?? this.version;
    if (response.ok) return jsonOf(response);
    throw graphRefusal(response.status, await jsonOf(response, 100_000));
  }

  private async token(): Promise<string> {
    const token = await this.context.secret('accessToken');
    if (token) return token;
    throw new ChannelError(
      'fatal',
      'WhatsApp has no access token. Enter it with “Enter Token…” in the Channels view.',
    );
  }
}

/** An answer of “too many” says of what in its body, and so how long to wait. */
async function refused(response: Response): Promise<ChannelError | undefined> {
  const error = graphRefusal(response.status, await jsonOf(response, 100_000));
  return error.kind === 'rate-limited' ? error : undefined;
}
