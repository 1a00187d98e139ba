import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlStates, controlsPage } from '../../../scripts/controls-page';
import { CHANNEL_RULES } from '../../../src/channels/channel-rules';
import { DESCRIPTORS } from '../../../src/channels/registry';
import { CONTROLS } from '../../../src/engine/posture/controls';
import { FAMILIES } from '../../../src/engine/posture/facts';
import { RULES } from '../../../src/engine/posture/rules';
import { root } from '../views/sources';

describe('the controls', () => {
  const states = controlStates(DESCRIPTORS);

  it('each have a rule or an enforcement, and a test whose title names it', () => {
    const lacking = states.filter(({ status }) => status.startsWith('no '));
    assert.deepEqual(
      lacking.map(({ control, status }) => `${control.id}: ${status}`),
      [],
    );
  });

  it('say where they are enforced, in files that exist', () => {
    for (const { control, by } of states)
      for (const file of by) assert.ok(existsSync(join(root, file)), `${control.id}: ${file}`);
  });

  it('have ids of their own, and name rules that exist', () => {
    assert.equal(new Set(CONTROLS.map(({ id }) => id)).size, CONTROLS.length);
    const rules = new Set([
      ...FAMILIES.flatMap((family) => RULES[family].map(({ id }) => id)),
      ...Object.values(CHANNEL_RULES).flatMap((rules) => rules.map(({ id }) => id)),
    ]);
    for (const { id, rules: named } of CONTROLS)
      for (const rule of named ?? []) assert.ok(rules.has(rule), `${id} names ${rule}`);
  });

  it('stand in docs/controls.md, each under a heading that a finding’s link finds', () => {
    const page = readFileSync(join(root, 'docs/controls.md'), 'utf8');
    for (const { id, must } of CONTROLS) {
      assert.ok(page.includes(`\n### ${id}\n`), id);
      assert.ok(page.includes(must), `${id} has other words in the page: run npm run controls`);
    }
    const own = controlsPage(DESCRIPTORS);
    const anchors = (text: string) =>
      [...text.matchAll(/^### (\S+)$|<a id="([^"]+)">/gm)].map((match) =>
        (match[1] ?? match[2] ?? '').toLowerCase(),
      );
    assert.deepEqual(anchors(page), anchors(own), 'run npm run controls');
    const found = new Set(anchors(page));
    for (const family of FAMILIES)
      for (const { id, docs } of RULES[family])
        if (docs === undefined)
          assert.ok(found.has(id.split('.')[0]?.toLowerCase() ?? ''), `${id} has no place in the page`);
  });
});
