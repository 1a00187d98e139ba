import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Of AES-256. */
export const KEY_BYTES = 32;
/** Recommended for GCM by NIST SP 800-38D. */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

export interface Sealed {
  readonly nonce: Buffer;
  readonly tag: Buffer;
  readonly data: Buffer;
}

/** AES-256-GCM, bound to `name` (additional data), so that it opens under no other name. */
export function seal(key: Buffer, name: string, plain: Uint8Array): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name, 'utf8'));
  const data = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { nonce, tag: cipher.getAuthTag(), data };
}

/** @throws when it was sealed with another key or under another name, or has been changed. */
export function unseal(key: Buffer, name: string, { nonce, tag, data }: Sealed): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(name, 'utf8'))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(data), decipher.final()]);
}
