import type { KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { canonicalJson } from './canonical';
import { type JournalFs, readWhole } from './fs';
import { keyId, type Signer, verifySignature } from './heads';
import { type ChainEnd, EMPTY_CHAIN } from './line';
import { MerkleFrontier } from './merkle';

/** What stands for the records that retention dropped. */
export const CHECKPOINT_FILE = 'checkpoint.json';

const hex64 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

export const checkpointSchema = z.object({
  journal: hex64,
  /** The last record that was dropped; what is there starts with the next. */
  seq: z.int().check(z.minimum(1)),
  at: z.int(),
  hash: hex64,
  /** Peaks of the hash tree over the dropped records, see `MerkleFrontier`. */
  peaks: z.array(hex64),
  /** Roots of the dropped segments, so that receipts of what is left can still be made. */
  roots: z.array(hex64),
  segmentRecords: z.int().check(z.minimum(1)),
  /** State of each projection after the dropped records, with the version that made it. */
  states: z.record(z.string(), z.object({ version: z.number(), state: z.unknown() })),
  key: z.string(),
  signature: z.string().check(z.maxLength(128)),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

export function signCheckpoint(
  signer: Signer | undefined,
  it: Omit<Checkpoint, 'key' | 'signature'>,
): Checkpoint {
  const statement = { ...it, key: signer?.keyId ?? '' };
  return { ...statement, signature: signer?.sign('checkpoint', statement) ?? '' };
}

export function verifyCheckpoint(publicKey: KeyObject, checkpoint: Checkpoint): boolean {
  const { signature, ...statement } = checkpoint;
  return (
    checkpoint.key === keyId(publicKey) && verifySignature(publicKey, 'checkpoint', statement, signature)
  );
}

/** Undefined when there is none. @throws Error with a sentence for a person when the file is not one. */
export function readCheckpoint(fs: JournalFs, directory: string): Checkpoint | undefined {
  const bytes = readWhole(fs, `${directory}/${CHECKPOINT_FILE}`);
  if (!bytes) return undefined;
  try {
    const checkpoint = checkpointSchema.parse(JSON.parse(bytes.toString('utf8')));
    if (!checkpointBytes(checkpoint).equals(bytes))
      throw new Error('it is not written as this product writes it');
    // Throws when its parts do not go together.
    treeStart(checkpoint);
    return checkpoint;
  } catch (cause) {
    throw new Error(
      'The checkpoint that stands for the dropped records cannot be read, so what they said is not known. Restore a backup.',
      { cause },
    );
  }
}

export function checkpointBytes(checkpoint: Checkpoint): Buffer {
  return Buffer.from(canonicalJson(checkpoint));
}

/** Where the chain starts behind a checkpoint. */
export function chainStart(checkpoint: Checkpoint | undefined): ChainEnd {
  return checkpoint ? { seq: checkpoint.seq, at: checkpoint.at, hash: checkpoint.hash } : EMPTY_CHAIN;
}

/** The hash tree over what was dropped, to go on from. */
export function treeStart(checkpoint: Checkpoint | undefined): MerkleFrontier {
  return checkpoint ? MerkleFrontier.load(checkpoint.seq, checkpoint.peaks) : new MerkleFrontier();
}
