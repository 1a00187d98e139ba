import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';
import { ToldToWait } from '../told-to-wait';
import { accept, argumentsOf, type Refusal, refuse } from './http';
import { LongPoll } from './long-poll';
import { type entity, type keyboard, METHODS } from './methods';
import { groupMessage, privateMessage } from './people';
import { WebhookCaller } from './webhook-caller';

/**
 * A Bot API server that refuses what the real one refuses. Written from
 *   https://core.telegram.org/bots/api#making-requests   addresses, answers, error codes, retry_after
 *   https://core.telegram.org/bots/api#getupdates         offset, long polling, one poller at a time, no webhook
 *   https://core.telegram.org/bots/api#sendmessage        1–4096 characters, entities, reply parameters
 *   https://core.telegram.org/bots/api#inlinekeyboardbutton  1–64 bytes of callback data
 *   https://core.telegram.org/bots/api#setwebhook         secret_token, X-Telegram-Bot-Api-Secret-Token, repetitions
 *   https://core.telegram.org/bots/api#senddocument       multipart/form-data, 50 MB
 *   https://core.telegram.org/bots/api#getfile            /file/bot<token>/<file_path>, 20 MB
 */
export const TOKEN = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX';
export const BOT = {
  id: 110201543,
  is_bot: true,
  first_name: 'Work Bot',
  username: 'our_work_bot',
  can_join_groups: true,
  can_read_all_group_messages: false,
  supports_inline_queries: false,
};

type Json = Record<string, unknown>;
/** What is wrong with every call at the moment. */
export type Trouble = 'down' | 'error' | 'rate-limit';
export interface SentMessage extends Json {
  message_id: number;
  chat_id: string;
  text: string;
  entities?: z.output<typeof entity>[];
  reply_parameters?: { message_id: number };
  reply_markup?: z.output<typeof keyboard>;
  document?: { name: string; bytes: Buffer };
  edited?: true;
}
/** `pass`: as if nothing had been planned for this call. `lost`: done, but the line breaks before the answer. */
export type Planned = Refusal | 'garbage' | 'drop' | 'lost' | 'pass';
export class BotApi extends HttpPeer<Trouble> {
  readonly sent: SentMessage[] = [];
  readonly calls: { method: string; params: Json }[] = [];
  readonly answered: string[] = [];
  /** Chats that the bot may write to: whoever wrote to it, and groups it was put into. */
  readonly chats = new Set<string>();
  readonly files = new Map<string, Buffer>();
  token = TOKEN;
  me: Json = { ...BOT };
  webhook = false;
  readonly caller = new WebhookCaller(
    () => (this.trouble === 'down' || !this.isRunning ? undefined : this.queue[0]),
    () => void this.queue.shift(),
    () => this.speed,
  );
  /** Conversations in which the bot is shown to be typing, in order. */
  readonly typed: string[] = [];
  /** Answers the next calls of a method with these, first to last. */
  private readonly planned = new Map<string, Planned[]>();
  private readonly told = new ToldToWait();
  private queue: { update_id: number; kind: string; body: Json }[] = [];
  /** Ids are given once, also by the next server of a test. */
  private nextUpdate = Math.floor(Date.now() / 1000);
  /** A test that starts a second server of one bot lets it go on with other numbers. */
  nextMessage = 1;
  private readonly poll = new LongPoll(this.problems);

  get root(): string {
    return `http://${this.host}`;
  }

  override async stop(): Promise<void> {
    this.caller.stop();
    await super.stop();
  }

  /** Answers the call for updates that is open, or else the next, with what is not of the protocol. */
  garble(): void {
    if (this.poll.isOpen) this.poll.end('garbled');
    else this.plan('getUpdates', 'garbage');
  }

  /** The call for updates that is open is never answered, whatever comes. */
  stall(): void {
    this.poll.end('dead');
  }

  /** The token is no longer the bot's. */
  revoke(): void {
    this.token = TOKEN.replace('AAH', 'BBB');
    this.cut();
  }

  /** The answer to the next sending is lost. */
  get loseAnswer(): boolean {
    return this.planned.get('sendMessage')?.includes('lost') ?? false;
  }

  set loseAnswer(lost: boolean) {
    if (lost) this.plan('sendMessage', 'lost');
  }

  plan(method: string, ...answers: Planned[]): void {
    this.planned.set(method, [...(this.planned.get(method) ?? []), ...answers]);
  }

  flood(method: string, seconds: number): void {
    this.plan(method, {
      code: 429,
      description: `Too Many Requests: retry after ${seconds}`,
      parameters: { retry_after: seconds },
    });
  }

  /** Updates that were not confirmed yet. */
  get unconfirmed(): number {
    return this.queue.length;
  }

  push(kind: string, body: Json): number {
    const update_id = this.nextUpdate++;
    this.queue.push({ update_id, kind, body });
    this.poll.end('over');
    this.caller.wake();
    return update_id;
  }

  /** Somebody writes in a private chat. */
  dm(from: number, text: string, extra: Json = {}): Json {
    this.chats.add(String(from));
    const message = privateMessage(this.nextMessage++, from, text, extra);
    this.push('message', message);
    return message;
  }

  /** Somebody writes in a group. */
  group(chat: number, from: number, text: string, extra: Json = {}): Json {
    this.chats.add(String(chat));
    const message = groupMessage(this.nextMessage++, chat, from, text, extra);
    this.push('message', message);
    return message;
  }

  /** Somebody presses a button of a message of ours. */
  press(from: number, message: SentMessage, data: string, chat: Json): string {
    const id = String(7_000_000 + this.nextMessage++);
    this.push('callback_query', {
      id,
      chat_instance: '1',
      from: { id: from, is_bot: false, first_name: `User ${from}` },
      data,
      message: {
        message_id: message.message_id,
        date: 1_700_000_000,
        chat,
        from: this.me,
        text: message.text,
      },
    });
    return id;
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const parts = /^\/(file\/)?bot([^/]+)\/(.+)$/.exec(request.url ?? '');
    const body = await bodyOf(request);
    this.requests += 1;
    if (!parts) return refuse(response, { code: 404, description: 'Not Found' });
    const [, file, token, method = ''] = parts;
    if (token !== this.token) return refuse(response, { code: 401, description: 'Unauthorized' });
    if (file) {
      const bytes = this.files.get(method);
      response.writeHead(bytes ? 200 : 404);
      response.end(bytes);
      return;
    }
    if (!(method in METHODS)) return refuse(response, { code: 404, description: 'Not Found' });
    const name = method as keyof typeof METHODS;
    const parsed = METHODS[name].safeParse(await argumentsOf(request, body));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      return refuse(response, {
        code: 400,
        description: `Bad Request: ${issue?.path.join('.')} ${issue?.message}`,
      });
    }
    const params = parsed.data as Json;
    if (params.document instanceof File) {
      const bytes = Buffer.from(await params.document.arrayBuffer());
      params.document = { name: params.document.name, bytes };
    }
    this.calls.push({ method: name, params });
    const refusal = this.refusalNow(name);
    if (refusal) return refuse(response, refusal);
    const planned = this.planned.get(name)?.shift();
    if (planned === 'drop') {
      request.socket.destroy();
      return;
    }
    if (planned === 'garbage') {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<html>Bad Gateway</html>');
      return;
    }
    if (planned === 'lost') {
      response.end = () => {
        request.socket.destroy();
        return response;
      };
    }
    if (planned && planned !== 'pass' && planned !== 'lost') return refuse(response, planned);
    await this.answer(name, params, request, response);
  }

  private refusalNow(method: string): Refusal | undefined {
    if (method.startsWith('send') && this.told.isTooEarly())
      this.problems.push(`${method} before the time that it was told to wait for`);
    if (this.trouble === 'error') return { code: 500, description: 'Internal Server Error' };
    if (this.trouble !== 'rate-limit') return undefined;
    // Half of it, so that a timer that fires a little early is not taken for haste.
    if (method.startsWith('send')) this.told.tell(500 / this.speed);
    return { code: 429, description: 'Too Many Requests: retry after 1', parameters: { retry_after: 1 } };
  }

  private async answer(
    method: string,
    params: Json,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<unknown> {
    switch (method) {
      case 'getMe':
        return accept(response, this.me);
      case 'getUpdates':
        return this.getUpdates(params, request, response);
      case 'sendMessage':
      case 'editMessageText':
        return this.text(method, params, response);
      case 'sendDocument':
        return this.document(params, response);
      case 'sendChatAction':
        if (!this.chats.has(String(params.chat_id)))
          return refuse(response, { code: 400, description: 'Bad Request: chat not found' });
        this.typed.push(String(params.chat_id));
        return accept(response, true);
      case 'setWebhook':
        this.webhook = true;
        this.caller.set(String(params.url), String(params.secret_token));
        return accept(response, true);
      case 'deleteWebhook':
        this.webhook = false;
        this.caller.stop();
        return accept(response, true);
      case 'answerCallbackQuery':
        this.answered.push(String(params.callback_query_id));
        return accept(response, true);
      case 'getFile': {
        const path = `documents/${String(params.file_id)}`;
        const bytes = this.files.get(path);
        if (!bytes) return refuse(response, { code: 400, description: 'Bad Request: invalid file_id' });
        return accept(response, {
          file_id: params.file_id,
          file_unique_id: 'u',
          file_size: bytes.length,
          file_path: path,
        });
      }
    }
  }

  private async getUpdates(
    params: Json,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<unknown> {
    if (this.webhook) {
      return refuse(response, {
        code: 409,
        description:
          "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      });
    }
    this.poll.replace();
    const offset = Number(params.offset ?? 0);
    this.queue = this.queue.filter(({ update_id }) => update_id >= offset);
    const allowed = (params.allowed_updates as string[] | undefined) ?? [];
    this.queue = this.queue.filter(({ kind }) => allowed.length === 0 || allowed.includes(kind));
    const timeout = Number(params.timeout ?? 0);
    const end =
      this.queue.length === 0 && timeout > 0
        ? await this.poll.hold(request.socket, (timeout * 1000) / this.speed)
        : 'over';
    if (end === 'dead') return;
    if (end === 'garbled') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"ok":true,"result":[{"upd');
      return;
    }
    if (end === 'conflict') {
      return refuse(response, {
        code: 409,
        description:
          'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
      });
    }
    const batch = this.queue.slice(0, Number(params.limit ?? 100));
    accept(
      response,
      batch.map(({ update_id, kind, body }) => ({ update_id, [kind]: body })),
    );
  }

  private document(params: Json, response: ServerResponse): unknown {
    const chat = String(params.chat_id);
    const file = params.document as { name: string; bytes: Buffer };
    if (!this.chats.has(chat))
      return refuse(response, { code: 400, description: 'Bad Request: chat not found' });
    const message: SentMessage = { message_id: this.nextMessage++, chat_id: chat, text: '', document: file };
    this.sent.push(message);
    accept(response, { message_id: message.message_id, date: 1_700_000_000, chat: { id: Number(chat) } });
  }

  private text(method: string, params: Json, response: ServerResponse): unknown {
    const bad = (description: string) =>
      refuse(response, { code: 400, description: `Bad Request: ${description}` });
    const text = String(params.text);
    const chat = String(params.chat_id);
    if (!this.chats.has(chat)) return bad('chat not found');
    if (text.trim() === '') return bad('message text is empty');
    if (text.length > 4096) return bad('message is too long');
    for (const { offset, length } of (params.entities as z.output<typeof entity>[] | undefined) ?? []) {
      if (offset + length > text.length) return bad('entity is out of the text');
    }
    if (method === 'editMessageText') {
      const earlier = this.sent.find(({ message_id }) => message_id === params.message_id);
      if (!earlier) return bad('message to edit not found');
      if (
        earlier.text === text &&
        JSON.stringify(earlier.reply_markup) === JSON.stringify(params.reply_markup)
      ) {
        return bad(
          'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
        );
      }
      Object.assign(earlier, {
        text,
        entities: params.entities,
        reply_markup: params.reply_markup,
        edited: true,
      });
      return accept(response, {
        message_id: earlier.message_id,
        date: 1_700_000_000,
        chat: { id: Number(chat) },
        text,
      });
    }
    const message = { ...params, chat_id: chat, message_id: this.nextMessage++ } as SentMessage;
    this.sent.push(message);
    accept(response, {
      message_id: message.message_id,
      date: 1_700_000_000,
      chat: { id: Number(chat) },
      text,
    });
  }
}
