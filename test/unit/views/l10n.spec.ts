import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setBundle, t, template } from '../../../src/views/protocol/l10n';
import { ofDescriptors } from './descriptor-texts';
import { root, sourcesIn, translated } from './sources';

const german: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(root, 'l10n/bundle.l10n.de.json'), 'utf8'),
);
const files = sourcesIn('src/views', 'src/host', 'src/policy-server', 'webview-ui');

/** The places of a sentence: `{0}`, `{1}`, … each once, sorted. */
function places(text: string): readonly string[] {
  return [...new Set(text.match(/\{\d+\}/g) ?? [])].sort();
}

describe('the languages', () => {
  afterEach(() => setBundle({}));

  it('have exactly the sentences that the code says', () => {
    const said = new Set([...files.flatMap((file) => translated(file).texts), ...ofDescriptors().keys()]);
    const missing = [...said].filter((text) => !Object.hasOwn(german, text) && !ofDescriptors().has(text));
    const unused = Object.keys(german).filter((text) => !said.has(text));
    assert.deepEqual({ missing, unused }, { missing: [], unused: [] });
  });

  it('fill the same places', () => {
    for (const [english, translation] of Object.entries(german)) {
      assert.deepEqual(places(translation), places(english), english);
    }
  });

  it('are asked for by sentences that are written out, so that none can be missed', () => {
    const own = ['src/views/protocol/l10n.ts', 'webview-ui/dom.ts'];
    for (const file of files) if (!own.includes(file)) assert.equal(translated(file).computed, 0, file);
  });

  it('fill places once: a value that looks like a place stays what it is', () => {
    assert.equal(t('{0} and {1}', '{1}', 'two'), '{1} and two');
    assert.equal(t('{0} of {2}', 1), '1 of {2}');
  });

  it('answer in the language that was set, and in English for what it lacks', () => {
    setBundle({ Deny: 'Ablehnen', constructor: 'x' });
    assert.equal(t('Deny'), 'Ablehnen');
    assert.equal(t('Approve'), 'Approve');
    assert.equal(template('toString'), 'toString');
  });
});
