import { createHash } from 'node:crypto';
import { simpleParser } from 'mailparser';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import { screenText } from '../gateway/screen';
import { conversationOf, isOurs, normalAddress } from './addresses';
import { automatic, isOwnId } from './automatic';
import { HeaderFields } from './headers';
import { htmlText } from './html';
import { type Listed, MESSAGE_CAP } from './mailbox';
import type { Thread } from './state';
import { ownWords } from './text';

/** Why a message is passed over without its text having been looked at. The names are counted. */
export type Skip =
  | 'automatic'
  | 'too-large'
  | 'unreadable'
  | 'ambiguous'
  | 'other-subject'
  | 'not-to-us'
  | 'too-many-people'
  | 'too-old'
  | 'seen'
  | 'empty';

/** What the head of a message says, when it is one for us. Nothing of it is proved. */
export interface Heading {
  readonly head: HeaderFields;
  /** What it was read from. */
  readonly bytes: Buffer;
  readonly from: string;
  readonly displayName: string;
  readonly subject: string;
  /** Everyone but us, the sender too; what the conversation is named by. */
  readonly conversation: string;
  readonly direct: boolean;
  /** We are in To, not only in Cc. */
  readonly toUs: boolean;
  readonly id: string;
  readonly answers: string | undefined;
  /** Known by wherever it lies. */
  readonly key: string;
}

const NAME_CAP = 200;
/** A signature is good for ever; a request is not. Milliseconds between the signed date and the arrival. */
const MOST_DELAY_MS = 7 * 86_400_000;
const MOST_AHEAD_MS = 86_400_000;
const MOST_ATTACHMENTS = 50;

/** Reads the head. Pure but for the parser's own time. */
export async function readHeading(
  listed: Listed,
  us: string,
  subjectFilter: string,
): Promise<Heading | Skip> {
  if (listed.bytes > MESSAGE_CAP) return 'too-large';
  const head = HeaderFields.read(listed.head);
  if (!head) return 'ambiguous';
  if (automatic(head, us)) return 'automatic';
  const parsed = await simpleParser(listed.head, PARSING);
  const subject = parsed.subject ?? '';
  // The server has looked already, each in its own way.
  if (!subject.toLowerCase().includes(subjectFilter.toLowerCase())) return 'other-subject';
  const [author, ...others] = parsed.from?.value ?? [];
  const from = normalAddress(author?.address ?? '');
  if (!author || others.length > 0 || author.group || from === undefined) return 'ambiguous';
  const to = addresses(parsed.to);
  const cc = addresses(parsed.cc);
  if (!to || !cc) return 'ambiguous';
  const toUs = to.some((address) => isOurs(address, us));
  if (!toUs && !cc.some((address) => isOurs(address, us))) return 'not-to-us';
  const people = [from, ...to, ...cc].filter((address) => !isOurs(address, us));
  // Our own mail is handed on, to be dropped where everything of ours is.
  const conversation = conversationOf(people.length > 0 ? people : [us]);
  if (conversation === undefined) return 'too-many-people';
  const sent = parsed.date?.getTime() ?? Number.NaN;
  if (!(sent > listed.arrived - MOST_DELAY_MS && sent < listed.arrived + MOST_AHEAD_MS)) return 'too-old';
  const id = head.ids('message-id')[0] ?? `none.${hash(listed.head)}`;
  return {
    head,
    bytes: listed.head,
    from,
    displayName: displayName(author.name, from),
    subject,
    conversation,
    direct: conversation === from,
    toUs,
    id,
    answers: head.ids('in-reply-to')[0],
    key: `m:${hash(`${from} ${id}`)}`,
  };
}

/** The whole message, as one for the gateway. `receivedAt` is by our clock. */
export async function readMessage(
  heading: Heading,
  source: Buffer,
  place: { readonly uidValidity: string; readonly uid: number },
  us: string,
  receivedAt: number,
): Promise<InboundMessage | Skip> {
  const parsed = await simpleParser(source, PARSING);
  const plain = parsed.text?.trim() ?? '';
  const text = ownWords(plain !== '' || !parsed.html ? plain : htmlText(parsed.html));
  const attachments = parsed.attachments
    .map((part, index): Attachment & { related: boolean } => ({
      name: (part.filename ?? `part-${index + 1}`).slice(0, NAME_CAP),
      mediaType: part.contentType,
      size: part.size,
      platformId: `${place.uidValidity}.${place.uid}.${index}`,
      related: part.related === true,
    }))
    // Pictures of a signature.
    .filter(({ related }) => !related)
    .slice(0, MOST_ATTACHMENTS)
    .map(({ related: _, ...attachment }) => attachment);
  if (text === '' && attachments.length === 0) return 'empty';
  const { from, answers } = heading;
  return {
    channel: 'email',
    account: us,
    conversation: heading.conversation,
    context: heading.direct ? 'dm' : 'group',
    sender: { id: from, displayName: heading.displayName, isBot: false, isSelf: from === us },
    text,
    attachments,
    platformId: heading.id,
    receivedAt,
    addressed: heading.direct || heading.toUs || (answers !== undefined && isOwnId(answers, us)),
    ...(answers ? { inReplyTo: answers } : {}),
  };
}

/** Bytes of one attachment, by its place among all of the message. */
export async function attachmentBytes(source: Buffer, index: number): Promise<Buffer | undefined> {
  const parsed = await simpleParser(source, PARSING);
  return parsed.attachments[index]?.content;
}

/** What is needed to answer it. */
export function threadOf({ id, subject, head }: Heading): Thread {
  const earlier = head.ids('references');
  const references = earlier.length > 0 ? earlier : head.ids('in-reply-to').slice(0, 1);
  return { id, subject: subject.slice(0, 500), references: references.slice(-20) };
}

const PARSING = {
  // What is hidden would come out as text.
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipTextLinks: true,
  skipImageLinks: true,
  keepCidLinks: true,
  maxChildNodes: 200,
} as const;

type Addresses = Awaited<ReturnType<typeof simpleParser>>['to'];

/** Undefined when one of them is none, or stands in a group: nobody could say who reads along. */
function addresses(field: Addresses): readonly string[] | undefined {
  if (!field) return [];
  const all: string[] = [];
  for (const { value } of Array.isArray(field) ? field : [field]) {
    for (const entry of value) {
      const address = entry.group ? undefined : normalAddress(entry.address ?? '');
      if (address === undefined) return undefined;
      all.push(address);
    }
  }
  return all;
}

/** A name that contains an address, or characters that are not seen, is there to be mistaken for somebody. */
function displayName(name: string, from: string): string {
  const screened = screenText(name, 10_000);
  const odd = screened.kind === 'refused' || screened.marks.length > 0 || /[@＠﹫<>]/u.test(name);
  return (odd || name.trim() === '' ? from : name.trim()).slice(0, NAME_CAP);
}

function hash(of: string | Uint8Array): string {
  return createHash('sha256').update(of).digest('base64url').slice(0, 24);
}
