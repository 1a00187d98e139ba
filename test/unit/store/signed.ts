import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Head, type HeadMemory, type KeyProvider, Signer } from '../../../src/engine/journal';
import { localStore, note } from './support';

export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

export class Memory implements HeadMemory {
  head: Head | undefined;
  async load() {
    return this.head;
  }
  async save(head: Head) {
    this.head = head;
  }
}

export interface Signed {
  readonly directory: string;
  readonly keys: KeyProvider;
  readonly memory: Memory;
  readonly signer: Signer;
}

/** Appends `count` notices to a signed journal with four records a segment, and closes it. */
export async function writeSigned(directory: string, counts: readonly number[]): Promise<Signed> {
  const key = newKey();
  const signed = {
    directory,
    keys: { load: async () => key },
    memory: new Memory(),
    signer: Signer.fromPkcs8(key),
  };
  for (const count of counts) await appendSigned(signed, count);
  return signed;
}

export function signedStore({ directory, keys, memory }: Signed) {
  return localStore(directory, { keys, heads: memory, segmentRecords: 4 });
}

export async function appendSigned(signed: Signed, count: number): Promise<void> {
  const store = signedStore(signed);
  await store.open();
  for (let i = 0; i < count; i += 1) await store.append(note(i));
  await store.close();
}

/** A copy of a directory, to spoil. */
export function copyOf(directory: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'cowork-copy-')), 'journal');
  cpSync(directory, copy, { recursive: true });
  return copy;
}
