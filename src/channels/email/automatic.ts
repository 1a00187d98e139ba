import type { HeaderFields } from './headers';

/** Servers that a message may have passed. Honest ones are under ten; what is over this goes round in circles. */
const MOST_HOPS = 30;

/** Fields that only lists and mailings have. RFC 2369, RFC 2919. */
const LIST_FIELDS = [
  'list-id',
  'list-post',
  'list-help',
  'list-owner',
  'list-archive',
  'list-subscribe',
  'list-unsubscribe',
  'mailing-list',
  'x-mailing-list',
  'x-mailman-version',
  'feedback-id',
];

/** Fields that out-of-office programs and the like set to say so. */
const REPLY_FIELDS = [
  'x-autoreply',
  'x-autorespond',
  'x-autoresponder',
  'x-auto-reply-from',
  'x-mail-autoreply',
];

const ROBOTS = /^(?:mailer-daemon|mail-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+=-].*)?$/i;

/** Why nobody wrote this by hand. */
export type Automatic = 'auto-reply' | 'bounce' | 'list' | 'loop';

/**
 * Says what kind of automatic mail this is, so that it is never answered: answering machines would talk to each other
 * for ever. RFC 3834 and what older programs do. Undefined when a person may have written it.
 */
export function automatic(head: HeaderFields, us: string): Automatic | undefined {
  const value = (name: string) => (head.first(name) ?? '').toLowerCase();
  if (head.all('received').length > MOST_HOPS) return 'loop';
  if (head.all('x-loop').some((loop) => loop.toLowerCase().includes(us))) return 'loop';
  // Our own ids are of this form; a message of ours that comes back has one.
  if (isOwnId(head.ids('message-id')[0] ?? '', us)) return 'loop';
  if (head.has('x-failed-recipients') || /^multipart\/report\b/.test(value('content-type'))) return 'bounce';
  if (head.all('return-path').some((path) => path.replace(/\s/g, '') === '<>')) return 'bounce';
  const local = localPart(value('from'));
  if (/^(?:mailer-daemon|mail-daemon|postmaster)$/.test(local)) return 'bounce';
  if (LIST_FIELDS.some((name) => head.has(name))) return 'list';
  if (/^(?:bulk|list|junk)\b/.test(value('precedence'))) return 'list';
  const submitted = value('auto-submitted');
  if (submitted !== '' && !/^no\b/.test(submitted)) return 'auto-reply';
  if (/^auto_reply\b/.test(value('precedence'))) return 'auto-reply';
  if (REPLY_FIELDS.some((name) => head.has(name) && value(name) !== 'no')) return 'auto-reply';
  if (/\b(?:all|oof|autoreply)\b/.test(value('x-auto-response-suppress'))) return 'auto-reply';
  return ROBOTS.test(local) ? 'auto-reply' : undefined;
}

/** Of the last address in a From line. */
function localPart(from: string): string {
  const before = from.slice(0, Math.max(0, from.lastIndexOf('@')));
  return before.slice(Math.max(before.lastIndexOf('<'), before.lastIndexOf(' ')) + 1);
}

const OWN_ID = /^cowork\.[0-9a-f-]{36}@/;

/** `unique` is a UUID. */
export function ownId(unique: string, us: string): string {
  return `cowork.${unique}@${us.slice(us.lastIndexOf('@') + 1)}`;
}

export function isOwnId(id: string, us: string): boolean {
  return OWN_ID.test(id) && id.endsWith(us.slice(us.lastIndexOf('@')));
}
