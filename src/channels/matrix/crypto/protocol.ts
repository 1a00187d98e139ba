import * as z from 'zod';
import { ChannelError } from '../../contract';

/** What passes between the channel and the thread that encrypts for it. Both ends check what they get. */

/** What the channel wants of its thread. Events and contents are JSON, as the library takes them. */
export const callSchema = z.discriminatedUnion('call', [
  /** The first one. Those after it wait until it is done. */
  z.object({ call: z.literal('open'), user: z.string().min(1), device: z.string().min(1) }),
  z.object({
    call: z.literal('receive'),
    /** Of the events to our device. */
    events: z.string(),
    changed: z.array(z.string()),
    left: z.array(z.string()),
    counts: z.record(z.string(), z.number()),
    fallbacks: z.array(z.string()),
  }),
  /** `people` is a JSON list: of many thousands one text is copied between threads faster than each of them. */
  z.object({ call: z.literal('decrypt'), event: z.string(), room: z.string(), people: z.string() }),
  z.object({
    call: z.literal('encrypt'),
    room: z.string(),
    people: z.string(),
    type: z.string(),
    content: z.string(),
  }),
  z.object({ call: z.literal('close') }),
]);
export type Call = z.infer<typeof callSchema>;

/** By which device a message was sent. */
const deviceSchema = z.object({ id: z.string(), key: z.string(), signed: z.boolean() });
export type SendingDevice = z.infer<typeof deviceSchema>;

/** What each call gives back. */
export const resultSchemas = {
  /** The key by which others know our device. */
  open: z.object({ key: z.string() }),
  receive: z.undefined(),
  decrypt: z.discriminatedUnion('outcome', [
    /** Its key is not here yet. */
    z.object({ outcome: z.literal('locked') }),
    z.object({ outcome: z.literal('forged') }),
    z.object({ outcome: z.literal('replayed') }),
    z.object({
      outcome: z.literal('opened'),
      type: z.string(),
      content: z.record(z.string(), z.unknown()),
      device: deviceSchema,
    }),
  ]),
  encrypt: z.record(z.string(), z.unknown()),
  close: z.undefined(),
} as const;
export type Result<N extends Call['call']> = z.infer<(typeof resultSchemas)[N]>;

/** All that the thread may want of the channel: its own sealed blobs, and to ask the homeserver about keys. */
export const serviceSchema = z.discriminatedUnion('service', [
  z.object({ service: z.literal('load'), name: z.string().regex(/^keys(-\d{1,3})?$/) }),
  z.object({
    service: z.literal('save'),
    name: z.string().regex(/^keys(-\d{1,3})?$/),
    bytes: z.instanceof(Uint8Array),
  }),
  z.object({ service: z.literal('keys'), about: z.enum(['upload', 'query', 'claim']), body: z.string() }),
  z.object({
    service: z.literal('letter'),
    type: z.string().min(1),
    transaction: z.string().min(1),
    body: z.string(),
  }),
]);
export type Service = z.infer<typeof serviceSchema>;

const failureSchema = z.object({
  kind: z.enum(['rate-limited', 'temporary', 'refused', 'fatal']),
  message: z.string(),
  retryAfterMs: z.number().optional(),
});
type Failure = z.infer<typeof failureSchema>;

export const messageSchema = z.union([
  z.object({ ask: z.int(), what: z.unknown() }),
  z.object({ answer: z.int(), value: z.unknown().optional(), failure: failureSchema.optional() }),
]);
export type Message = z.infer<typeof messageSchema>;

/** Of an error that is not the channels' own only its kind is told: its text may repeat what was decrypted. */
export function toFailure(error: unknown): Failure {
  if (error instanceof ChannelError) {
    const { kind, message, retryAfterMs } = error;
    return { kind, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  return {
    kind: 'temporary',
    message: `The encryption of Matrix failed in an unexpected way (${nameOf(error)}). It is tried again.`,
  };
}

export function fromFailure({ kind, message, retryAfterMs }: Failure): ChannelError {
  return new ChannelError(kind, message, retryAfterMs);
}

/** A word for it that can have nothing of a message in it. */
export function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  return /^[A-Za-z]{1,40}$/.test(name) ? name : 'Error';
}
