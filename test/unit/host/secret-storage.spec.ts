import assert from 'node:assert/strict';
import { systemClock } from '../../../src/engine/model/ports';
import { Masking } from '../../../src/engine/vault/masking';
import { Vault } from '../../../src/engine/vault/vault';
import { SecretStorageBackend } from '../../../src/host/secret-storage';
import { MemorySecrets } from '../../helpers/memory-secrets';

/** VS Code's two stores: what is kept over a restart is copied by `restart`. */
class Editor {
  secrets = new Map<string, string>();
  state = new Map<string, unknown>();

  backend(): SecretStorageBackend {
    const storage = {
      get: async (key: string) => this.secrets.get(key),
      store: async (key: string, value: string) => void this.secrets.set(key, value),
      delete: async (key: string) => void this.secrets.delete(key),
    };
    return new SecretStorageBackend(storage, {
      get: <T>(key: string) => this.state.get(key) as T | undefined,
      update: async (key: string, value: unknown) => void this.state.set(key, value),
    } as ConstructorParameters<typeof SecretStorageBackend>[1]);
  }

  restart(keepsSecrets: boolean): void {
    if (!keepsSecrets) this.secrets = new Map();
  }
}

describe('the secret storage of VS Code', () => {
  const next = () => Object.assign(new MemorySecrets(), { level: 'keychain' as const });
  const open = (editor: Editor, other = next()) =>
    Vault.open([editor.backend(), other], new Masking(), systemClock);

  it('[FAQ-2] is used for as long as it keeps what was stored', async () => {
    const editor = new Editor();
    await (await open(editor)).set('a/b', 'some-value');
    for (let restart = 0; restart < 3; restart += 1) {
      editor.restart(true);
      const vault = await open(editor);
      assert.equal(vault.level, 'editor');
      assert.equal(await vault.get('a/b'), 'some-value');
    }
  });

  it('[FAQ-2] is passed over for good once it forgot, with the reason', async () => {
    const editor = new Editor();
    const other = next();
    await (await open(editor, other)).set('a/b', 'some-value');
    editor.restart(false);
    const vault = await open(editor, other);
    assert.equal(vault.level, 'keychain');
    assert.match(vault.passedOver[0]?.why ?? '', /forgot what an earlier session had stored/);
    await vault.set('a/b', 'some-value');
    for (const keeps of [true, false, true]) {
      editor.restart(keeps);
      const again = await open(editor, other);
      assert.equal(again.level, 'keychain');
      assert.equal(await again.get('a/b'), 'some-value');
    }
  });

  it('is one and the same for two windows that start at once', async () => {
    const editor = new Editor();
    const [one, two] = await Promise.all([open(editor), open(editor)]);
    assert.deepEqual([one.level, two.level], ['editor', 'editor']);
    editor.restart(true);
    assert.equal((await open(editor)).level, 'editor');
  });
});
