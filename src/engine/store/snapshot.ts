import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { type ChainEnd, canonicalJson, type JournalFs, type Signer } from '../journal';
import { readWhole, replaceFile } from '../journal/fs';
import { verifySignature } from '../journal/heads';
import type { Projection } from '../model/projection';
import { INDEX_VERSION } from './audit-index';
import type { TreeState } from './head-keeper';

/** States of the projections. Disposable: made anew from the journal when it is missing or not to be trusted. */
export const STATES_FILE = 'states.json';
/** The audit index, behind one line of JSON that says what it is. Disposable too. */
export const INDEX_FILE = 'index.sqlite';

const FORMAT = 1;
const hex64 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const statesSchema = z.object({
  format: z.literal(FORMAT),
  journal: hex64,
  seq: z.int().check(z.minimum(1)),
  at: z.int(),
  hash: hex64,
  tree: z.object({ size: z.int(), peaks: z.array(hex64), roots: z.array(hex64) }),
  states: z.record(z.string(), z.object({ version: z.number(), state: z.unknown() })),
  /** Ed25519 signature, or SHA-256 when there is no key, over the rest. */
  seal: z.string(),
});
export type StatesSnapshot = z.infer<typeof statesSchema>;

const indexHeaderSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(INDEX_VERSION),
  journal: hex64,
  seq: z.int(),
  hash: hex64,
  sha256: hex64,
});

/** Without the members that are undefined, which a state may have and JSON has not. */
export function plain(state: unknown): unknown {
  return JSON.parse(JSON.stringify(state));
}

/** Files of what can be made anew, in the journal's directory. */
export class Snapshots {
  constructor(
    private readonly fs: JournalFs,
    private readonly directory: string,
    private readonly signer: Signer | undefined,
  ) {}

  saveStates(
    journal: string,
    end: ChainEnd,
    tree: TreeState,
    projections: readonly Projection<unknown>[],
    states: Readonly<Record<string, unknown>>,
  ): void {
    const snapshot = {
      format: FORMAT,
      journal,
      seq: end.seq,
      at: end.at,
      hash: end.hash,
      tree,
      states: Object.fromEntries(
        projections.map((p) => [p.name, { version: p.version, state: states[p.name] }]),
      ),
    };
    const seal = this.seal(snapshot);
    replaceFile(this.fs, this.directory, STATES_FILE, Buffer.from(canonicalJson({ ...snapshot, seal })));
  }

  /** Undefined when there is none that can be trusted and used by exactly these projections. */
  loadStates(projections: readonly Projection<unknown>[]): StatesSnapshot | undefined {
    try {
      const bytes = readWhole(this.fs, `${this.directory}/${STATES_FILE}`);
      if (!bytes) return undefined;
      const snapshot = statesSchema.parse(JSON.parse(bytes.toString('utf8')));
      const { seal, ...rest } = snapshot;
      const usable =
        this.isSealed(rest, seal) &&
        Object.keys(rest.states).length === projections.length &&
        projections.every((p) => rest.states[p.name]?.version === p.version);
      return usable ? snapshot : undefined;
    } catch {
      return undefined;
    }
  }

  saveIndex(journal: string, end: Pick<ChainEnd, 'seq' | 'hash'>, bytes: Uint8Array): void {
    const header = {
      format: FORMAT,
      version: INDEX_VERSION,
      journal,
      seq: end.seq,
      hash: end.hash,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    };
    replaceFile(this.fs, this.directory, INDEX_FILE, Buffer.from(`${JSON.stringify(header)}\n`), bytes);
  }

  /** Undefined when there is none, or it is damaged, of another version or of another journal. */
  loadIndex(journal: string): { seq: number; hash: string; bytes: Uint8Array } | undefined {
    try {
      const file = readWhole(this.fs, `${this.directory}/${INDEX_FILE}`);
      const lineEnd = file?.indexOf(0x0a) ?? -1;
      if (!file || lineEnd < 0) return undefined;
      const header = indexHeaderSchema.parse(JSON.parse(file.subarray(0, lineEnd).toString('utf8')));
      const bytes = file.subarray(lineEnd + 1);
      if (header.journal !== journal || createHash('sha256').update(bytes).digest('hex') !== header.sha256)
        return undefined;
      return { seq: header.seq, hash: header.hash, bytes };
    } catch {
      return undefined;
    }
  }

  private seal(snapshot: object): string {
    return (
      this.signer?.sign('states', snapshot) ??
      createHash('sha256').update(canonicalJson(snapshot)).digest('hex')
    );
  }

  private isSealed(snapshot: object, seal: string): boolean {
    if (!this.signer) return this.seal(snapshot) === seal;
    return verifySignature(this.signer.publicKey, 'states', snapshot, seal);
  }
}
