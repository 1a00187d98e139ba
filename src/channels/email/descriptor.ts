import { isIP } from 'node:net';
import * as z from 'zod';
import type { ChannelDescriptor } from '../contract';
import { normalAddress } from './addresses';
import { providerOf } from './providers';

/** Characters of a text; a longer one is split into several mails. */
const MAX_LENGTH = 60_000;
/** Percent of the mailbox from which on it is worth a word. */
const NEARLY_FULL = 90;
/** Many servers take 25 MB, and base64 makes 4 bytes of 3. */
const FILE_BYTES = 15 * 1024 * 1024;

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;
const NO_HOST = 'must be the name of a server such as imap.example.com, without a protocol or port';
const host = (what: string) =>
  z
    .string()
    .trim()
    .refine((name) => name === '' || HOST.test(name), NO_HOST)
    .default('')
    .describe(what);
const port = (usual: number, what: string) =>
  z.number().int().min(1).max(65_535).default(usual).describe(what);
const security = (server: string) =>
  z
    .enum(['tls', 'starttls'])
    .default('tls')
    .meta({
      description: `How the connection to the ${server} server is encrypted. There is no unencrypted way.`,
      choices: {
        tls: 'Encrypted from the first byte.',
        starttls: 'Begun in the clear and then encrypted, which is insisted on: otherwise nothing is sent.',
      },
    });

/** Settings of the Email channel. Machine or user scope only (law 2). */
export const emailSettings = z.object({
  address: z
    .string()
    .trim()
    .refine(
      (text) => text === '' || normalAddress(text) !== undefined,
      'must be a mail address such as bot@example.com',
    )
    .default('')
    .describe('Address of the agent’s own mailbox. Use one made for it, not a person’s.'),
  user: z.string().trim().max(200).default('').describe('Name to log in with, where it is not the address.'),
  imapHost: host('IMAP server that mail is read from, such as `imap.example.com`.'),
  imapPort: port(993, 'Port of the IMAP server: 993 for TLS, 143 for STARTTLS.'),
  imapSecurity: security('IMAP'),
  smtpHost: host('SMTP server that replies are sent through, such as `smtp.example.com`.'),
  smtpPort: port(465, 'Port of the SMTP server: 465 for TLS, 587 for STARTTLS.'),
  smtpSecurity: security('SMTP'),
  folder: z
    .string()
    .min(1, 'must be the name of a folder such as INBOX')
    .max(200)
    .default('INBOX')
    .describe('Folder of the mailbox that is watched. No other is opened.'),
  subjectFilter: z
    .string()
    .trim()
    .max(100)
    .default('[cowork]')
    .describe(
      'Only mail whose subject contains this text is read, in upper or lower case; the server is asked for no other. Empty: every new mail in the folder is read.',
    ),
  auth: z
    .enum(['password', 'oauth2'])
    .default('password')
    .meta({
      description: 'How to log in to both servers.',
      choices: {
        password: 'With a password: an app password, where the provider has them.',
        oauth2: 'With access tokens, which are renewed with a refresh token.',
      },
    }),
  oauthClientId: z
    .string()
    .trim()
    .max(300)
    .default('')
    .describe('With OAuth2: the client id of the application that you have registered with the provider.'),
  oauthTokenUrl: z
    .string()
    .trim()
    .refine(isTokenUrl, 'must be an https address such as https://oauth2.googleapis.com/token')
    .default('')
    .describe(
      'With OAuth2: the address at which access tokens are renewed. Empty: the one of Google or Microsoft, by the name of the IMAP server.',
    ),
  receivedBy: z
    .string()
    .trim()
    .refine((name) => name === '' || HOST.test(name), NO_HOST)
    .default('')
    .describe(
      'Name that your provider’s server writes after “by” in the topmost `Received: from … by …` line, such as `mx.google.com`. With it, mail without a signature can also be proved by SPF. Empty: only signed mail counts.',
    ),
  certificate: z
    .string()
    .trim()
    .refine(isCertificate, 'must be a certificate in PEM form, or empty')
    .default('')
    .describe(
      'Certificate (PEM) of the authority that your own mail servers’ certificates come from. Empty: the well-known authorities.',
    ),
  dnsServers: z
    .array(
      z
        .string()
        .refine(isDnsServer, 'must be the address of a DNS server, such as 9.9.9.9 or 127.0.0.1:5353'),
    )
    .default([])
    .describe(
      'DNS servers that senders’ DKIM, SPF and DMARC records are looked up at. Empty: those of this machine.',
    ),
});

export type EmailSettings = z.output<typeof emailSettings>;

export const emailDescriptor: ChannelDescriptor = {
  id: 'email',
  name: 'Email',
  icon: 'mail',
  summary: 'A mailbox of its own, read by IMAP and answered by SMTP. Senders must be proved by DMARC.',
  noBots: true,
  secrets: [
    {
      name: 'password',
      label: 'Password',
      help: 'The app password that the provider made for this mailbox. Not the main password of the account.',
      neededWith: ({ auth }) => auth !== 'oauth2',
      validate: (value) =>
        value.length < 10 || /[\r\n\0]/.test(value)
          ? 'This is too short for an app password. Let the provider make one; it has at least 10 characters.'
          : undefined,
    },
    {
      name: 'refreshToken',
      label: 'Refresh token',
      help: 'With OAuth2: the refresh token that the provider gave for this mailbox and your application.',
      neededWith: ({ auth }) => auth === 'oauth2',
      validate: (value) =>
        /^[\x21-\x7e]{20,4000}$/.test(value)
          ? undefined
          : 'This is not a refresh token. It is one long run of characters with no spaces.',
    },
    {
      name: 'clientSecret',
      label: 'Client secret',
      help: 'With OAuth2, where the provider gave one: the client secret of your application. Google always does.',
      neededWith: (settings) =>
        settings.auth === 'oauth2' && providerOf(String(settings.imapHost))?.name === 'Gmail',
      usefulWith: ({ auth }) => auth === 'oauth2',
      validate: (value) =>
        /^[\x21-\x7e]{8,400}$/.test(value) ? undefined : 'This is not a client secret. It has no spaces.',
    },
  ],
  settings: emailSettings,
  missing: ({ address, imapHost, smtpHost }) => {
    if (!address) return 'Set “cowork.channels.email.address” to the address of the agent’s own mailbox.';
    if (!imapHost) return 'Set “cowork.channels.email.imapHost” to the IMAP server of that mailbox.';
    if (!smtpHost) return 'Set “cowork.channels.email.smtpHost” to the SMTP server of that mailbox.';
    return undefined;
  },
  capabilities: {
    maxLength: MAX_LENGTH,
    edit: false,
    buttons: false,
    threads: true,
    typing: false,
    fileBytes: FILE_BYTES,
    contexts: ['dm', 'group'],
  },
  setup: [
    'Make a mailbox that is used for nothing else: the password that you enter here opens all of it.',
    'Let the provider make an app password for it, or register an application for OAuth2. Do not use the account’s main password.',
    'Set “cowork.channels.email.address”, “cowork.channels.email.imapHost” and “cowork.channels.email.smtpHost”; the ports are right for most providers.',
    'Think of a word for the subject, set it as cowork.channels.email.subjectFilter, and tell it only to those who are meant to write.',
    'Enter the password here; with OAuth2 (“cowork.channels.email.auth”) the refresh token instead, and the client secret if the provider gave one. It is checked with both servers and kept in the secret store.',
    'Generate a pairing code in VS Code and mail it from your own address, with the word in the subject and the code alone in the text.',
  ],
  links: [
    { label: 'Google: app passwords', url: 'https://support.google.com/accounts/answer/185833' },
    {
      label: 'Microsoft: OAuth for IMAP and SMTP',
      url: 'https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth',
    },
    { label: 'Apple: app-specific passwords', url: 'https://support.apple.com/102654' },
    { label: 'DMARC, an overview', url: 'https://dmarc.org/overview/' },
  ],
  hosts: (settings) => {
    const parsed = emailSettings.safeParse(settings);
    return parsed.success ? hostsOf(parsed.data) : [];
  },
  health: (reported) => {
    const lines: string[] = [];
    if (typeof reported.mailboxFull === 'number' && reported.mailboxFull >= NEARLY_FULL)
      lines.push(`The mailbox is ${reported.mailboxFull} % full; when it is full, mail to it is turned away`);
    const count = (name: string) => (typeof reported[name] === 'number' ? reported[name] : 0);
    if (count('unproven') > 0) lines.push(`${count('unproven')} passed over: the sender could not be proved`);
    if (count('automatic') > 0) lines.push(`${count('automatic')} passed over: written by a program`);
    if (count('waiting') > 0) lines.push(`${count('waiting')} waiting for DNS, to check the sender`);
    return lines;
  },
};

/** Where renewed access tokens come from; empty when it is not known. */
export function tokenUrlOf(settings: EmailSettings): string {
  return settings.oauthTokenUrl || (providerOf(settings.imapHost)?.tokenUrl ?? '');
}

/** DNS is not among them: names are looked up as the machine does, and nothing else is sent there. */
function hostsOf(settings: EmailSettings): readonly string[] {
  const { imapHost, imapPort, smtpHost, smtpPort, auth } = settings;
  const hosts: string[] = [];
  if (imapHost) hosts.push(`${imapHost}:${imapPort}`);
  if (smtpHost) hosts.push(`${smtpHost}:${smtpPort}`);
  const tokenUrl = auth === 'oauth2' ? tokenUrlOf(settings) : '';
  if (tokenUrl) hosts.push(new URL(tokenUrl).host);
  return hosts;
}

/** `9.9.9.9`, `127.0.0.1:5353`, `[::1]:53` */
function dnsAddress(text: string): { host: string; port: number } {
  if (isIP(text)) return { host: text, port: 53 };
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

function isDnsServer(text: string): boolean {
  const { host, port } = dnsAddress(text);
  return isIP(host) !== 0 && Number.isInteger(port) && port > 0 && port < 65_536;
}

function isTokenUrl(text: string): boolean {
  if (text === '') return true;
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username || password) return false;
  return protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1');
}

function isCertificate(text: string): boolean {
  return (
    text === '' ||
    /^(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/.test(`${text}\n`)
  );
}
