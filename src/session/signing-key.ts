import { generateKeyPairSync } from 'node:crypto';
import type { KeyProvider } from '../engine/journal';
import type { SecretStore } from '../engine/model/ports';

const NAME = 'journal/signingKey';

/** The key that signs the heads of the journal, made when it is first needed and kept in the vault. */
export function signingKey(secrets: SecretStore): KeyProvider {
  return {
    async load() {
      const known = await secrets.get(NAME);
      if (known !== undefined) return known;
      const { privateKey } = generateKeyPairSync('ed25519');
      const text = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
      await secrets.set(NAME, text);
      return text;
    },
  };
}
