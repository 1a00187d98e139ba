import * as z from 'zod';
import type { Attachment, OutboundFile, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { type MessagePart, PartSender } from '../parts';
import { StandingConnection } from '../standing';
import {
  failureOf,
  PLATFORM,
  type SignalAccount,
  SignalClient,
  sendResult,
  UUID,
  untrustedIn,
} from './client';
import { type SignalSettings, signalDescriptor, signalSettings } from './descriptor';
import { openEvents } from './events';
import { Feed } from './feed';
import { MESSAGE_BYTES, styled } from './format';
import { Identities } from './identities';
import { fromMessageId, messageId } from './inbound';
import { RecentMessages } from './memory';

/** Milliseconds between two looks at everybody's safety number and at the folder of keys. */
const LOOK_EVERY_MS = 300_000;
const attachmentData = z.looseObject({ data: z.string() });

class SignalAdapter implements ChannelAdapter {
  private readonly settings: SignalSettings;
  private readonly client: SignalClient;
  private readonly parts = new PartSender(
    signalDescriptor.capabilities,
    (text) => Buffer.byteLength(text) <= MESSAGE_BYTES,
  );
  private readonly recent = new RecentMessages();
  private readonly stopped = new AbortController();
  private standing: StandingConnection | undefined;
  private feed: Feed | undefined;
  private identities: Identities | undefined;
  private me: SignalAccount | undefined;
  private timer: { dispose(): void } | undefined;

  constructor(private readonly context: AdapterContext) {
    this.settings = signalSettings.parse(context.settings);
    this.client = new SignalClient(context, this.settings);
  }

  async check(): Promise<ConnectedAccount> {
    return accountOf(await this.client.account());
  }

  async connect(): Promise<ConnectedAccount> {
    const { signal } = this.stopped;
    const me = await this.client.account(signal);
    this.me = me;
    const detail = `Connected as ${nameOf(me)}.`;
    const identities = new Identities(this.context, this.client, me.uuid);
    this.identities = identities;
    await identities.open();
    await this.look(identities);
    const feed = new Feed(
      this.context,
      identities,
      this.recent,
      { me: me.uuid, settings: this.settings },
      signal,
      () => detail,
    );
    this.feed = feed;
    await feed.open();
    this.standing = new StandingConnection(
      this.context,
      PLATFORM,
      async (wanted) => {
        const connection = await openEvents(
          this.context,
          this.client.eventsUrl,
          feed.next(),
          wanted,
          (event) => feed.take(event),
        );
        feed.opened();
        return connection;
      },
      () => detail,
    );
    await this.standing.start();
    this.context.state('online', detail);
    this.lookLater(identities);
    return accountOf(me);
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    this.timer?.dispose();
    const { standing, feed } = this;
    this.standing = undefined;
    this.feed = undefined;
    await standing?.stop();
    await feed?.close();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(message, (part) => this.sendPart(message, part));
  }

  async typing(conversation: string): Promise<void> {
    await this.client.call('sendTyping', placeOf(conversation));
  }

  async download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    const space = attachment.platformId.lastIndexOf(' ');
    const place = placeOf(attachment.platformId.slice(0, space));
    const id = attachment.platformId.slice(space + 1);
    const tooLarge = () =>
      new ChannelError(
        'refused',
        `“${attachment.name}” is larger than ${limitBytes} bytes, so it was not fetched.`,
      );
    if (attachment.size > limitBytes) throw tooLarge();
    // Four characters for three bytes, and what stands around them.
    const capBytes = Math.ceil((limitBytes / 3) * 4) + 10_000;
    const parsed = attachmentData.safeParse(
      await this.client.call('getAttachment', { id, ...place }, { capBytes }),
    );
    if (!parsed.success)
      throw new ChannelError('refused', `Signal’s daemon did not hand out “${attachment.name}”.`);
    const bytes = Buffer.from(parsed.data.data, 'base64');
    if (bytes.length > limitBytes) throw tooLarge();
    return bytes;
  }

  /** @returns Our id of the message. */
  private async sendPart(message: OutboundMessage, { text, first, last }: MessagePart): Promise<string> {
    const { conversation } = message;
    const { text: said, styles } = styled(text, message.format);
    const now = this.context.clock.now();
    const body = {
      message: said,
      ...(styles.length > 0 ? { textStyle: styles } : {}),
    };
    if (first && message.edits !== undefined) {
      const target = this.recent.editable(message.edits, conversation, now);
      if (target !== undefined) {
        const timestamp = await this.deliver(conversation, { ...body, editTimestamp: target });
        this.recent.edited(message.edits, timestamp, said);
        return message.edits;
      }
    }
    const attachments: string[] = [];
    if (last) for (const file of message.files ?? []) attachments.push(await dataUri(file));
    const timestamp = await this.deliver(conversation, {
      ...body,
      // Signal refuses what is empty.
      ...(said.trim() === '' && attachments.length === 0 ? { message: '…' } : {}),
      ...(first ? this.quote(message.inReplyTo) : {}),
      ...(attachments.length > 0 ? { attachments } : {}),
    });
    const id = messageId(this.me?.uuid ?? '', timestamp);
    this.recent.sent(id, { conversation, text: said, timestamp, at: now });
    return id;
  }

  /** @returns When it was sent, by which Signal knows it. @throws ChannelError */
  private async deliver(conversation: string, body: Readonly<Record<string, unknown>>): Promise<number> {
    const place = placeOf(conversation);
    let result: z.output<typeof sendResult>;
    try {
      result = sendResult.parse(await this.client.call('send', { ...place, ...body }));
    } catch (error) {
      if (untrustedIn(error)) await this.lookNow();
      if (error instanceof ChannelError) throw error;
      throw new ChannelError('temporary', 'Signal’s daemon did not confirm the message.');
    }
    if (result.results.some(({ type }) => type === 'IDENTITY_FAILURE')) await this.lookNow();
    const failure = failureOf(result);
    if (failure) throw failure;
    if (result.timestamp === undefined)
      throw new ChannelError('temporary', 'Signal’s daemon did not confirm the message.');
    return result.timestamp;
  }

  private quote(inReplyTo: string | undefined): Record<string, unknown> {
    const quoted = inReplyTo === undefined ? undefined : fromMessageId(inReplyTo);
    if (!quoted || inReplyTo === undefined) return {};
    return {
      quoteTimestamp: quoted.timestamp,
      quoteAuthor: quoted.author,
      quoteMessage: this.recent.textOf(inReplyTo),
    };
  }

  /** Somebody's key is not trusted: a sending has shown it. */
  private async lookNow(): Promise<void> {
    await this.identities?.checkAll().catch(() => undefined);
  }

  /** @throws ChannelError */
  private async look(identities: Identities): Promise<void> {
    await this.lookAtFolder();
    await identities.checkAll().catch((error: unknown) => {
      if (error instanceof ChannelError) throw error;
      throw new ChannelError(
        'temporary',
        'Signal’s daemon does not say which safety numbers it knows. It is tried again.',
      );
    });
  }

  private lookLater(identities: Identities): void {
    if (this.stopped.signal.aborted) return;
    this.timer = this.context.clock.after(LOOK_EVERY_MS, () => {
      this.look(identities)
        .catch(() => this.context.log.debug('Signal: the safety numbers could not be looked at.'))
        .finally(() => this.lookLater(identities));
    });
  }

  private async lookAtFolder(): Promise<void> {
    const { machine } = this.context;
    const path = this.settings.dataDirectory.replace(/^~(?=$|[\\/])/, machine.home);
    const found = await machine.rightsOf(path);
    this.context.report(
      found
        ? {
            dataDirectory: found.path,
            openToOthers: found.openToOthers,
            insideWorkspace: found.insideWorkspace,
            syncedBy: found.syncedBy ?? null,
          }
        : { dataDirectory: null },
    );
  }
}

function placeOf(conversation: string): { recipient: readonly string[] } | { groupId: string } {
  return UUID.test(conversation) ? { recipient: [conversation] } : { groupId: conversation };
}

/** RFC 2397, with the name that it is to have. */
async function dataUri(file: OutboundFile): Promise<string> {
  const type = /^[\w.+-]+\/[\w.+-]+$/.test(file.mediaType) ? file.mediaType : 'application/octet-stream';
  const bytes = Buffer.from(await file.read()).toString('base64');
  return `data:${type};filename=${encodeURIComponent(file.name)};base64,${bytes}`;
}

function nameOf({ number, uuid }: SignalAccount): string {
  return number || uuid;
}

function accountOf(account: SignalAccount): ConnectedAccount {
  return { account: account.uuid, name: nameOf(account), isBot: null };
}

export const createAdapter: AdapterFactory = (context) => new SignalAdapter(context);
