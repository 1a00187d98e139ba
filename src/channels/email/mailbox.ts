import { isIP, type LookupFunction } from 'node:net';
import { ImapFlow } from 'imapflow';
import type { Clock } from '../../engine/model/ports';
import { type AdapterContext, ChannelError } from '../contract';
import type { Credentials, Login } from './credentials';
import type { EmailSettings } from './descriptor';
import { imapError } from './errors';

/** Bytes of a message, attachments included. Larger ones are not fetched. */
export const MESSAGE_CAP = 25 * 1024 * 1024;
/** Bytes of what a server may send in one piece. */
const RESPONSE_CAP = MESSAGE_CAP + 1024 * 1024;
/** Milliseconds without a byte after which the connection is taken for dead. Over the time between two pings. */
const SOCKET_MS = 6 * 60_000;
const CONNECT_MS = 20_000;
/** Milliseconds within which the server must have answered. */
const COMMAND_MS = 120_000;
const PING_MS = 30_000;
/** Milliseconds after a command until IDLE begins. */
const IDLE_DELAY_MS = 100;

/** A message of the folder, before its text has been looked at. */
export interface Listed {
  readonly uid: number;
  readonly bytes: number;
  /** When the server took it, in milliseconds since the epoch. */
  readonly arrived: number;
  readonly head: Buffer;
}

export interface MailboxEvents {
  /** Something new may be there. */
  onNews(): void;
  /** The connection is gone. */
  onClosed(): void;
}

/** One folder of the mailbox over one connection, opened for reading only. */
export class Mailbox {
  private constructor(
    private readonly client: ImapFlow,
    private readonly clock: Clock,
    readonly uidValidity: string,
    /** The number that the next message would have had when the folder was opened. */
    readonly uidNext: number,
  ) {}

  /** @throws ChannelError */
  static async open(
    context: AdapterContext,
    settings: EmailSettings,
    credentials: Credentials,
    events: MailboxEvents,
    signal: AbortSignal,
  ): Promise<Mailbox> {
    const client = await connect(context, settings, credentials, signal);
    const give = () => client.close();
    signal.addEventListener('abort', give, { once: true });
    try {
      client.on('exists', () => events.onNews());
      client.on('close', () => events.onClosed());
      const folder = await client.mailboxOpen(settings.folder, { readOnly: true });
      return new Mailbox(client, context.clock, String(folder.uidValidity), folder.uidNext);
    } catch (error) {
      client.close();
      throw imapError(error);
    } finally {
      signal.removeEventListener('abort', give);
    }
  }

  /** Proves that the login works and the folder is there. @throws ChannelError */
  static async check(
    context: AdapterContext,
    settings: EmailSettings,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<void> {
    const none = { onNews: () => undefined, onClosed: () => undefined };
    const mailbox = await Mailbox.open(context, settings, credentials, none, signal);
    await mailbox.close();
  }

  /** Numbers above `after` of the messages with `subject`, ascending. The server looks; nothing is fetched. */
  async newer(after: number, subject: string): Promise<readonly number[]> {
    const found = await this.search({ uid: `${after + 1}:*`, ...(subject ? { subject } : {}) });
    // `n:*` always has the last message in it, whatever n is.
    return found.filter((uid) => uid > after);
  }

  /** Numbers of the messages with `subject` that came on the day of `date` (milliseconds) or later, ascending. */
  since(date: number, subject: string): Promise<readonly number[]> {
    // Servers compare days in a time zone of their own.
    const day = new Date(date - 36 * 3_600_000);
    return this.search({ since: day, ...(subject ? { subject } : {}) });
  }

  /** When the newest message came, in milliseconds since the epoch; undefined for an empty folder. */
  async newest(): Promise<number | undefined> {
    return this.run(async () => {
      const found = await this.client.fetchOne('*', { internalDate: true });
      return found ? millis(found.internalDate) : undefined;
    });
  }

  /** Heads, sizes and dates. What is gone meanwhile is left out. */
  async heads(uids: readonly number[]): Promise<readonly Listed[]> {
    if (uids.length === 0) return [];
    return this.run(async () => {
      const found = await this.client.fetchAll(
        [...uids],
        { uid: true, size: true, internalDate: true, headers: true },
        { uid: true },
      );
      return found
        .map(({ uid, size, internalDate, headers }) => ({
          uid,
          bytes: size ?? 0,
          arrived: millis(internalDate) ?? 0,
          head: headers ?? Buffer.alloc(0),
        }))
        .sort((a, b) => a.uid - b.uid);
    });
  }

  /** All bytes of a message; it stays unseen. Undefined when it is gone or over `MESSAGE_CAP`. */
  async source(uid: number): Promise<Buffer | undefined> {
    return this.run(async () => {
      const found = await this.client.fetchOne(
        String(uid),
        { source: { maxLength: MESSAGE_CAP + 1 } },
        { uid: true },
      );
      const source = found ? found.source : undefined;
      return source && source.length <= MESSAGE_CAP ? source : undefined;
    });
  }

  /** How full the mailbox is, in percent; undefined where the server does not say. RFC 9208 */
  async full(): Promise<number | undefined> {
    const quota = await this.run(() => this.client.getQuota()).catch(() => undefined);
    if (!quota) return undefined;
    const { usage = 0, limit = 0 } = quota.storage ?? {};
    return limit > 0 ? Math.round((100 * usage) / limit) : undefined;
  }

  /** Resolves when the server answered. */
  ping(): Promise<void> {
    return this.run(() => this.client.noop(), PING_MS);
  }

  /** Ends the connection politely, or at once when the server does not answer. Never throws. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.client.once('close', () => resolve()));
    if (!this.client.usable) {
      this.client.close();
      return;
    }
    void this.client.logout().catch(() => this.client.close());
    const late = setTimeout(() => this.client.close(), 500);
    await closed;
    clearTimeout(late);
  }

  /** At once. */
  drop(): void {
    this.client.close();
  }

  private async search(query: Parameters<ImapFlow['search']>[0]): Promise<readonly number[]> {
    const found = await this.run(() => this.client.search(query, { uid: true }));
    if (!Array.isArray(found)) throw imapError(new Error('search'));
    return [...found].sort((a, b) => a - b);
  }

  /** A server that does not answer in time is one that is gone. */
  private async run<T>(work: () => Promise<T>, limitMs = COMMAND_MS): Promise<T> {
    const late = this.clock.after(limitMs, () => this.client.close());
    try {
      return await work();
    } catch (error) {
      throw imapError(error);
    } finally {
      late.dispose();
    }
  }
}

/** A second try is made when the access token turns out to be too old. */
async function connect(
  context: AdapterContext,
  settings: EmailSettings,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<ImapFlow> {
  for (let again = true; ; again = false) {
    const login = await credentials.login();
    const host = settings.imapHost;
    const { lookup } = await context.admit({ host, port: settings.imapPort, tls: true }).catch(failed);
    // The library takes no `lookup`, so it is given the address that was looked at, and the name for the certificate.
    const address = isIP(host) ? host : await addressOf(host, lookup);
    if (signal.aborted)
      throw new ChannelError('temporary', 'Email was disconnected while it was connecting.');
    const client = imapClient(settings, login, address);
    // Without a listener an error would end the process. It also comes as a rejection or as `close`.
    client.on('error', () => undefined);
    const give = () => client.close();
    signal.addEventListener('abort', give, { once: true });
    try {
      await client.connect();
      return client;
    } catch (error) {
      client.close();
      const failure = imapError(error);
      if (!again || failure.kind !== 'fatal' || !isRefusal(error) || !(await credentials.refused()))
        throw failure;
    } finally {
      signal.removeEventListener('abort', give);
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'authenticationFailed' in error && error.authenticationFailed === true;
}

function failed(error: unknown): never {
  throw imapError(error);
}

function addressOf(host: string, lookup: LookupFunction): Promise<string> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: false }, (error, address) => {
      if (error || typeof address !== 'string') reject(imapError(error ?? new Error('no address')));
      else resolve(address);
    });
  });
}

function imapClient(settings: EmailSettings, login: Login, address: string): ImapFlow {
  const secure = settings.imapSecurity === 'tls';
  return new ImapFlow({
    host: address,
    port: settings.imapPort,
    ...(isIP(settings.imapHost) ? {} : { servername: settings.imapHost }),
    secure,
    // Without it the library goes on in the clear when the offer of STARTTLS is missing.
    ...(secure ? {} : { doSTARTTLS: true }),
    tls: tlsOptions(settings),
    auth:
      login.kind === 'oauth2'
        ? { user: login.user, accessToken: login.accessToken }
        : { user: login.user, pass: login.password },
    logger: false,
    clientInfo: { name: 'CoWork OS' },
    autoIdleDelay: IDLE_DELAY_MS,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    maxLiteralSize: RESPONSE_CAP,
    maxResponseSize: RESPONSE_CAP + 1024 * 1024,
    maxLineLength: 4 * 1024 * 1024,
    // Compression would let a small answer become a large one.
    disableCompression: true,
  });
}

/** For both servers: a certificate that is trusted, for the name that is set. There is no switch to do without. */
export function tlsOptions(settings: EmailSettings): {
  minVersion: 'TLSv1.2';
  rejectUnauthorized: true;
  ca?: string;
} {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(settings.certificate ? { ca: settings.certificate } : {}),
  };
}

function millis(date: Date | string | undefined): number | undefined {
  const time = date === undefined ? Number.NaN : new Date(date).getTime();
  return Number.isNaN(time) ? undefined : time;
}
