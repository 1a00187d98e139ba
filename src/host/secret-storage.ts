import type { SecretStorage } from 'vscode';
import type { SecretBackend } from '../engine/vault/backend';

/** VS Code's own SecretStorage, which the desktop keeps under a key of the operating system's keychain. */
export class SecretStorageBackend implements SecretBackend {
  readonly level = 'editor';

  constructor(private readonly storage: SecretStorage) {}

  async get(name: string): Promise<string | undefined> {
    return await this.storage.get(name);
  }

  async set(name: string, value: string): Promise<void> {
    await this.storage.store(name, value);
  }

  async delete(name: string): Promise<void> {
    await this.storage.delete(name);
  }
}
