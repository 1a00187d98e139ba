import * as z from 'zod';
import type { Attachment, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { PartSender } from '../parts';
import { richText } from '../rich';
import { type Standing, StandingConnection } from '../standing';
import { type ImessageSettings, imessageDescriptor, imessageSettings } from './descriptor';
import { Feed } from './feed';
import { Imsg, notRunning, PLATFORM } from './imsg';

/** Milliseconds between two signs of life that are asked for. */
const ASK_EVERY_MS = 30_000;
/** Conversations that are looked at once to find the newest message. */
const CHATS = 20;

const chats = z.looseObject({ chats: z.array(z.looseObject({ id: z.number() })) });
const history = z.looseObject({ messages: z.array(z.looseObject({ id: z.number() })) });
const sent = z.looseObject({ guid: z.string().optional() }).catch({});

class ImessageAdapter implements ChannelAdapter {
  private readonly settings: ImessageSettings;
  private readonly parts = new PartSender(imessageDescriptor.capabilities);
  private readonly stopped = new AbortController();
  private standing: StandingConnection | undefined;
  private feed: Feed | undefined;
  private imsg: Imsg | undefined;
  private count = 0;
  /** Times that imsg was started. */
  private starts = 0;

  constructor(private readonly context: AdapterContext) {
    this.settings = imessageSettings.parse(context.settings);
  }

  /** There is nothing to ask before imsg runs: the account is what the person set. */
  async check(): Promise<ConnectedAccount> {
    return this.account;
  }

  async connect(): Promise<ConnectedAccount> {
    const detail = `Connected as ${this.settings.account}.`;
    const feed = new Feed(this.context, this.settings, {
      onlineDetail: detail,
      overflow: () => this.imsg?.close(),
    });
    this.feed = feed;
    this.standing = new StandingConnection(
      this.context,
      PLATFORM,
      (signal) => this.run(feed, signal),
      () => detail,
    );
    await this.standing.start();
    this.context.state('online', detail);
    return this.account;
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    const { standing, feed, imsg } = this;
    this.standing = undefined;
    this.feed = undefined;
    imsg?.close();
    await standing?.stop();
    await imsg?.ended;
    await feed?.close();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    const { conversation } = message;
    return this.parts.send(
      message,
      ({ text }) => this.say(conversation, { text: plain(text, message.format) || '…' }),
      // imsg copies it into the folder of Messages before it answers.
      async ({ name, read }) =>
        this.context.withFile(name, await read(), (file) => this.say(conversation, { file })),
    );
  }

  download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    return this.context.readFile(attachment.platformId, limitBytes);
  }

  /** @returns an id of it, which imsg may not give. @throws ChannelError */
  private async say(
    conversation: string,
    what: { readonly text: string } | { readonly file: string },
  ): Promise<string> {
    const { imsg } = this;
    if (!imsg) throw notRunning();
    // A group is known by its own id, a person by their handle.
    const place = conversation.includes(';')
      ? { chat_guid: conversation }
      : { to: conversation, service: 'imessage' };
    const answer = sent.parse(await imsg.call('send', { ...place, ...what }));
    this.count += 1;
    return answer.guid ?? `sent-${this.context.clock.now()}-${this.count}`;
  }

  private get account(): ConnectedAccount {
    const { account } = this.settings;
    return { account, name: account, isBot: null };
  }

  /** Starts imsg and what it is to tell. @throws ChannelError */
  private async run(feed: Feed, signal: AbortSignal): Promise<Standing> {
    // What the last one told is done with first, so that nothing is asked for twice.
    await feed.settle();
    const imsg = new Imsg(this.context, this.settings.program, (method, params) => {
      if (method === 'message') feed.take(params);
      // The watch itself has failed: only a new one tells more.
      if (method === 'error') imsg.close();
    });
    const stop = () => imsg.close();
    signal.addEventListener('abort', stop, { once: true });
    this.imsg = imsg;
    const life = new SignOfLife(this.context, imsg);
    try {
      await imsg.start();
      await feed.open(() => newest(imsg));
      await imsg.call('watch.subscribe', { since_rowid: feed.since, attachments: true });
      this.starts += 1;
      this.context.report({ starts: this.starts });
    } catch (error) {
      signal.removeEventListener('abort', stop);
      imsg.close();
      await imsg.ended;
      if (error instanceof ChannelError) throw error;
      throw new ChannelError(
        'temporary',
        'What was started does not answer as imsg does. It is tried again.',
      );
    }
    life.start();
    const ended = imsg.ended.then(() => {
      signal.removeEventListener('abort', stop);
      life.end();
    });
    return { ended, close: stop };
  }
}

/** Asks now and then: a program that hangs does not say so. */
class SignOfLife {
  private timer: { dispose(): void } | undefined;
  private over = false;

  constructor(
    private readonly context: Pick<AdapterContext, 'clock'>,
    private readonly imsg: Imsg,
  ) {}

  start(): void {
    if (this.over) return;
    this.timer = this.context.clock.after(ASK_EVERY_MS, () => {
      // Without an answer it ends itself.
      this.imsg
        .call('chats.list', { limit: 1 })
        .catch(() => undefined)
        .finally(() => this.start());
    });
  }

  end(): void {
    this.over = true;
    this.timer?.dispose();
  }
}

/** The row of the newest message there is, so that nothing from before is heard. @throws ChannelError */
async function newest(imsg: Imsg): Promise<number> {
  const found = chats.parse(await imsg.call('chats.list', { limit: CHATS }));
  let row = 0;
  for (const { id } of found.chats) {
    const { messages } = history.parse(await imsg.call('messages.history', { chat_id: id, limit: 1 }));
    row = messages.reduce((most, one) => Math.max(most, one.id), row);
  }
  return row;
}

/** Messages shows no markup, so nothing is made of it, and fences are left out. */
function plain(source: string, format: OutboundMessage['format']): string {
  let text = '';
  let afterBlock = false;
  for (const part of richText(source, format)) {
    const block = part.kind === 'block';
    if ((block || afterBlock) && text !== '' && !text.endsWith('\n') && !part.text.startsWith('\n'))
      text += '\n';
    text += part.text;
    afterBlock = block;
  }
  return text;
}

export const createAdapter: AdapterFactory = (context) => new ImessageAdapter(context);
