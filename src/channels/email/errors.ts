import { ChannelError } from '../contract';

/** What a server's answer may take up of a sentence. */
const SAID_CAP = 160;
/** When a server says “too many” and not how long to wait. */
const SLOW_DOWN_MS = 30_000;

const CERTIFICATE =
  /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;

/** A property of an error of one of the mail libraries. */
function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

function text(error: unknown, name: string): string {
  const value = field(error, name);
  return typeof value === 'string' ? value : '';
}

/** What a server said, fit for a sentence. Servers do not repeat passwords; long runs without spaces are cut anyway. */
export function said(words: string): string {
  return words
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/[A-Za-z0-9+/=_-]{40,}/g, '…')
    .trim()
    .slice(0, SAID_CAP);
}

/** The code of the operating system or of TLS, from anywhere in the chain of causes. */
function systemCode(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    const code = text(at, 'code');
    if (CERTIFICATE.test(code) || /^E[A-Z]{3,20}$/.test(code)) return code;
    at = field(at, '_err') ?? at.cause;
  }
  return '';
}

function badCertificate(server: string): ChannelError {
  return new ChannelError(
    'fatal',
    `The certificate of the ${server} server is not one that this machine trusts for that name, so nothing was sent to it. Check the server’s name; for a server with a certificate authority of its own, put that authority’s certificate into cowork.channels.email.certificate.`,
  );
}

function noTls(server: string): ChannelError {
  return new ChannelError(
    'fatal',
    `The ${server} server did not switch to an encrypted connection, so nothing was sent to it. Someone on the way may have taken the offer out. Use the port for TLS (993 for IMAP, 465 for SMTP), or ask your provider.`,
  );
}

function unreachable(server: string, code: string): ChannelError {
  return new ChannelError(
    'temporary',
    `The ${server} server cannot be reached${code ? ` (${code})` : ''}. Check the network connection; it is tried again by itself.`,
  );
}

/** Any failure of the mailbox as the one error that adapters throw. */
export function imapError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error;
  const code = systemCode(error);
  if (CERTIFICATE.test(code)) return badCertificate('IMAP');
  const message = error instanceof Error ? error.message : '';
  if (
    field(error, 'tlsFailed') === true ||
    /STARTTLS/i.test(message) ||
    text(error, 'code') === 'STARTTLS_INJECTION'
  )
    return noTls('IMAP');
  const response = text(error, 'serverResponseCode').toUpperCase();
  if (field(error, 'authenticationFailed') === true) {
    // RFC 5530: these say that it is not the password.
    if (['UNAVAILABLE', 'INUSE', 'LIMIT', 'SERVERBUG'].includes(response)) return busy(error);
    // And many servers say it in words only.
    if (
      /too many|temporar|try again|unavailable/i.test(
        `${text(error, 'responseText')} ${text(error, 'response')}`,
      )
    )
      return busy(error);
    return new ChannelError(
      'fatal',
      'The IMAP server refused the name or the password. Enter the current one with “Enter Token…” in the Channels view; many providers want an app password here, not the main one.',
    );
  }
  if (field(error, 'mailboxMissing') === true || response === 'NONEXISTENT')
    return new ChannelError(
      'fatal',
      'The folder that is set in cowork.channels.email.folder does not exist in the mailbox. Make it, or name another.',
    );
  const wait = field(error, 'throttleReset');
  if (text(error, 'code') === 'ETHROTTLE')
    return new ChannelError(
      'rate-limited',
      'The IMAP server asks to wait.',
      typeof wait === 'number' ? wait : SLOW_DOWN_MS,
    );
  if (text(error, 'responseStatus') !== '') return busy(error);
  return unreachable('IMAP', code);
}

function busy(error: unknown): ChannelError {
  const words = said(text(error, 'responseText'));
  return new ChannelError(
    'temporary',
    `The IMAP server could not do it now${words ? `: ${words}` : ''}. It is tried again by itself.`,
  );
}

/** Any failure to send as the one error that adapters throw. Codes: RFC 5321 4.2, RFC 3463. */
export function smtpError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error;
  const code = systemCode(error);
  if (CERTIFICATE.test(code)) return badCertificate('SMTP');
  const kind = text(error, 'code');
  const status = Number(field(error, 'responseCode') ?? 0);
  if (kind === 'ETLS' || kind === 'EREQUIRETLS') return noTls('SMTP');
  const words = said(text(error, 'response'));
  if (status >= 400 && status < 500) {
    if (/rate|too (?:many|fast)|throttl|slow down|limit/i.test(words))
      return new ChannelError('rate-limited', `The SMTP server asks to wait: ${words}.`, waitOf(words));
    return new ChannelError(
      'temporary',
      `The SMTP server could not take it now: ${words}. It is tried again.`,
    );
  }
  if (kind === 'EAUTH' || kind === 'ENOAUTH' || status === 530 || status === 535)
    return new ChannelError(
      'fatal',
      'The SMTP server refused the name or the password. Enter the current one with “Enter Token…” in the Channels view; many providers want an app password here, not the main one.',
    );
  if (status >= 500)
    return new ChannelError('refused', `The SMTP server did not take the message: ${words}.`);
  if (kind === 'EENVELOPE' || kind === 'EMESSAGE')
    return new ChannelError('refused', 'The message could not be made into a mail, so it was not sent.');
  return unreachable('SMTP', code);
}

/** “Try again in 2 seconds”, as some servers say it. In milliseconds. */
function waitOf(words: string): number {
  const found = /(\d{1,5}) ?(ms|milliseconds?|s|seconds?|m|minutes?)\b/i.exec(words);
  if (!found) return SLOW_DOWN_MS;
  const unit = (found[2] ?? 's').toLowerCase();
  const factor =
    unit.startsWith('ms') || unit.startsWith('milli') ? 1 : unit.startsWith('m') ? 60_000 : 1_000;
  return Number(found[1]) * factor;
}
