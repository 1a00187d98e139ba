import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createTransport } from 'nodemailer';
import { type AdapterContext, ChannelError } from '../contract';
import type { Mail } from './compose';
import type { Credentials, Login } from './credentials';
import type { EmailSettings } from './descriptor';
import { smtpError } from './errors';
import { tlsOptions } from './mailbox';

const CONNECT_MS = 20_000;
/** Milliseconds without a byte, by the library, and for a whole mail with its files. */
const SILENCE_MS = 60_000;
const MAIL_MS = 5 * 60_000;

/** Sends mail, one connection each: replies are few, and a connection that waits is one that can be half dead. */
export class Submission {
  private readonly sockets = new Set<Socket>();
  private closed = false;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: EmailSettings,
    private readonly credentials: Credentials,
  ) {}

  /** Proves that the login works, without sending anything. @throws ChannelError */
  async check(): Promise<void> {
    await this.withTransport((transport) => transport.verify());
  }

  /** Resolves when the server has taken the mail. @throws ChannelError */
  async send(mail: Mail): Promise<void> {
    const { address } = this.settings;
    await this.withTransport((transport) =>
      transport.sendMail({
        envelope: { from: address, to: [...mail.to] },
        from: { name: 'CoWork OS', address },
        to: mail.to.map((recipient) => ({ name: '', address: recipient })),
        subject: mail.subject,
        text: mail.text,
        messageId: `<${mail.id}>`,
        ...(mail.inReplyTo ? { inReplyTo: `<${mail.inReplyTo}>` } : {}),
        ...(mail.references.length > 0 ? { references: mail.references.map((id) => `<${id}>`) } : {}),
        date: new Date(this.context.clock.now()),
        headers: {
          // RFC 3834: so that no other program answers, and so that we know our own when they come back.
          'Auto-Submitted': 'auto-replied',
          'X-Auto-Response-Suppress': 'All',
          'X-Loop': address,
        },
        attachments: mail.files.map(({ name, mediaType, bytes }) => ({
          filename: name,
          contentType: mediaType,
          content: bytes,
          contentDisposition: 'attachment' as const,
        })),
        xMailer: false,
        disableFileAccess: true,
        disableUrlAccess: true,
      }),
    );
  }

  /** Ends every connection at once. */
  close(): void {
    this.closed = true;
    for (const socket of this.sockets) socket.destroy();
  }

  private async withTransport<T>(
    work: (transport: ReturnType<typeof transportOver>) => Promise<T>,
  ): Promise<T> {
    for (let again = true; ; again = false) {
      const login = await this.credentials.login();
      const socket = await this.open();
      const transport = transportOver(this.settings, login, socket);
      const late = this.context.clock.after(MAIL_MS, () => socket.destroy());
      try {
        return await work(transport);
      } catch (error) {
        const failure = smtpError(error);
        const refused = error instanceof Error && 'code' in error && error.code === 'EAUTH';
        if (!again || failure.kind !== 'fatal' || !refused || !(await this.credentials.refused()))
          throw failure;
      } finally {
        late.dispose();
        transport.close();
        socket.destroy();
        this.sockets.delete(socket);
      }
    }
  }

  /** A connection of our own, so that it can be ended; with TLS from the first byte it is proved before SMTP begins. */
  private async open(): Promise<Socket> {
    const { smtpHost: host, smtpPort: port, smtpSecurity } = this.settings;
    const { lookup } = await this.context.admit({ host, port, tls: true }).catch((error: unknown) => {
      throw smtpError(error);
    });
    if (this.closed) throw new ChannelError('temporary', 'Email was disconnected while it was sending.');
    const secure = smtpSecurity === 'tls';
    const socket = secure
      ? connectTls({
          host,
          port,
          lookup,
          ...(isIP(host) ? {} : { servername: host }),
          ...tlsOptions(this.settings),
        })
      : connectPlain({ host, port, lookup });
    this.sockets.add(socket);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.setTimeout(CONNECT_MS, () =>
          reject(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
        );
        socket.once('error', reject);
        socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
        socket.once(secure ? 'secureConnect' : 'connect', resolve);
      });
      socket.removeAllListeners('close');
      socket.removeAllListeners('timeout');
      return socket;
    } catch (error) {
      socket.destroy();
      this.sockets.delete(socket);
      throw smtpError(error);
    }
  }
}

function transportOver(settings: EmailSettings, login: Login, socket: Socket) {
  const secure = settings.smtpSecurity === 'tls';
  return createTransport({
    host: settings.smtpHost,
    port: settings.smtpPort,
    secure,
    // With STARTTLS nothing but EHLO is said before the connection is encrypted, whatever the server offers.
    requireTLS: !secure,
    tls: tlsOptions(settings),
    auth:
      login.kind === 'oauth2'
        ? { type: 'OAuth2', user: login.user, accessToken: login.accessToken }
        : { user: login.user, pass: login.password },
    getSocket: (_options, give) => give(null, { connection: socket, secured: secure }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  });
}
