import { join } from 'node:path';
import type { ExtensionContext } from 'vscode';
import type { SecretBackend } from '../engine/vault/backend';
import { KeychainBackend, type Keytar } from '../engine/vault/keychain';
import { SealedFileBackend } from '../engine/vault/sealed-file';
import { load } from './load';
import { askPassphrase } from './passphrase';
import { SecretStorageBackend } from './secret-storage';

/**
 * Where credentials may be kept, from the best to the last resort. Made once a window: the engine may start several
 * times in it, and the passphrase of the file is asked for once.
 */
export function secretBackends(context: ExtensionContext): readonly SecretBackend[] {
  return [
    new SecretStorageBackend(context.secrets, context.globalState),
    new KeychainBackend(async () => load<Keytar>('keytar')),
    new SealedFileBackend(join(context.globalStorageUri.fsPath, 'secrets.json'), askPassphrase),
  ];
}
