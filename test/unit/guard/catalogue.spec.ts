import assert from 'node:assert/strict';
import { CATALOGUE, type Example, type Guard } from '../../../src/engine/guard';
import type { Shell } from '../../../src/engine/model/analysis';
import { placeOf, theGuard } from './support';

/** Every rule's own examples are its tests. */
describe('the catalogue', () => {
  let guard: Guard;
  before(async () => {
    guard = await theGuard();
  });

  const found = (example: Example): string[] => {
    const [shell, line]: readonly [Shell, string] = typeof example === 'string' ? ['bash', example] : example;
    return guard.analyse({ line, shell, ...placeOf(shell) }).findings.map((finding) => finding.ruleId);
  };

  for (const rule of CATALOGUE) {
    it(`${rule.id} finds its examples and not their look-alikes`, () => {
      assert.ok(rule.match.length > 0 && rule.noMatch.length > 0, 'a rule needs examples of both kinds');
      for (const example of rule.match)
        assert.ok(found(example).includes(rule.id), `missed: ${String(example)}`);
      for (const example of rule.noMatch)
        assert.ok(!found(example).includes(rule.id), `wrongly found: ${String(example)}`);
    });
  }

  it('[INI-3a] has an id, a title and an explanation for each rule, and no id twice', () => {
    const ids = CATALOGUE.map((rule) => rule.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const rule of CATALOGUE) {
      assert.match(rule.id, /^[a-z]+\.[a-z-]+$/);
      assert.ok(rule.title.length > 8 && rule.explanation.length > 20, rule.id);
    }
  });
});
