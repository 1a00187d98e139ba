// Stores a secret in the system's keychain in one process's life and prints what the vault says of itself.
// argv: 'store' | 'read'. Run it under dbus-run-session with an unlocked keyring, or without D-Bus to see the fallback.
import { systemClock } from '../../src/engine/model/ports';
import { KeychainBackend } from '../../src/engine/vault/keychain';
import { Masking } from '../../src/engine/vault/masking';
import { SealedFileBackend } from '../../src/engine/vault/sealed-file';
import { Vault } from '../../src/engine/vault/vault';

async function main(what: string, file: string): Promise<void> {
  let asked = 0;
  const vault = await Vault.open(
    [
      new KeychainBackend(async () => require('keytar')),
      new SealedFileBackend(file, async () => {
        asked++;
        return 'a passphrase of several words';
      }),
    ],
    new Masking(),
    systemClock,
  );
  if (what === 'store') await vault.set('telegram/botToken', 'kept-by-the-keyring');
  const value = await vault.get('telegram/botToken');
  console.log(JSON.stringify({ level: vault.level, value, asked, names: await vault.names() }));
}

void main(process.argv[2] ?? '', process.argv[3] ?? '');
