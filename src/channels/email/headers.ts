/** A header field as it stands in the message, unfolded, with its name in lower case. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** Fields that a message may have once (RFC 5322, 3.6). With two, readers differ about which one counts. */
const ONCE: ReadonlySet<string> = new Set([
  'from',
  'sender',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'reply-to',
  'content-type',
  'content-transfer-encoding',
  'mime-version',
]);

/** More than that no honest message has; the second in bytes. */
const MOST_FIELDS = 500;
const HEAD_CAP = 256 * 1024;

/** The fields of a message, in order. Knows nothing of encodings: what is decoded is decoded by mailparser. */
export class HeaderFields {
  private constructor(
    readonly fields: readonly HeaderField[],
    /** Where the body begins, in bytes. */
    readonly end: number,
  ) {}

  /** Undefined when the head is not one that every program would read in the same way. */
  static read(source: Uint8Array): HeaderFields | undefined {
    const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
    const { end, length } = endOfHead(bytes);
    if (end > HEAD_CAP) return undefined;
    const head = bytes.toString('latin1', 0, end);
    if (head.includes('\0') || /\r(?!\n)/.test(head)) return undefined;
    const fields: HeaderField[] = [];
    for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
      if (line === '') continue;
      const found = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(line);
      if (!found) return undefined;
      fields.push({ name: (found[1] ?? '').toLowerCase(), value: (found[2] ?? '').trim() });
      if (fields.length > MOST_FIELDS) return undefined;
    }
    const result = new HeaderFields(fields, end + length);
    return [...ONCE].every((name) => result.all(name).length <= 1) ? result : undefined;
  }

  all(name: string): readonly string[] {
    return this.fields.filter((field) => field.name === name).map(({ value }) => value);
  }

  first(name: string): string | undefined {
    return this.fields.find((field) => field.name === name)?.value;
  }

  has(name: string): boolean {
    return this.fields.some((field) => field.name === name);
  }

  /** The ids of messages in a field, without their brackets. */
  ids(name: string): readonly string[] {
    return messageIds(this.first(name) ?? '');
  }
}

/** Ids without their brackets: `<a@b> <c@d>` holds `a@b` and `c@d`. What is no id is left out. */
export function messageIds(text: string): readonly string[] {
  return [...text.matchAll(/<([!-;=?-~]{3,400})>/g)].map((found) => found[1] ?? '');
}

function endOfHead(bytes: Buffer): { end: number; length: number } {
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  if (crlf >= 0 && (lf < 0 || crlf < lf)) return { end: crlf, length: 4 };
  return lf >= 0 ? { end: lf, length: 2 } : { end: bytes.length, length: 0 };
}
