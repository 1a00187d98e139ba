import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DESCRIPTORS } from '../../../src/channels/descriptors';
import { setBundle, t, template } from '../../../src/views/protocol/l10n';
import { root, sourcesIn, translated } from './sources';

const german: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(root, 'l10n/bundle.l10n.de.json'), 'utf8'),
);
const files = sourcesIn('src/views', 'src/host', 'src/policy-server', 'webview-ui');

/** The places of a sentence: `{0}`, `{1}`, … each once, sorted. */
function places(text: string): readonly string[] {
  return [...new Set(text.match(/\{\d+\}/g) ?? [])].sort();
}

/** What the views show of channels' descriptors, each with the place where it is written. */
function ofDescriptors(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { id, summary, secrets, setup, links, guide, rules } of DESCRIPTORS) {
    const say = (text: string | undefined, where: string) => text && texts.set(text, `${id}: ${where}`);
    say(summary, 'summary');
    for (const { name, label, help, validate } of secrets) {
      say(label, `label of ${name}`);
      say(help, `help of ${name}`);
      say(validate?.('!'), `complaint of ${name}`);
    }
    for (const step of setup) say(step, 'setup');
    for (const { label } of links) say(label, 'links');
    for (const one of guide.troubles) say(one.do, 'guide.troubles');
    for (const { title, why } of rules) {
      say(title, 'title of a rule');
      say(why, 'why of a rule');
    }
  }
  return texts;
}

describe('the languages', () => {
  afterEach(() => setBundle({}));

  it('have exactly the sentences that the code says', () => {
    const said = new Set([...files.flatMap((file) => translated(file).texts), ...ofDescriptors().keys()]);
    const missing = [...said]
      .filter((text) => !Object.hasOwn(german, text) && !ofDescriptors().has(text));
    const unused = Object.keys(german).filter((text) => !said.has(text));
    assert.deepEqual({ missing, unused }, { missing: [], unused: [] });
  });

  it('have what the descriptors of channels say', () => {
    const lacking = [...ofDescriptors()].filter(([text]) => !Object.hasOwn(german, text));
    const list = lacking.map(([text, where]) => `  ${where}: ${JSON.stringify(text)}`).join('\n');
    assert.equal(lacking.length, 0, `l10n/bundle.l10n.de.json lacks the German of\n${list}`);
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
