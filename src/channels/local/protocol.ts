import * as z from 'zod';

/**
 * What is said on the loopback connection: one JSON object a line, UTF-8, in both directions. The first line of a
 * client is its hello; nothing else is read before the token in it has been found right.
 */
export const PROTOCOL_VERSION = 1 as const;

/** Bytes of one line. Above a message of 1 MB with its escapes, so that the gateway is the one to refuse that. */
export const LINE_CAP = 8 * 1024 * 1024;

/** Names that a peer may take: they become part of an identity, so they have one spelling only. */
export const peerName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,31}$/,
    'must be 1 to 32 lower-case letters, digits, dots, hyphens or underscores',
  );

const clientHello = z.strictObject({
  type: z.literal('hello'),
  v: z.literal(PROTOCOL_VERSION),
  token: z.string().max(200),
  as: peerName,
  group: peerName.optional(),
});

const clientSay = z.strictObject({
  type: z.literal('say'),
  /** Chosen by the client and used again when it repeats the line, so that it is taken once. */
  id: z.string().regex(/^[A-Za-z0-9-]{8,64}$/),
  text: z.string(),
  inReplyTo: z.string().max(100).optional(),
});

export const clientLine = z.discriminatedUnion('type', [clientHello, clientSay]);
export type ClientLine = z.output<typeof clientLine>;

/** A message to one peer: a reply of ours, or what somebody else said in the group. */
export const localMessage = z.object({
  id: z.string(),
  text: z.string(),
  format: z.enum(['text', 'markdown']),
  /** The name of the peer who said it; absent for our own replies. */
  from: z.string().optional(),
  inReplyTo: z.string().optional(),
  edits: z.string().optional(),
});
export type LocalMessage = z.output<typeof localMessage>;

export const serverLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), window: z.string(), as: z.string(), group: z.string().optional() }),
  localMessage.extend({ type: z.literal('message') }),
  /** The message with this id is on the record, or was refused there. */
  z.object({ type: z.literal('accepted'), id: z.string() }),
  /** `id` is that of the message that was not taken, when it was about one. */
  z.object({ type: z.literal('error'), text: z.string(), id: z.string().optional() }),
  z.object({ type: z.literal('bye'), text: z.string() }),
]);
export type ServerLine = z.output<typeof serverLine>;

/** One line of the protocol. JSON escapes every line break inside a string. */
export function encodeLine(line: ClientLine | ServerLine): string {
  return `${JSON.stringify(line)}\n`;
}

/**
 * Cuts a stream of bytes into lines of valid UTF-8.
 * @throws RangeError from `push` when a line is over the cap or is not UTF-8; the stream cannot be read on then.
 */
export class LineReader {
  private parts: Buffer[] = [];
  private size = 0;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });

  constructor(private readonly cap = LINE_CAP) {}

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10, from); at >= 0; at = chunk.indexOf(10, from)) {
      this.keep(chunk.subarray(from, at));
      lines.push(this.take());
      from = at + 1;
    }
    if (from < chunk.length) this.keep(chunk.subarray(from));
    return lines;
  }

  private keep(part: Buffer): void {
    this.size += part.length;
    if (this.size > this.cap)
      throw new RangeError(`a line of the local chat is larger than ${this.cap} bytes`);
    this.parts.push(part);
  }

  private take(): string {
    const bytes = Buffer.concat(this.parts);
    this.parts = [];
    this.size = 0;
    try {
      return this.decoder.decode(bytes);
    } catch {
      throw new RangeError('a line of the local chat is not text in UTF-8');
    }
  }
}
