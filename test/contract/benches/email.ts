import { randomUUID } from 'node:crypto';
import { createAdapter } from '../../../src/channels/email/adapter';
import { emailDescriptor } from '../../../src/channels/email/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { hasDovecot } from '../../peers/email/dovecot';
import type { Submitted } from '../../peers/email/submission';
import { BOT, MailWorld, PASSWORD } from '../../peers/email/world';
import type { ChannelBench, Fault, Seen, Utterance } from '../bench';

const ANN = 'ann@people.example';
const BOB = 'bob@other.example';
const ROOM = `${ANN},${BOB}`;
/** The header lines that our mail has, and no others. */
const OURS =
  /^(?:auto-submitted|x-auto-response-suppress|x-loop|from|to|subject|message-id|in-reply-to|references|date|mime-version|content-type|content-transfer-encoding)$/;
/** What stands below a text about its links and files; people see it as the signature that it is. */
const FOOTER = /\n\n-- \n(?:Links in this message|Attached files)[\s\S]*$/;

/** Email: a real IMAP server, a submission server and the DNS of two senders' domains. */
export class EmailBench implements ChannelBench {
  readonly descriptor = emailDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = [ANN, BOB] as const;
  readonly speed = 30;
  readonly absent = hasDovecot() ? undefined : 'dovecot-imapd is not installed';
  readonly takesFiles = true;
  readonly showsCode = false;
  readonly faults: readonly Fault[] = [
    'drop',
    'down',
    'stall',
    'garbage',
    'error',
    'rate-limit',
    'revoke',
    'lose-answer',
  ];
  private readonly world = new MailWorld();
  private last: Buffer | undefined;

  start(): Promise<void> {
    return this.world.start();
  }

  stop(): Promise<void> {
    return this.world.stop();
  }

  settings(): Record<string, unknown> {
    return this.world.settings();
  }

  secrets(): Record<string, string> {
    return this.world.secrets();
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? ANN : ROOM;
  }

  say({
    text,
    context,
    from = ANN,
    displayName,
    addressed = true,
    replyTo,
    file,
  }: Utterance): Promise<string> {
    return this.write(from, context, addressed, {
      text,
      from: displayName === undefined ? from : { name: displayName, address: from },
      ...(replyTo === undefined ? {} : { inReplyTo: `<${replyTo}>`, references: `<${replyTo}>` }),
      ...(file
        ? {
            attachments: [
              { filename: file.name, contentType: file.mediaType, content: Buffer.from(file.bytes) },
            ],
          }
        : {}),
    });
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    await this.write(ANN, context, true, {
      text,
      from: ANN,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    await this.write(BOT, context, true, { text, from: BOT });
  }

  async repeatLast(): Promise<void> {
    if (this.last) await this.world.imap.deliver(this.last, Date.now());
  }

  seen(context: ChatContext): readonly Seen[] {
    const conversation = this.conversation(context);
    const mine = this.world.smtp.taken.filter(
      ({ envelope }) => [...envelope.to].sort().join() === conversation,
    );
    // Mail programs show a message that came twice once.
    const byId = new Map(mine.map((mail) => [mail.parsed.messageId ?? '', mail]));
    return [...byId.values()].map(see);
  }

  async inject(fault: Fault): Promise<void> {
    const { imap, smtp, imapWire, smtpWire } = this.world;
    switch (fault) {
      case 'drop':
        imapWire.cut();
        smtpWire.cut();
        break;
      case 'down':
        imapWire.refuse();
        smtpWire.refuse();
        break;
      case 'stall':
        imapWire.hold();
        smtpWire.hold();
        break;
      case 'garbage':
        imapWire.dirty();
        smtpWire.dirty();
        break;
      case 'error':
        smtp.trouble = { code: 451, text: '4.3.0 Local error in processing', at: 'mail' };
        break;
      case 'rate-limit':
        smtp.trouble = { code: 450, text: '4.7.1 Rate limit exceeded, try again in 1 seconds', at: 'mail' };
        break;
      case 'revoke':
        await imap.setPassword('another password now');
        smtp.setPassword('another password now');
        imapWire.cut();
        smtpWire.cut();
        break;
      case 'lose-answer':
        smtp.onTaken = () => {
          smtp.onTaken = () => undefined;
          smtpWire.cut();
        };
    }
  }

  async heal(): Promise<void> {
    const { imap, smtp, imapWire, smtpWire } = this.world;
    imapWire.heal();
    smtpWire.heal();
    smtp.trouble = undefined;
    smtp.setPassword(PASSWORD);
    await imap.setPassword(PASSWORD);
  }

  requests(): number {
    return this.world.imapWire.count + this.world.smtpWire.count;
  }

  violations(): readonly string[] {
    return this.world.smtp.violations;
  }

  private async write(
    from: string,
    context: ChatContext,
    addressed: boolean,
    mail: Parameters<MailWorld['compose']>[0],
  ): Promise<string> {
    const others = context === 'dm' ? [] : [ANN, BOB].filter((person) => person !== from);
    const id = `${randomUUID()}@people.example`;
    this.last = await this.world.compose({
      ...mail,
      messageId: `<${id}>`,
      to: addressed ? [BOT, ...others] : others,
      ...(addressed ? {} : { cc: BOT }),
    });
    await this.world.imap.deliver(this.last, Date.now());
    return id;
  }
}

function see({ raw, parsed }: Submitted): Seen {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n'));
  const names = [...head.matchAll(/^([^\s:]+):/gm)].map(([, name]) => (name ?? '').toLowerCase());
  return {
    id: (parsed.messageId ?? '').slice(1, -1),
    text: (parsed.text ?? '').replace(FOOTER, '').trimEnd(),
    code: [],
    ...(parsed.inReplyTo ? { replyTo: parsed.inReplyTo.slice(1, -1) } : {}),
    buttons: [],
    edited: false,
    files: parsed.attachments.map(({ filename, content }) => ({ name: filename ?? '', bytes: content })),
    alarms: [
      ...(parsed.html ? ['HTML'] : []),
      ...names.filter((name) => !OURS.test(name)).map((name) => `the header ${name}`),
      ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} twice`),
    ],
  };
}

export const makeBench = (): ChannelBench => new EmailBench();
