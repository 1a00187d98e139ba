import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Effect } from '../../../src/engine/model/effect';
import { Emitter } from '../../../src/engine/model/emitter';
import { silentLogger } from '../../../src/engine/model/ports';
import { parseWorkspacePolicy } from '../../../src/engine/policy/parse';
import { buildSnapshot, type PolicySnapshot } from '../../../src/engine/policy/snapshot';
import { NameRefused } from '../../../src/policy-server/names';
import { PolicyLanguage } from '../../../src/policy-server/policy-language';
import { PolicySource } from '../../../src/session/policy';
import type { SessionPorts } from '../../../src/session/ports';
import { BROKEN, brokenPolicy, GOOD_POLICIES, where } from '../../helpers/broken-text';
import { HOME, ROOT } from '../../unit/policy/support';
import { type Case, effectsOf, requestGrid, weaker } from './grid';

const OWN = { mode: 'trusted', capabilities: { shell: 'allow', network: 'allow', delete: 'allow' } } as const;

const snapshotOf = (workspace?: PolicySnapshot['input']['workspace']) =>
  buildSnapshot({
    user: OWN,
    ...(workspace === undefined ? {} : { workspace }),
    workspaceRoot: ROOT,
    home: HOME,
  });

describe('policy: files that are cut off or broken', function () {
  this.timeout(600_000);
  let grid: readonly Case[] = [];
  let without: readonly Effect[] = [];
  /** What is decided while a good file is in force, by its text. */
  const underGood = new Map<string, readonly Effect[]>();
  before(async () => {
    grid = await requestGrid(300);
    without = effectsOf(snapshotOf(), grid);
    for (const text of GOOD_POLICIES)
      underGood.set(text, effectsOf(snapshotOf(parseWorkspacePolicy(text).policy), grid));
  });

  it('are good to begin with, and tighten', () => {
    for (const text of GOOD_POLICIES) {
      assert.deepEqual(parseWorkspacePolicy(text).problems, []);
      assert.notDeepEqual(underGood.get(text), without);
    }
  });

  it('never loosen anything, and never lose the last good policy, in the engine’s parser', () => {
    const kept = { syntax: 0, part: 0 };
    fc.assert(
      fc.property(brokenPolicy, ({ good, broken }) => {
        const last = parseWorkspacePolicy(good).policy;
        const { policy, problems, understood } = parseWorkspacePolicy(broken, last);
        assert.deepEqual(weaker(without, snapshotOf(policy), grid), []);
        assert.deepEqual(weaker(without, snapshotOf(parseWorkspacePolicy(broken).policy), grid), []);
        if (understood) return;
        kept[problems.some(({ kind }) => kind === 'syntax') ? 'syntax' : 'part'] += 1;
        assert.deepEqual(weaker(underGood.get(good) ?? [], snapshotOf(policy), grid), []);
      }),
      BROKEN,
    );
    // Both ways of not understanding were tried: no JSON at all, and JSON that is no policy.
    assert.ok(kept.syntax > BROKEN.numRuns / 4 && kept.part > BROKEN.numRuns / 20, JSON.stringify(kept));
  });

  it('never loosen anything in a session that reads the file again at each change', async () => {
    let text: string = GOOD_POLICIES[0] ?? '';
    const written = new Emitter<void>();
    const never = () => ({ dispose: () => undefined });
    const ports = {
      workspace: ROOT,
      home: HOME,
      storage: '/storage',
      log: silentLogger,
      settings: { policy: () => OWN, onChange: never },
      policyFile: { read: async () => text, stamp: async () => text, onChange: written.event },
      // Only what the source of the policy asks for.
    } as unknown as SessionPorts;
    const source = await PolicySource.open(ports);
    const write = (next: string) =>
      new Promise<void>((read) => {
        const once = source.onChange(() => {
          once.dispose();
          read();
        });
        text = next;
        written.fire();
      });
    await fc.assert(
      fc.asyncProperty(brokenPolicy, async ({ good, broken }) => {
        await write(good);
        assert.deepEqual(source.problems(), []);
        await write(broken);
        const understood = source.problems().every(({ kind }) => kind === 'loosening');
        const before = understood ? without : (underGood.get(good) ?? []);
        assert.deepEqual(weaker(before, source.current(), grid), []);
        // Broken once more, it is still the last good one that holds.
        await write(`${broken}{`);
        if (!understood) assert.deepEqual(weaker(before, source.current(), grid), []);
      }),
      BROKEN,
    );
    source.dispose();
  });

  it('get an answer to everything in the language support, which knows the last good policy too', async () => {
    const language = new PolicyLanguage();
    const uri = 'file:///w/.cowork/policy.jsonc';
    let version = 0;
    const documentOf = (text: string) => TextDocument.create(uri, 'jsonc', ++version, text);
    await fc.assert(
      fc.asyncProperty(brokenPolicy, where, async ({ good, broken }, share) => {
        assert.equal(language.read(documentOf(good)).checked.understood, true);
        const document = documentOf(broken);
        const position = document.positionAt(Math.round(share * broken.length));
        const whole = { start: document.positionAt(0), end: document.positionAt(broken.length) };
        const { checked } = language.read(document);
        const own = parseWorkspacePolicy(broken, parseWorkspacePolicy(good).policy);
        assert.deepEqual(checked.inForce, own.policy);
        const found = await language.diagnostics(document);
        assert.equal(
          own.problems.length > 0,
          found.some(({ severity }) => severity === 1),
        );
        await language.completion(document, position);
        await language.hover(document, position);
        language.actions(document, whole);
        language.lenses(document);
        language.hints(document, whole);
        language.rulesOf(document);
        language.prepareRename(document, position);
        language.references(document, position);
        language.format(document, { tabSize: 2, insertSpaces: true });
        try {
          language.rename(document, position, 'another');
        } catch (error) {
          assert.ok(error instanceof NameRefused);
        }
      }),
      BROKEN,
    );
  });
});
