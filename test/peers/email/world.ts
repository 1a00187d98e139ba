import { randomUUID } from 'node:crypto';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { CERTIFICATE } from './certificate';
import { Dovecot } from './dovecot';
import { Records, SELECTOR } from './records';
import { Relay } from './relay';
import { SubmissionServer } from './submission';

export const BOT = 'bot@team.example';
export const PASSWORD = 'correct-horse-battery';
/** The server that takes mail for the bot's domain. */
export const OUR_MX = 'mx.team.example';

/** How a message comes to the mailbox. */
export interface Delivery extends Omit<SendMailOptions, 'from'> {
  readonly from?: string | { readonly name: string; readonly address: string };
  /** The domain that signs it; `false` for none. The From domain when absent. */
  readonly signedBy?: string | false;
  readonly skipFields?: string;
  /** What happens to the bytes after they were signed. */
  readonly onTheWay?: (raw: string) => string;
  /** The envelope's sender, for Return-Path. */
  readonly mailFrom?: string;
  /** The address that handed it to our server. */
  readonly ip?: string;
  /** Lines that stand above what the sender wrote, instead of those of our server. */
  readonly trace?: string;
  /** Milliseconds since the epoch; now when absent. */
  readonly arrived?: number;
}

/** Mail as it is: a mailbox in a real IMAP server, a server that takes replies, and the DNS of the senders' domains. */
export class MailWorld {
  readonly imap = new Dovecot(BOT, PASSWORD);
  readonly smtp = new SubmissionServer(BOT, PASSWORD);
  readonly dns = new Records();
  readonly imapWire = new Relay(0);
  readonly smtpWire = new Relay(0);
  private readonly keys = new Map<string, string>();

  async start(): Promise<void> {
    await Promise.all([this.imap.start(), this.smtp.start(), this.dns.start()]);
    this.imapWire.pointTo(this.imap.ports.imaps);
    this.smtpWire.pointTo(this.smtp.port);
    await Promise.all([this.imapWire.start(), this.smtpWire.start()]);
    this.domain('people.example', { spf: 'v=spf1 ip4:192.0.2.7 -all' });
    this.domain('other.example');
    this.domain('team.example');
  }

  async stop(): Promise<void> {
    await Promise.all([this.imapWire.stop(), this.smtpWire.stop()]);
    await Promise.all([this.imap.stop(), this.smtp.stop(), this.dns.stop()]);
  }

  /** A domain of senders, with its records. */
  domain(name: string, more: Parameters<Records['publish']>[1] = {}): void {
    this.keys.set(name, this.dns.publish(name, more));
  }

  /** The private key with which a domain signs. */
  keyOf(domain: string): string {
    const key = this.keys.get(domain);
    if (key === undefined) throw new Error(`there is no domain ${domain}`);
    return key;
  }

  settings(): Record<string, unknown> {
    return {
      address: BOT,
      imapHost: '127.0.0.1',
      imapPort: this.imapWire.port,
      smtpHost: '127.0.0.1',
      smtpPort: this.smtpWire.port,
      certificate: CERTIFICATE,
      dnsServers: [`127.0.0.1:${this.dns.port}`],
    };
  }

  secrets(): Record<string, string> {
    return { password: PASSWORD };
  }

  /** The bytes of a message, signed as its domain does. */
  async compose(delivery: Delivery): Promise<Buffer> {
    const { signedBy, skipFields, onTheWay, mailFrom, ip, trace, arrived, ...mail } = delivery;
    const author = mail.from ?? 'ann@people.example';
    const from = typeof author === 'string' ? author : author.address;
    const domain = signedBy ?? /@([^>\s]+)>?$/.exec(from)?.[1] ?? '';
    const key = domain === false ? undefined : this.keys.get(domain);
    if (domain !== false && key === undefined) throw new Error(`there is no domain ${domain}`);
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
    const { message } = await transport.sendMail({
      to: BOT,
      subject: '[cowork] hello',
      date: new Date(arrived ?? Date.now()),
      ...mail,
      from: author,
      ...(key && domain
        ? {
            dkim: {
              domainName: domain,
              keySelector: SELECTOR,
              privateKey: key,
              ...(skipFields ? { skipFields } : {}),
            },
          }
        : {}),
    });
    const raw = (message as Buffer).toString('latin1');
    const above =
      trace ??
      `Return-Path: <${mailFrom ?? from.replace(/^.*<|>$/g, '')}>\r\nReceived: from mail.sender.example (mail.sender.example [${ip ?? '198.51.100.9'}]) by ${OUR_MX} with ESMTPS id ${randomUUID().slice(0, 8)}; ${new Date(arrived ?? Date.now()).toUTCString()}\r\n`;
    return Buffer.from(above + (onTheWay ? onTheWay(raw) : raw), 'latin1');
  }

  /** @returns the message's id, without brackets. */
  async deliver(delivery: Delivery): Promise<string> {
    const id = String(delivery.messageId ?? `<${randomUUID()}@people.example>`);
    const bytes = await this.compose({ ...delivery, messageId: id });
    await this.imap.deliver(bytes, delivery.arrived ?? Date.now());
    return id.slice(1, -1);
  }
}
