import type { SecretBackend } from './backend';

/** The three calls of the `keytar` package that are used here. */
export interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

/** The name under which a person finds the entries in their keychain. */
const SERVICE = 'CoWork OS';

/**
 * The operating system's keychain: Keychain, Credential Manager, or the Secret Service over D-Bus. `load` is
 * called when it is first needed; the package is optional and may be absent.
 */
export class KeychainBackend implements SecretBackend {
  readonly level = 'keychain';
  private loaded: Promise<Keytar> | undefined;

  constructor(private readonly load: () => Promise<Keytar>) {}

  async get(name: string): Promise<string | undefined> {
    return (await (await this.keytar()).getPassword(SERVICE, name)) ?? undefined;
  }

  async set(name: string, value: string): Promise<void> {
    await (await this.keytar()).setPassword(SERVICE, name, value);
  }

  async delete(name: string): Promise<void> {
    await (await this.keytar()).deletePassword(SERVICE, name);
  }

  private keytar(): Promise<Keytar> {
    this.loaded ??= this.load();
    return this.loaded;
  }
}
