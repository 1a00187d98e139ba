import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { CERTIFICATE, KEY } from './certificate';

/** A mail that the server has taken. */
export interface Submitted {
  readonly raw: string;
  readonly parsed: ParsedMail;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
}

/** How the next mails are answered. */
export interface SubmissionFault {
  readonly code: number;
  readonly text: string;
  /** At which step. */
  readonly at: 'mail' | 'data';
}

/** A submission server: TLS and a login first, then mail. Counts what a client does that it should not. */
export class SubmissionServer {
  port = 0;
  readonly taken: Submitted[] = [];
  readonly violations: string[] = [];
  /** Mails that are still to be answered so, and how. */
  faults: SubmissionFault[] = [];
  /** How every mail is answered until it is taken back. */
  trouble: SubmissionFault | undefined;
  /** Called once a mail is taken, before the client hears of it. */
  onTaken: () => void = () => undefined;
  private server: SMTPServer | undefined;

  constructor(
    readonly user: string,
    private password: string,
    /** A token that is good for OAuth2. */
    public accessToken = '',
    /** `starttls` offers it; `stripped` is one from which the offer was taken on the way. */
    private readonly security: 'tls' | 'starttls' | 'stripped' = 'tls',
  ) {}

  setPassword(password: string): void {
    this.password = password;
  }

  async start(): Promise<void> {
    const server = new SMTPServer({
      secure: this.security === 'tls',
      key: KEY,
      cert: CERTIFICATE,
      minVersion: 'TLSv1.2',
      authMethods: ['PLAIN', 'LOGIN', 'XOAUTH2'],
      // A server behind which someone strips STARTTLS would take a login in the clear.
      allowInsecureAuth: this.security === 'stripped',
      disabledCommands: this.security === 'stripped' ? ['STARTTLS'] : [],
      disableReverseLookup: true,
      logger: false,
      onAuth: (auth, session, done) => {
        if (!session.secure) this.violations.push('a login in the clear');
        const good =
          auth.username === this.user &&
          (auth.method === 'XOAUTH2'
            ? auth.accessToken === this.accessToken
            : auth.password === this.password);
        if (good) done(null, { user: this.user });
        else
          done(Object.assign(new Error('5.7.8 Authentication credentials invalid'), { responseCode: 535 }));
      },
      onMailFrom: (address, session, done) => {
        if (!session.secure) this.violations.push('mail in the clear');
        if (address.address !== this.user) this.violations.push(`mail from ${address.address}`);
        const fault = this.fault('mail');
        done(fault ? Object.assign(new Error(fault.text), { responseCode: fault.code }) : null);
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const fault = this.fault('data');
          if (fault) {
            done(Object.assign(new Error(fault.text), { responseCode: fault.code }));
            return;
          }
          const { mailFrom, rcptTo } = session.envelope;
          void this.keep(
            Buffer.concat(chunks),
            mailFrom ? mailFrom.address : '',
            rcptTo.map(({ address }) => address),
          ).then(() => done(null, '2.0.0 Ok: queued'));
        });
      },
    });
    server.on('error', () => undefined);
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.server.address();
    if (address && typeof address === 'object') this.port = address.port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()));
  }

  private fault(at: SubmissionFault['at']): SubmissionFault | undefined {
    if (this.trouble?.at === at) return this.trouble;
    return this.faults[0]?.at === at ? this.faults.shift() : undefined;
  }

  private async keep(bytes: Buffer, from: string, to: readonly string[]): Promise<void> {
    const raw = bytes.toString('utf8');
    const parsed = await simpleParser(bytes);
    if (!/^auto-submitted: auto-replied\r?$/im.test(raw))
      this.violations.push('a reply that does not say it is one');
    if (raw.split('\r\n').some((line) => Buffer.byteLength(line) > 998))
      this.violations.push('a line over 998 bytes');
    this.taken.push({ raw, parsed, envelope: { from, to } });
    this.onTaken();
  }
}
