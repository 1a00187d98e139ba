import type { VaultLevel } from '../model/views';

export type { VaultLevel };

/** A place for named secrets. Values are opaque text. Rejects when the place cannot be used. */
export interface SecretBackend {
  readonly level: VaultLevel;
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
}

const PROBE = 'cowork/probe';

/** Writes, reads back and deletes a throw-away secret. Undefined when the place works, else what went wrong. */
export async function probe(backend: SecretBackend): Promise<string | undefined> {
  try {
    const value = `probe-${Date.now()}`;
    await backend.set(PROBE, value);
    const read = await backend.get(PROBE);
    await backend.delete(PROBE);
    return read === value ? undefined : 'it did not give back what was stored';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
