import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Attachment, OutboundFile } from '../../engine/model/message';
import { ChannelError } from '../contract';
import { downloaded } from '../http';
import { type MatrixClient, PLATFORM } from './client';
import { type EncryptedFile, uploadedAnswer } from './wire';

/** Milliseconds that a file may take. */
const FILE_TIMEOUT_MS = 300_000;

/** An encrypted file as an event names it, without where it is. */
export interface FileKey {
  readonly v: 'v2';
  readonly key: { readonly alg: 'A256CTR'; readonly k: string; readonly [more: string]: unknown };
  readonly iv: string;
  readonly hashes: { readonly sha256: string };
}

/** A fresh key for each file. https://spec.matrix.org/v1.11/client-server-api/#sending-encrypted-attachments */
export function encryptFile(bytes: Uint8Array): { readonly data: Uint8Array; readonly key: FileKey } {
  const key = randomBytes(32);
  // The lower half counts blocks, and begins at zero so that it never overflows.
  const iv = Buffer.concat([randomBytes(8), Buffer.alloc(8)]);
  const cipher = createCipheriv('aes-256-ctr', key, iv);
  const data = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return {
    data,
    key: {
      v: 'v2',
      key: {
        kty: 'oct',
        key_ops: ['encrypt', 'decrypt'],
        alg: 'A256CTR',
        k: key.toString('base64url'),
        ext: true,
      },
      iv: unpadded(iv),
      hashes: { sha256: unpadded(createHash('sha256').update(data).digest()) },
    },
  };
}

/** @throws RangeError when it is not what was sent */
export function decryptFile(data: Uint8Array, { key, iv, hashes }: FileKey): Uint8Array {
  const hash = unpadded(createHash('sha256').update(data).digest());
  if (hash !== hashes.sha256.replace(/=+$/, '')) throw new RangeError('the file was changed on its way');
  const secret = Buffer.from(key.k, 'base64url');
  const begin = Buffer.from(iv, 'base64');
  if (secret.length !== 32 || begin.length !== 16) throw new RangeError('the key of the file is none');
  const cipher = createDecipheriv('aes-256-ctr', secret, begin);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

/** What a file is named by in an event. */
export type FilePlace = { readonly url: string } | { readonly file: FileKey & { readonly url: string } };

/** Files of a homeserver. */
export class Media {
  constructor(
    private readonly client: MatrixClient,
    /** Whether the homeserver hands files out to who shows a token (Matrix 1.11), or to everybody. */
    private readonly authenticated: () => boolean,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws ChannelError `refused` when it is too large, was changed, or is not handed out */
  async fetch(
    attachment: Attachment,
    key: EncryptedFile | undefined,
    limitBytes: number,
  ): Promise<Uint8Array> {
    const { name, size } = attachment;
    const address = /^mxc:\/\/([\w.:[\]-]{1,255})\/([\w.=-]{1,255})$/.exec(key?.url ?? attachment.platformId);
    if (!address)
      throw new ChannelError(
        'refused',
        `“${name}” is not known any more, so it was not fetched. Send it again.`,
      );
    if (size > limitBytes)
      throw new ChannelError(
        'refused',
        `“${name}” is larger than ${limitBytes} bytes, so it was not fetched.`,
      );
    const root = this.authenticated() ? 'client/v1/media/download' : 'media/v3/download';
    const path = `${root}/${encodeURIComponent(address[1] ?? '')}/${encodeURIComponent(address[2] ?? '')}`;
    const response = await this.client.call('GET', path, { signal: this.signal, timeoutMs: FILE_TIMEOUT_MS });
    const bytes = await downloaded(response, limitBytes, { platform: PLATFORM, name });
    if (!key) return bytes;
    try {
      return decryptFile(bytes, key);
    } catch {
      throw new ChannelError('refused', `“${name}” could not be decrypted: it was changed on its way.`);
    }
  }

  /** Puts a file there, and says what an event names it by. @throws ChannelError */
  async put(file: OutboundFile, encrypted: boolean): Promise<FilePlace> {
    const bytes = await file.read();
    const sealed = encrypted ? encryptFile(bytes) : undefined;
    const { content_uri: url } = await this.client.read(uploadedAnswer, 'POST', 'media/v3/upload', {
      // What an encrypted file is called is nobody's business.
      ...(sealed ? {} : { query: { filename: file.name } }),
      bytes: {
        type: sealed ? 'application/octet-stream' : file.mediaType,
        data: sealed?.data ?? bytes,
      },
      signal: this.signal,
      timeoutMs: FILE_TIMEOUT_MS,
    });
    return sealed ? { file: { ...sealed.key, url } } : { url };
  }
}
