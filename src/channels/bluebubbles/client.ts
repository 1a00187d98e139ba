import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import { type ServerMessage, serverMessage } from './inbound';

export const PLATFORM = 'BlueBubbles';

const info = z.looseObject({
  server_version: z.string().default(''),
  detected_imessage: z.string().nullish(),
  detected_icloud: z.string().nullish(),
});
export type ServerInfo = z.output<typeof info>;

const update = z.looseObject({ available: z.boolean() });
const hook = z.looseObject({ id: z.number(), url: z.string() });
const sent = z.looseObject({ guid: z.string().min(1) });
const list = z.array(z.unknown());
/** Every answer: https://docs.bluebubbles.app/server/developer-guides/rest-api-and-webhooks#response-format */
const envelope = z.looseObject({ data: z.unknown() }).catch({ data: undefined });
const refusal = z
  .looseObject({ error: z.looseObject({ error: z.string().default('') }).optional() })
  .catch({});

interface Call {
  readonly json?: unknown;
  readonly form?: FormData;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** Messages that one question for what was missed brings at most. */
const PAGE = 200;
/** Milliseconds that sending may take: the server waits until Messages has the message. */
const SEND_TIMEOUT_MS = 120_000;

/** The REST API. The password is put into the address when a request is sent, for the server takes it nowhere else. */
export class BlueBubblesClient {
  constructor(
    private readonly context: AdapterContext,
    private readonly serverUrl: string,
  ) {}

  async info(signal?: AbortSignal): Promise<ServerInfo> {
    const parsed = info.safeParse(await this.data('GET', 'server/info', signal ? { signal } : {}));
    if (parsed.success) return parsed.data;
    throw new ChannelError(
      'temporary',
      'What answers at the address of BlueBubbles is not BlueBubbles. Check “cowork.channels.bluebubbles.serverUrl”; it is tried again.',
    );
  }

  /** Whether the server knows of a newer version of itself; undefined when it does not say. */
  async updateAvailable(): Promise<boolean | undefined> {
    const parsed = update.safeParse(await this.data('GET', 'server/update/check').catch(() => undefined));
    return parsed.success ? parsed.data.available : undefined;
  }

  /** The message as the server has it; undefined when it has none of that number. @throws ChannelError */
  async message(guid: string): Promise<ServerMessage | undefined> {
    const query = { with: 'chats,attachments' };
    const response = await this.call('GET', `message/${encodeURIComponent(guid)}`, { query });
    if (response.status === 404) return undefined;
    const parsed = serverMessage.safeParse(await this.read(response));
    return parsed.success && parsed.data.guid === guid ? parsed.data : undefined;
  }

  /** What was said since then, oldest first. Milliseconds since the epoch. @throws ChannelError */
  async since(after: number, signal: AbortSignal): Promise<readonly ServerMessage[]> {
    const found: ServerMessage[] = [];
    for (let offset = 0; ; offset += PAGE) {
      const json = { after, offset, limit: PAGE, sort: 'ASC', with: ['chats', 'attachments'] };
      const page = list.safeParse(await this.data('POST', 'message/query', { json, signal }));
      if (!page.success) return found;
      for (const one of page.data) {
        const parsed = serverMessage.safeParse(one);
        if (parsed.success) found.push(parsed.data);
      }
      if (page.data.length < PAGE) return found;
    }
  }

  async webhooks(timeoutMs?: number): Promise<readonly { id: number; url: string }[]> {
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    const all = list.safeParse(await this.data('GET', 'webhook', options));
    return (all.success ? all.data : []).flatMap((one) => {
      const parsed = hook.safeParse(one);
      return parsed.success ? [parsed.data] : [];
    });
  }

  async addWebhook(url: string): Promise<void> {
    await this.data('POST', 'webhook', { json: { url, events: ['new-message'] } });
  }

  async removeWebhook(id: number, timeoutMs?: number): Promise<void> {
    await this.data('DELETE', `webhook/${id}`, timeoutMs === undefined ? {} : { timeoutMs });
  }

  /** @returns the server's number of the message. @throws ChannelError */
  async sendText(chatGuid: string, message: string): Promise<string> {
    const json = { chatGuid, tempGuid: `temp-${randomUUID()}`, message, method: 'apple-script' };
    return numberOf(await this.data('POST', 'message/text', { json, timeoutMs: SEND_TIMEOUT_MS }));
  }

  /** @returns the server's number of the message. @throws ChannelError */
  async sendFile(chatGuid: string, name: string, mediaType: string, bytes: Uint8Array): Promise<string> {
    const form = new FormData();
    form.set('chatGuid', chatGuid);
    form.set('tempGuid', `temp-${randomUUID()}`);
    form.set('name', name);
    form.set('method', 'apple-script');
    form.set('attachment', new Blob([Uint8Array.from(bytes)], { type: mediaType }), name);
    return numberOf(await this.data('POST', 'message/attachment', { form, timeoutMs: SEND_TIMEOUT_MS }));
  }

  file(guid: string): Promise<Response> {
    return this.call('GET', `attachment/${encodeURIComponent(guid)}/download`, {
      query: { original: 'true' },
    });
  }

  private async data(method: string, path: string, options: Call = {}): Promise<unknown> {
    return this.read(await this.call(method, path, options));
  }

  private async read(response: Response): Promise<unknown> {
    if (response.ok) return envelope.parse(await jsonOf(response)).data;
    const said = refusal.parse(await jsonOf(response, 100_000)).error?.error ?? '';
    throw new ChannelError(
      'refused',
      `BlueBubbles did not take it (${response.status})${said ? `: ${said.slice(0, 200)}` : ''}.`,
    );
  }

  private async call(method: string, path: string, options: Call): Promise<Response> {
    const { json, form, query, signal, timeoutMs } = options;
    const password = await this.context.secret('password');
    if (!password) {
      throw new ChannelError(
        'fatal',
        'BlueBubbles has no password. Enter it with “Enter Token…” in the Channels view.',
      );
    }
    const address = new URL(`${this.serverUrl}/api/v1/${path}`);
    for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value);
    address.searchParams.set('password', password);
    const body = form ?? (json === undefined ? undefined : JSON.stringify(json));
    const response = await callPlatform(
      this.context,
      address,
      {
        method,
        redirect: 'error',
        ...(json === undefined ? {} : { headers: { 'content-type': 'application/json' } }),
        ...(body === undefined ? {} : { body }),
      },
      {
        platform: PLATFORM,
        ...(signal ? { signal } : {}),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
    );
    if (response.status === 401 || response.status === 403) {
      throw new ChannelError(
        'fatal',
        'The BlueBubbles server refused the password. Copy the one under Connection on the Mac and enter it again.',
      );
    }
    return response;
  }
}

function numberOf(data: unknown): string {
  const parsed = sent.safeParse(data);
  if (parsed.success) return parsed.data.guid;
  throw new ChannelError('temporary', 'BlueBubbles did not confirm the message.');
}
