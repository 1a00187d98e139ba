import type { Attachment, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { type MessagePart, PartSender } from '../parts';
import { normalAddress, recipientsOf } from './addresses';
import { compose, newId, sameMail } from './compose';
import { Credentials } from './credentials';
import { type EmailSettings, emailDescriptor, emailSettings } from './descriptor';
import { attachmentBytes } from './inbound';
import { Intake } from './intake';
import { Mailbox } from './mailbox';
import { Reader } from './reader';
import { dnsLookups, type LookupSource } from './resolver';
import { Submission } from './smtp';
import { MailState } from './state';
import { Watcher } from './watcher';

/** Tries at sending whose ids are remembered, so that a second copy has the id of the first. */
const TRIES_CAP = 200;
const SUSPICIOUS_CAP = 20;
const NOTHING = '(empty)';

class EmailAdapter implements ChannelAdapter {
  private readonly settings: EmailSettings;
  private readonly us: string;
  private readonly credentials: Credentials;
  private readonly submission: Submission;
  private readonly state: MailState;
  private readonly lookups: LookupSource;
  private readonly parts = new PartSender(emailDescriptor.capabilities);
  private readonly tries = new Map<string, string>();
  private readonly suspicious = new Set<string>();
  private readonly stopped = new AbortController();
  private watcher: Watcher | undefined;

  constructor(private readonly context: AdapterContext) {
    this.settings = emailSettings.parse(context.settings);
    this.us = normalAddress(this.settings.address) ?? '';
    this.credentials = new Credentials(context, this.settings);
    this.submission = new Submission(context, this.settings, this.credentials);
    this.state = new MailState(context.store);
    this.lookups = dnsLookups(this.settings.dnsServers);
  }

  async check(): Promise<ConnectedAccount> {
    this.mustBeSet();
    await Mailbox.check(this.context, this.settings, this.credentials, this.stopped.signal);
    await this.submission.check();
    return this.account();
  }

  async connect(): Promise<ConnectedAccount> {
    this.mustBeSet();
    await this.state.load();
    const { context, settings, us, lookups } = this;
    const intake = new Intake(context, settings, us, lookups, this.state.current?.domains);
    const reader = new Reader(context, settings, this.state, intake);
    const detail = `Connected as ${us}. Watching ${settings.folder}.`;
    const watcher = new Watcher(context, settings, this.credentials, reader, detail);
    this.watcher = watcher;
    await watcher.connect();
    if (this.stopped.signal.aborted)
      throw new ChannelError('temporary', 'Email was disconnected while it was connecting.');
    context.state('online', detail);
    watcher.start();
    return this.account();
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    this.lookups.close();
    this.submission.close();
    await this.watcher?.stop();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(message, (part) => this.sendPart(message, part));
  }

  async download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    const [uidValidity, uid, index] = attachment.platformId.split('.');
    const mailbox = this.watcher?.mailbox;
    if (!mailbox) throw new ChannelError('temporary', 'Email is not connected.');
    const source = mailbox.uidValidity === uidValidity ? await mailbox.source(Number(uid)) : undefined;
    const bytes = source && (await attachmentBytes(source, Number(index)));
    if (!bytes) {
      throw new ChannelError('refused', `The mailbox no longer has “${attachment.name}”.`);
    }
    if (bytes.length > limitBytes) {
      throw new ChannelError(
        'refused',
        `“${attachment.name}” is larger than ${limitBytes} bytes, so it was not fetched.`,
      );
    }
    return bytes;
  }

  /** @returns the id of the mail. */
  private async sendPart(message: OutboundMessage, part: MessagePart): Promise<string> {
    const to = recipientsOf(message.conversation);
    if (!to)
      throw new ChannelError(
        'refused',
        'The conversation is not one of mail addresses, so nothing was sent.',
      );
    const key = sameMail(message, part.text);
    const { inReplyTo } = message;
    const { mail, suspicious } = await compose({
      us: this.us,
      to,
      subjectFilter: this.settings.subjectFilter,
      text: part.text.trim() === '' ? NOTHING : part.text,
      inReplyTo,
      thread: inReplyTo === undefined ? undefined : this.state.thread(inReplyTo),
      files: part.last ? (message.files ?? []) : [],
      id: this.idFor(key),
    });
    await this.submission.send(mail);
    this.tries.delete(key);
    if (suspicious.length > 0) this.tell(suspicious.map(({ host }) => host));
    return mail.id;
  }

  /** When the answer of the server was lost, the mail may have been taken; mail programs show one id once. */
  private idFor(key: string): string {
    const id = this.tries.get(key) ?? newId(this.us);
    this.tries.set(key, id);
    if (this.tries.size > TRIES_CAP) {
      const oldest = this.tries.keys().next().value;
      if (oldest !== undefined) this.tries.delete(oldest);
    }
    return id;
  }

  private tell(hosts: readonly string[]): void {
    for (const host of hosts) if (this.suspicious.size < SUSPICIOUS_CAP) this.suspicious.add(host);
    this.context.report({ suspiciousLinks: [...this.suspicious] });
    void this.context
      .note({
        code: 'suspicious-link',
        text: `A reply carried links that look deceptive, and marked them: ${hosts.join(', ')}.`,
      })
      .catch(() => undefined);
  }

  private account(): ConnectedAccount {
    return { account: this.us, name: this.us, handle: this.us, isBot: null };
  }

  /** @throws ChannelError `fatal` */
  private mustBeSet(): void {
    const { address, imapHost, smtpHost } = this.settings;
    const missing = Object.entries({ address, imapHost, smtpHost })
      .filter(([, value]) => value === '')
      .map(([name]) => `cowork.channels.email.${name}`);
    if (missing.length === 0) return;
    throw new ChannelError(
      'fatal',
      `Email does not know its mailbox yet. Set ${missing.join(' and ')}, then connect again.`,
    );
  }
}

export const createAdapter: AdapterFactory = (context) => new EmailAdapter(context);
