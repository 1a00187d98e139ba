import type { Memento, SecretStorage } from 'vscode';
import type { SecretBackend } from '../engine/vault/backend';

/** The same mark under both: here in VS Code's state, there among the secrets. */
const STATE_KEY = 'secrets.kept';
const SECRET_KEY = 'cowork/kept';
const MARK = 'kept';

/**
 * VS Code's own SecretStorage, which the desktop keeps under a key of the operating system's keychain.
 *
 * On a machine without a keychain it takes secrets, gives them back, and has forgotten them after a restart, without
 * a word to the extension. So a mark is left in it and beside it: where only the one beside it is found again, it is
 * not used any more. It stays so: by then the secrets are somewhere else.
 */
export class SecretStorageBackend implements SecretBackend {
  readonly level = 'editor';
  private checked: Promise<void> | undefined;

  constructor(
    private readonly storage: Pick<SecretStorage, 'get' | 'store' | 'delete'>,
    private readonly state: Pick<Memento, 'get' | 'update'>,
  ) {}

  async get(name: string): Promise<string | undefined> {
    await this.keeps();
    return await this.storage.get(name);
  }

  async set(name: string, value: string): Promise<void> {
    await this.keeps();
    await this.storage.store(name, value);
  }

  async delete(name: string): Promise<void> {
    await this.keeps();
    await this.storage.delete(name);
  }

  /** @throws Error when it has forgotten what an earlier session stored. */
  private keeps(): Promise<void> {
    this.checked ??= this.check();
    return this.checked;
  }

  private async check(): Promise<void> {
    const inside = await this.storage.get(SECRET_KEY);
    if (this.state.get(STATE_KEY) !== undefined) {
      if (inside === undefined)
        throw new Error('it forgot what an earlier session had stored: this machine gives it no keychain');
      return;
    }
    // The same mark from every window, so that two that start at once agree.
    await this.storage.store(SECRET_KEY, MARK);
    await this.state.update(STATE_KEY, MARK);
  }
}
