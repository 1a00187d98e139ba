import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { CHANNEL_RULES } from '../../../src/channels/channel-rules';
import { SEVERITIES } from '../../../src/engine/model/posture';
import { evaluate } from '../../../src/engine/posture/evaluate';
import { FAMILIES, type FactFamilies, type FamilyName } from '../../../src/engine/posture/facts';
import { RULES } from '../../../src/engine/posture/rules';
import { countOpen, scoreOf } from '../../../src/engine/posture/score';
import { COMMAND_IDS } from '../../../src/views/command-ids';
import { root, sourcesIn } from '../views/sources';
import { goodFacts } from './facts';
import { FIXTURES } from './fixtures';

const rulesOf = (channel: string) => CHANNEL_RULES[channel] ?? [];
const run = <F extends FamilyName>(family: F, facts: FactFamilies[F]) => evaluate(family, facts, rulesOf);
const general = FAMILIES.flatMap((family) => RULES[family].map(({ id }) => id));
const ofChannels = Object.values(CHANNEL_RULES).flatMap((rules) => rules.map(({ id }) => id));

describe('the rules of the Checklist', () => {
  it('find nothing where all is well', () => {
    const facts = goodFacts();
    for (const family of FAMILIES) assert.deepEqual(run(family, facts[family]), [], family);
  });

  for (const { rule, family, facts, evidence, severity } of FIXTURES) {
    it(`[${rule.split('.')[0]}] ${rule} finds what it is for: ${evidence.source}`, () => {
      const found = run(family, facts as never).filter((finding) => finding.rule === rule);
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.match(found[0]?.evidence ?? '', evidence);
      assert.equal(found[0]?.severity, severity);
    });
  }

  it('each have a fixture that fails; those of channels that, or a test of their own', () => {
    const fixed = new Set(FIXTURES.map(({ rule }) => rule));
    const tests = sourcesIn('test').map((file) => readFileSync(join(root, file), 'utf8'));
    for (const id of general) assert.ok(fixed.has(id), `${id} has no fixture`);
    for (const id of ofChannels) {
      const own = fixed.has(id) || tests.some((text) => text.includes(`'${id}'`) || text.includes(`[${id}]`));
      assert.ok(own, `${id} has neither a fixture nor a test`);
    }
  });

  it('have ids of their own, and texts that are sentences', () => {
    const all = [...general, ...ofChannels];
    assert.equal(new Set(all).size, all.length);
    for (const family of FAMILIES) {
      for (const { id, title, why, docs } of RULES[family]) {
        assert.match(title, /^\p{Lu}.*[^.]$/u, id);
        assert.match(why, /\.$/, id);
        if (docs !== undefined) assert.ok(readFileSync(join(root, docs)).length > 0, id);
      }
    }
  });

  it('offer commands that exist', () => {
    for (const { facts, family } of FIXTURES) {
      for (const { fix, rule } of run(family, facts as never)) {
        if (fix?.kind === 'command')
          assert.ok((COMMAND_IDS as readonly string[]).includes(fix.command), `${rule}: ${fix.command}`);
      }
    }
  });
});

describe('the score', () => {
  const findings = fc.array(fc.constantFrom(...SEVERITIES), { maxLength: 40 });
  const score = (list: readonly (typeof SEVERITIES)[number][]) =>
    scoreOf(countOpen(list.map((severity) => ({ severity }))));

  it('is 100 when nothing is found, and only then or for what is only good to know', () => {
    assert.equal(score([]), 100);
    assert.equal(score(['info']), 100);
    for (const severity of SEVERITIES) if (severity !== 'info') assert.ok(score([severity]) < 100, severity);
  });

  it('never rises with one finding more, and never leaves 0 to 100', () => {
    fc.assert(
      fc.property(findings, fc.constantFrom(...SEVERITIES), (list, more) => {
        const [before, after] = [score(list), score([...list, more])];
        assert.ok(after <= before && after >= 0 && before <= 100);
      }),
    );
  });
});
