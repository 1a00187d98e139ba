import type { SecretStore } from '../../src/engine/model/ports';
import type { SecretBackend } from '../../src/engine/vault/backend';

/** Secrets in memory, that last as long as the test. */
export class MemorySecrets implements SecretBackend, SecretStore {
  readonly level = 'editor';
  readonly values = new Map<string, string>();

  async get(name: string): Promise<string | undefined> {
    return this.values.get(name);
  }

  async set(name: string, value: string): Promise<void> {
    this.values.set(name, value);
  }

  async delete(name: string): Promise<void> {
    this.values.delete(name);
  }

  async names(): Promise<readonly string[]> {
    return [...this.values.keys()];
  }
}
