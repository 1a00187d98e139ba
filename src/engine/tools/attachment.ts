import type { OutboundFile } from '../model/message';

/** Bytes; what every platform takes that takes files at all is about twice that. */
export const MAX_ATTACHMENT = 4 * 1024 * 1024;

/** The first bytes of what is shown as it is, from the formats' own specifications. */
const MAGIC: readonly (readonly [mediaType: string, at: number, bytes: string])[] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF87a'],
  ['image/gif', 0, 'GIF89a'],
  ['image/webp', 8, 'WEBP'],
  ['application/pdf', 0, '%PDF-'],
];

/** By its content, not its name. Undefined for what is neither a picture nor a PDF. */
export function mediaTypeOf(bytes: Buffer): string | undefined {
  return MAGIC.find(([, at, text]) =>
    bytes.subarray(at, at + text.length).equals(Buffer.from(text, 'latin1')),
  )?.[0];
}

/** The file as it was when it was read. */
export function attachmentOf(name: string, mediaType: string, bytes: Buffer): OutboundFile {
  return { name, mediaType, size: bytes.length, read: async () => bytes };
}
