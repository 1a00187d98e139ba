import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import * as z from 'zod/mini';
import { canonicalJson } from './canonical';

/** File of the signed heads, one a line, oldest first. */
export const HEADS_FILE = 'heads.jsonl';

const hex64 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** A statement about the first `seq` records of a journal, signed with Ed25519. */
export const headSchema = z.object({
  /** Hash of record 1: which journal it is. */
  journal: hex64,
  seq: z.int().check(z.minimum(1)),
  at: z.int(),
  /** Hash of record `seq`. */
  hash: hex64,
  /** RFC 6962 root over the hashes of the records 1 to `seq`. */
  root: hex64,
  /** True while the journal is being written: records may follow that no head speaks of yet. False at its end. */
  open: z.boolean(),
  /** SHA-256 over the line of the head before, in hex; 64 zeros for the first. */
  prev: hex64,
  /** SHA-256 of the public key (SPKI, DER), in hex. */
  key: hex64,
  /** Base64. */
  signature: z.string().check(z.maxLength(128)),
});
export type Head = z.infer<typeof headSchema>;

/** Where the signing key comes from: PKCS #8, DER in base64. Undefined when there is none yet. */
export interface KeyProvider {
  load(): Promise<string | undefined>;
}

/** The second place in which the last head is kept, out of reach of whoever can write the journal's directory. */
export interface HeadMemory {
  load(): Promise<Head | undefined>;
  save(head: Head): Promise<void>;
}

const PURPOSE = 'cowork-journal-v1\n';

/** An Ed25519 key that signs statements about a journal. */
export class Signer {
  readonly publicKey: KeyObject;
  readonly keyId: string;

  private constructor(private readonly privateKey: KeyObject) {
    this.publicKey = createPublicKey(privateKey);
    this.keyId = keyId(this.publicKey);
  }

  /** @throws when the text is not an Ed25519 private key as PKCS #8 in base64. */
  static fromPkcs8(base64: string): Signer {
    const key = createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType !== 'ed25519')
      throw new TypeError('The signing key of the record is not an Ed25519 key.');
    return new Signer(key);
  }

  /** Signature, in base64, over the canonical JSON of the statement under a purpose. */
  sign(purpose: string, statement: unknown): string {
    return sign(null, message(purpose, statement), this.privateKey).toString('base64');
  }
}

export function keyId(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}

/** @throws when the text is not a public key: PEM, or SPKI in base64. */
export function readPublicKey(text: string): KeyObject {
  if (text.includes('-----BEGIN')) return createPublicKey(text);
  return createPublicKey({ key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'spki' });
}

export function verifySignature(
  publicKey: KeyObject,
  purpose: string,
  statement: unknown,
  signature: string,
): boolean {
  const bytes = Buffer.from(signature, 'base64');
  // The last character of base64 has bits that do not count: only one way to write a signature is accepted.
  if (bytes.toString('base64') !== signature) return false;
  return verify(null, message(purpose, statement), publicKey, bytes);
}

function message(purpose: string, statement: unknown): Buffer {
  return Buffer.from(`${PURPOSE}${purpose}\n${canonicalJson(statement)}`);
}

export function signHead(signer: Signer, head: Omit<Head, 'key' | 'signature'>): Head {
  const statement = { ...head, key: signer.keyId };
  return { ...statement, signature: signer.sign('head', statement) };
}

/** The line of a head in the heads file, without line feed. */
export function headLine(head: Head): string {
  return canonicalJson(head);
}

/** What the next head has as `prev`. */
export function headHash(head: Head | undefined): string {
  return head ? createHash('sha256').update(headLine(head)).digest('hex') : '0'.repeat(64);
}

/** True when the head was signed with this key, and says so. */
export function verifyHead(publicKey: KeyObject, head: Head): boolean {
  const { signature, ...statement } = head;
  return head.key === keyId(publicKey) && verifySignature(publicKey, 'head', statement, signature);
}

/** The head on a line of the heads file, or undefined when the line is not one. */
export function parseHead(text: string): Head | undefined {
  try {
    const head = headSchema.parse(JSON.parse(text));
    return headLine(head) === text ? head : undefined;
  } catch {
    return undefined;
  }
}
