import type { KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import type { AnyRecord } from '../model/record';
import { canonicalJson } from './canonical';
import { type Head, headSchema, keyId, readPublicKey, verifyHead } from './heads';
import { readLine } from './line';
import { leafHash, verifyInclusion } from './merkle';
import type { SegmentTree } from './segment-tree';

/** Proof that one record stands in a journal, which verifies without the journal. */
export const receiptSchema = z.object({
  format: z.literal('cowork-receipt'),
  version: z.literal(1),
  record: z.record(z.string(), z.unknown()),
  head: headSchema,
  /** Hashes along the path from the record to the root (RFC 6962 §2.1.1), in hex. */
  proof: z.array(z.string().check(z.regex(/^[0-9a-f]{64}$/))).check(z.maxLength(64)),
  /** SPKI, DER in base64. */
  publicKey: z.string(),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** @throws RangeError when the head is older than the record. */
export function makeReceipt(tree: SegmentTree, record: AnyRecord, head: Head, publicKey: string): Receipt {
  return {
    format: 'cowork-receipt',
    version: 1,
    record: { ...record },
    head,
    proof: tree.inclusion(record.seq, head.seq).map((hash) => hash.toString('hex')),
    publicKey,
  };
}

/**
 * Checks a receipt with nothing but a public key. Gives undefined when it holds, else what does not, in a sentence.
 * Without a key, the receipt's own is used: that shows only that it was not changed since it was made.
 */
export function receiptFault(input: unknown, known?: KeyObject): string | undefined {
  const parsed = receiptSchema.safeParse(input);
  if (!parsed.success) return 'This is not a receipt.';
  const { record, head, proof, publicKey } = parsed.data;
  let key: KeyObject;
  try {
    key = known ?? readPublicKey(publicKey);
  } catch {
    return 'The public key of the receipt cannot be read.';
  }
  if (head.key !== keyId(key)) return 'The receipt is signed with another key.';
  if (!verifyHead(key, head)) return 'The signature of the head is wrong.';
  let line: string;
  try {
    line = canonicalJson(record);
  } catch {
    return 'The record in the receipt is not one.';
  }
  const reading = readLine(Buffer.from(line));
  if (!reading.record) return 'The record in the receipt is not one.';
  if (reading.fault) return `The record in the receipt was changed: ${reading.fault}.`;
  const path = proof.map((hash) => Buffer.from(hash, 'hex'));
  const { seq, hash } = reading.record;
  if (!verifyInclusion(leafHash(hash), seq - 1, head.seq, path, Buffer.from(head.root, 'hex'))) {
    return `Record ${seq} is not in the journal that the head speaks of.`;
  }
  return undefined;
}
