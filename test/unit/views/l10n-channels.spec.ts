import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ofDescriptors } from './descriptor-texts';
import { root } from './sources';

const german: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(root, 'l10n/bundle.l10n.de.json'), 'utf8'),
);

describe('the languages of channels', () => {
  it('have what the descriptors of channels say', () => {
    const lacking = [...ofDescriptors()].filter(([text]) => !Object.hasOwn(german, text));
    const list = lacking.map(([text, where]) => `  ${where}: ${JSON.stringify(text)}`).join('\n');
    assert.equal(lacking.length, 0, `l10n/bundle.l10n.de.json lacks the German of\n${list}`);
  });
});
