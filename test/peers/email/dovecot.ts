import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../helpers/ports';
import { CERTIFICATE, KEY } from './certificate';

const BINARY = '/usr/sbin/dovecot';
/** An account without rights; Dovecot gives nobody mail as root. */
const NOBODY = 65_534;

export function hasDovecot(): boolean {
  return existsSync(BINARY);
}

/** A real IMAP server with one mailbox, on loopback, with a folder of its own that is gone afterwards. */
export class Dovecot {
  /** TLS from the first byte, and STARTTLS. */
  readonly ports = { imaps: 0, imap: 0 };
  /** What the mailbox is said to hold; as `deliver` puts mail in, it may hold more. Before `start`. */
  quotaBytes = 1_000_000_000;
  private root = '';
  private process: ChildProcess | undefined;
  private made = 0;

  constructor(
    readonly user: string,
    private password: string,
    /** Of a token server, to log in with OAuth2 too. */
    private readonly tokens?: { readonly url: string },
  ) {}

  async start(): Promise<void> {
    this.root = await mkdtemp(join(tmpdir(), 'cw-imap-'));
    // Its workers run as others and must get through.
    await chmod(this.root, 0o711);
    [this.ports.imaps, this.ports.imap] = await Promise.all([freePort(), freePort()]);
    await writeFile(join(this.root, 'key.pem'), KEY, { mode: 0o600 });
    await writeFile(join(this.root, 'cert.pem'), CERTIFICATE);
    for (const folder of ['', 'new', 'cur', 'tmp'])
      await this.ours(await made(join(this.root, 'mail', folder)));
    await this.setPassword(this.password);
    await writeFile(join(this.root, 'oauth2.conf'), OAUTH2(this.tokens?.url ?? ''));
    await writeFile(join(this.root, 'dovecot.conf'), this.config());
    const child = spawn(BINARY, ['-F', '-c', join(this.root, 'dovecot.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.process = child;
    let complaint = '';
    child.stderr.on('data', (chunk) => {
      complaint += String(chunk);
    });
    const failed = new Promise<never>((_, reject) => {
      child.once('exit', () => reject(new Error(`Dovecot ended: ${complaint}`)));
      child.once('error', (error) => {
        this.process = undefined;
        reject(error);
      });
    });
    failed.catch(() => undefined);
    await Promise.race([this.ready(), failed]);
  }

  async stop(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child && child.exitCode === null) {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await ended;
    }
    // Its workers may still be writing their last lines.
    await rm(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  /** From the next login on. */
  async setPassword(password: string): Promise<void> {
    this.password = password;
    await writeFile(join(this.root, 'users'), `${this.user}:{PLAIN}${password}\n`, { mode: 0o644 });
    // Dovecot looks whether the file has changed once in each second of the clock.
    if (this.process) await new Promise((resolve) => setTimeout(resolve, 1_010 - (Date.now() % 1_000)));
  }

  /**
   * Puts a message into the inbox, as a delivery agent does. `arrived` and `place` in milliseconds since the epoch; the
   * second is what messages are numbered by.
   */
  async deliver(bytes: Buffer, arrived: number, place = arrived): Promise<void> {
    this.made += 1;
    const name = `${Math.floor(place / 1_000)}.M${String(this.made).padStart(6, '0')}P${process.pid}.localhost`;
    const path = join(this.root, 'mail', 'tmp', name);
    await writeFile(path, bytes);
    await utimes(path, arrived / 1_000, arrived / 1_000);
    await this.ours(path);
    await rename(path, join(this.root, 'mail', 'new', name));
  }

  /** Forgets its numbers, so that the folder gets a new UIDVALIDITY. Nobody may be connected. */
  async renumber(): Promise<void> {
    const mail = join(this.root, 'mail');
    for (const name of await readdir(mail)) {
      if (/^dovecot[.-](?:uidlist|index)/.test(name)) await rm(join(mail, name));
    }
  }

  /** Flags of all messages, as their file names carry them: `S` for seen. Messages that nobody touched have none. */
  async flags(): Promise<readonly string[]> {
    const names = await readdir(join(this.root, 'mail', 'cur'));
    return names.map((name) => name.split(':2,')[1] ?? '');
  }

  log(): Promise<string> {
    return readFile(join(this.root, 'log'), 'utf8').catch(() => '');
  }

  private async ready(): Promise<void> {
    for (let turn = 0; turn < 500; turn += 1) {
      if ((await this.log()).includes('starting up')) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('Dovecot does not start');
  }

  private async ours(path: string): Promise<void> {
    if (process.getuid?.() === 0) await chown(path, NOBODY, NOBODY);
  }

  private config(): string {
    const root = process.getuid?.() === 0;
    const me = userInfo();
    const [uid, gid] = root ? [NOBODY, NOBODY] : [me.uid, me.gid];
    const users = root
      ? ''
      : `default_internal_user = ${me.username}\ndefault_internal_group = ${groupName()}\ndefault_login_user = ${me.username}
service imap-login {\n  chroot =\n}\nservice anvil {\n  chroot =\n}\nservice stats {\n  chroot =\n}\n`;
    return `base_dir = ${this.root}/run
state_dir = ${this.root}/state
log_path = ${this.root}/log
protocols = imap
listen = 127.0.0.1
${users}ssl = required
ssl_cert = <${this.root}/cert.pem
ssl_key = <${this.root}/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
mail_location = maildir:${this.root}/mail
first_valid_uid = 0
mail_max_userip_connections = 50
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:mailbox
  quota_vsizes = yes
  quota_rule = *:storage=${this.quotaBytes}B
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
${this.tokens ? `passdb {\n  driver = oauth2\n  mechanisms = xoauth2\n  args = ${this.root}/oauth2.conf\n}` : ''}
passdb {
  driver = passwd-file
  args = ${this.root}/users
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${this.root}/mail
}
service imap-login {
  inet_listener imap {
    port = ${this.ports.imap}
  }
  inet_listener imaps {
    port = ${this.ports.imaps}
    ssl = yes
  }
}
`;
  }
}

/** Dovecot knows groups by name alone, and Node by number. */
function groupName(): string {
  return execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
}

/** Tokens are looked up for each login. */
const OAUTH2 = (url: string) => `introspection_mode = get
introspection_url = ${url}/introspect?token=
force_introspection = yes
username_attribute = email
active_attribute = active
active_value = true
`;

async function made(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}
