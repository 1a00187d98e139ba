import { randomUUID } from 'node:crypto';
import type { OutboundFile, OutboundMessage } from '../../engine/model/message';
import { domainOf } from './addresses';
import { ownId } from './automatic';
import { type Link, linksIn } from './links';
import type { Thread } from './state';

const SUBJECT_CAP = 200;
/** Message ids in References; the first and the newest are what programs thread by. */
const REFERENCES_CAP = 20;
/** Files that a system may run when they are opened. */
const PROGRAMS =
  /\.(?:exe|com|scr|bat|cmd|ps1|vbs?|js|jse|wsf|msi|msix|hta|lnk|jar|app|dmg|pkg|sh|command|docm|xlsm|pptm|iso|html?)$/i;

/** A mail that is ready to be sent. Nothing in it was made by joining header lines: nodemailer encodes each value. */
export interface Mail {
  readonly id: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly inReplyTo?: string;
  readonly references: readonly string[];
  readonly files: readonly { readonly name: string; readonly mediaType: string; readonly bytes: Buffer }[];
}

export interface Composition {
  readonly us: string;
  readonly to: readonly string[];
  readonly subjectFilter: string;
  readonly text: string;
  readonly inReplyTo: string | undefined;
  readonly thread: Thread | undefined;
  readonly files: readonly OutboundFile[];
  /** The id of an earlier try at the same mail, so that a second copy is known for one. */
  readonly id: string;
}

export function newId(us: string): string {
  return ownId(randomUUID(), us);
}

/** @returns the mail, and the links in it that look deceptive. */
export async function compose(parts: Composition): Promise<{ mail: Mail; suspicious: readonly Link[] }> {
  const { us, to, thread, inReplyTo } = parts;
  const links = linksIn(parts.text, [domainOf(us), ...to.map(domainOf)]);
  const files = await Promise.all(
    parts.files.map(async ({ name, mediaType, read }) => ({
      name: fileName(name),
      mediaType: /^[\w.+-]+\/[\w.+-]+$/.test(mediaType) ? mediaType : 'application/octet-stream',
      bytes: Buffer.from(await read()),
    })),
  );
  const footer = [...linkLines(links), ...fileLines(files)];
  // Below the mark for signatures, which mail programs leave out when they quote.
  const text = footer.length > 0 ? `${parts.text}\n\n-- \n${footer.join('\n')}\n` : parts.text;
  const answered = inReplyTo !== undefined && isMessageId(inReplyTo) ? inReplyTo : undefined;
  const references = [...(thread?.references ?? []), ...(answered ? [answered] : [])].filter(isMessageId);
  const mail: Mail = {
    id: parts.id,
    to,
    subject: subjectOf(parts),
    text,
    references: [...references.slice(0, 1), ...references.slice(1).slice(1 - REFERENCES_CAP)],
    files,
    ...(answered ? { inReplyTo: answered } : {}),
  };
  return { mail, suspicious: links.filter(({ warnings }) => warnings.length > 0) };
}

/** The subject of an answer keeps the text that is asked for, so that the answer to it is read as well. */
function subjectOf({ thread, subjectFilter }: Composition): string {
  const asked = oneLine(thread?.subject ?? '');
  if (asked === '') return `${subjectFilter} CoWork OS`.trim();
  const subject = /^(?:re|aw|antw|sv|rif)\s*:/i.test(asked) ? asked : `Re: ${asked}`;
  return subject.toLowerCase().includes(subjectFilter.toLowerCase())
    ? subject
    : `${subjectFilter} ${subject}`;
}

/** Line ends and other controls would otherwise be a way to add header lines. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, SUBJECT_CAP);
}

function isMessageId(id: string): boolean {
  return /^[!-;=?-~]{3,400}$/.test(id);
}

function fileName(name: string): string {
  return oneLine(name).replace(/[/\\]/g, '_') || 'file';
}

function linkLines(links: readonly Link[]): readonly string[] {
  if (links.length === 0) return [];
  return [
    'Links in this message were not checked. They lead to:',
    ...links.map(({ host, warnings }) =>
      warnings.length > 0 ? `! ${host} (CAREFUL: ${warnings.join('; ')})` : `- ${host}`,
    ),
  ];
}

function fileLines(files: Mail['files']): readonly string[] {
  if (files.length === 0) return [];
  return [
    'Attached files were not checked:',
    ...files.map(({ name, mediaType, bytes }) => {
      const about = `${name}, ${mediaType}, ${bytes.length} bytes`;
      return PROGRAMS.test(name) ? `! ${about} (CAREFUL: opening it may run a program)` : `- ${about}`;
    }),
  ];
}

/** What makes two outbound messages the same try. */
export function sameMail(message: OutboundMessage, part: string): string {
  return JSON.stringify([message.conversation, message.inReplyTo ?? '', message.text, part]);
}
