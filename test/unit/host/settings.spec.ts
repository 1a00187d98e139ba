import assert from 'node:assert/strict';
import * as z from 'zod';
import type { Settings } from '../../../src/host/settings';
import { FakeEditor, withEditor } from '../views/editor';

/** A configuration that counts how often it is asked, and tells of its changes. */
function configured(
  values: Record<string, { globalValue?: unknown; defaultValue?: unknown; workspaceValue?: unknown }>,
) {
  const editor = new FakeEditor();
  let asked = 0;
  let listener: (event: { affectsConfiguration(section: string): boolean }) => void = () => undefined;
  Object.assign(editor.api.workspace as object, {
    getConfiguration: () => ({
      inspect: (key: string) => {
        asked += 1;
        return structuredClone(values[key]);
      },
    }),
    onDidChangeConfiguration: (given: typeof listener) => {
      listener = given;
      return { dispose: () => undefined };
    },
  });
  const settings = withEditor(editor, (load) => {
    delete load.cache[load.resolve('../../../src/host/settings')];
    const { Settings: Made } = load('../../../src/host/settings');
    return new Made() as Settings;
  });
  const change = (section: string) =>
    listener({ affectsConfiguration: (asked) => section === asked || section.startsWith(`${asked}.`) });
  return { settings, change, asked: () => asked };
}

describe('settings', () => {
  after(() => {
    delete require.cache[require.resolve('../../../src/host/settings')];
  });

  it('are asked of the editor once a turn, and again after one has changed', async () => {
    const values = { mode: { globalValue: 'ask', defaultValue: 'ask' } };
    const { settings, change, asked } = configured(values);
    for (let turn = 0; turn < 3; turn += 1) assert.equal(settings.get('mode', z.string()), 'ask');
    assert.equal(asked(), 1);
    values.mode.globalValue = 'strict';
    change('editor.fontSize');
    assert.equal(settings.get('mode', z.string()), 'ask');
    const seen: string[] = [];
    settings.onChange((changed) => {
      if (changed('mode')) seen.push(settings.get('mode', z.string()));
    });
    change('cowork.mode');
    assert.deepEqual(seen, ['strict'], 'whoever is told of the change reads the new value');
    assert.equal(asked(), 2);
    // Even if nobody told of it.
    values.mode.globalValue = 'plan';
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(settings.get('mode', z.string()), 'plan');
  });

  it('[law 2] never come from the workspace', () => {
    const { settings } = configured({ mode: { workspaceValue: 'loose', defaultValue: 'ask' } });
    assert.equal(settings.get('mode', z.string()), 'ask');
  });

  it('are the same for everybody: nobody can change what the next one gets', () => {
    const { settings } = configured({ budgets: { globalValue: { perDay: { tokens: 5 } } } });
    const first = settings.get('budgets', z.unknown()) as { perDay: { tokens: number } };
    assert.throws(() => {
      first.perDay.tokens = 9;
    }, TypeError);
    assert.deepEqual(settings.get('budgets', z.unknown()), { perDay: { tokens: 5 } });
  });
});
