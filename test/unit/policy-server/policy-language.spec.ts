import assert from 'node:assert/strict';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { CATALOGUE } from '../../../src/engine/guard';
import { parseCandidate } from '../../../src/engine/policy/candidate';
import { CAPABILITIES } from '../../../src/engine/policy/tool-groups';
import { PolicyLanguage } from '../../../src/policy-server/policy-language';
import type { Use } from '../../../src/policy-server/protocol';

/** A document, and the position of the `|` in it. */
function at(marked: string) {
  const offset = marked.indexOf('|');
  const document = TextDocument.create('file:///w/.cowork/policy.jsonc', 'jsonc', 1, marked.replace('|', ''));
  return { document, position: document.positionAt(Math.max(0, offset)) };
}

describe('policy language', () => {
  const language = new PolicyLanguage();

  it('offers the fields of a rule where a rule is written', async () => {
    const { document, position } = at('{ "rules": [ { "|" } ] }');
    const labels = (await language.completion(document, position))?.items.map((item) => item.label) ?? [];
    for (const field of ['effect', 'tool', 'command', 'path'])
      assert.ok(labels.includes(field), `${field} in ${labels}`);
  });

  it('explains a field on hover in the words of the schema', async () => {
    const { document, position } = at('{ "mo|de": "plan" }');
    const hover = await language.hover(document, position);
    assert.match(JSON.stringify(hover?.contents), /stricter mode/);
  });

  it('underlines an attempt to loosen, where it stands, and says that it was ignored', async () => {
    const { document } = at('{\n  "capabilities": { "shell": "allow" }\n}');
    const [problem, ...others] = await language.diagnostics(document);
    assert.equal(others.length, 0);
    assert.equal(problem?.code, 'loosening');
    assert.equal(document.getText(problem?.range), '"allow"');
    assert.match(String(problem?.message), /only tighten/);
  });

  it('answers a broken file with the place of the mistake', async () => {
    const { document } = at('{\n  "mode": "plan\n}');
    const [problem] = await language.diagnostics(document);
    assert.equal(problem?.range.start.line, 1);
  });

  it('has nothing to say about a good file with comments', async () => {
    const { document } = at(
      '{\n  // no pushing from here\n  "rules": [{ "effect": "deny", "command": "git push *" }],\n}',
    );
    assert.deepEqual(await language.diagnostics(document), []);
  });

  const USES = (rules: readonly unknown[], use: Partial<Use>, considered = 20) => ({
    days: 30,
    considered,
    uses: rules.map(() => ({ matched: 0, asked: 0, approved: 0, blocked: 0, narrower: [], ...use })),
  });
  /** A language that has heard what the record says of every rule of the document. */
  function informed(text: string, use: Partial<Use>, considered?: number) {
    const told = new PolicyLanguage();
    const { document } = at(text);
    const rules = told.rulesOf(document);
    told.takeUse(document.uri, rules, USES(rules, use, considered));
    return { told, document };
  }
  const everything = (document: TextDocument) => ({
    start: document.positionAt(0),
    end: document.positionAt(document.getText().length),
  });
  /** The text after each quick fix, by its title. */
  function fixed(told: PolicyLanguage, document: TextDocument): Map<string, string> {
    const actions = told.actions(document, everything(document));
    return new Map(
      actions.map(({ title, edit }) => [
        title,
        TextDocument.applyEdits(document, edit?.changes?.[document.uri] ?? []),
      ]),
    );
  }

  describe('from the catalogue of the guard and the table of tools', () => {
    const labels = async (marked: string) => {
      const { document, position } = at(marked);
      return (await language.completion(document, position))?.items ?? [];
    };
    const markdown = async (marked: string) => {
      const { document, position } = at(marked);
      return JSON.stringify((await language.hover(document, position))?.contents ?? '');
    };

    it('offers the ids of findings, with explanation and safer alternative', async () => {
      const items = await labels('{ "rules": [{ "effect": "deny", "finding": "|" }] }');
      const item = items.find(({ label }) => label.includes('data.destroy'));
      assert.match(JSON.stringify(item?.documentation), /unless there is a backup.*Safer.*dump first/s);
      for (const { id } of CATALOGUE)
        assert.ok(
          items.some(({ label }) => label.includes(id)),
          id,
        );
    });

    it('offers commands that the guard knows, as patterns', async () => {
      const items = await labels('{ "rules": [{ "effect": "deny", "command": "|" }] }');
      const item = items.find(({ label }) => label === 'git reset *');
      assert.ok(item, 'git reset *');
      assert.match(String(item.detail), /git\./);
    });

    it('offers tools and groups, with what they need and hold', async () => {
      const tools = await labels('{ "rules": [{ "effect": "deny", "tool": "|" }] }');
      const fetch = tools.find(({ label }) => label.includes('fetch'));
      assert.match(JSON.stringify(fetch?.documentation), /capability network/);
      const groups = await labels('{ "contexts": { "group": { "deniedToolGroups": ["|"] } } }');
      assert.match(JSON.stringify(groups.find(({ label }) => label.includes('memory'))), /clipboard\.read/);
    });

    it('offers the names of capabilities', async () => {
      const items = (await labels('{ "capabilities": { "|" } }')).map(({ label }) => label);
      for (const name of CAPABILITIES) assert.ok(items.includes(name), name);
    });

    it('explains findings, commands, tools, groups and capabilities on hover', async () => {
      assert.match(
        await markdown('{ "rules": [{ "finding": "data.des|troy" }] }'),
        /unless there is a backup/,
      );
      assert.match(await markdown('{ "rules": [{ "command": "git res|et *" }] }'), /git\.lose-work/);
      assert.match(await markdown('{ "rules": [{ "tool": "scr|eenshot" }] }'), /owners alone/);
      assert.match(await markdown('{ "rules": [{ "group": "des|tructive" }] }'), /Commands that delete/);
      assert.match(await markdown('{ "capabilities": { "she|ll": "ask" } }'), /Running commands/);
    });
  });

  describe('diagnostics and their fixes', () => {
    /** Text with the mistake, its code, a title of a fix, and the text after it. */
    const cases: readonly (readonly [string, string, string, string])[] = [
      ['{ "mode": "plan" "rules": [] }', 'syntax', 'Insert “,”', '{ "mode": "plan", "rules": [] }'],
      ['{ "mode": "plan"', 'syntax', 'Insert “}”', '{ "mode": "plan"}'],
      ['{ "mode": "plan", "mode": "ask" }', 'syntax', 'Remove the second one', '{ "mode": "plan" }'],
      ['{ "mode": "trusted" }', 'loosening', 'Write "ask"', '{ "mode": "ask" }'],
      [
        '{ "capabilities": { "shell": "allow" } }',
        'loosening',
        'Write "deny"',
        '{ "capabilities": { "shell": "deny" } }',
      ],
      ['{ "mode": "ask", "trusted": ["x"] }', 'loosening', 'Remove trusted', '{ "mode": "ask" }'],
      ['{ "modus": "ask" }', 'invalid', 'Write "mode"', '{ "mode": "ask" }'],
      ['{ "mode": "plann" }', 'invalid', 'Write "plan"', '{ "mode": "plan" }'],
      ['{ "limits": { "repeatCalls": "5" } }', 'invalid', 'Write 5', '{ "limits": { "repeatCalls": 5 } }'],
      [
        '{ "rules": [{ "effect": "deny", "tool": "read", "command": "cat" }] }',
        'unreachable',
        'Remove tool',
        '{ "rules": [{ "effect": "deny", "command": "cat" }] }',
      ],
      [
        '{ "rules": [{ "effect": "deny", "finding": "data.destroi" }] }',
        'unreachable',
        'Write "data.destroy"',
        '{ "rules": [{ "effect": "deny", "finding": "data.destroy" }] }',
      ],
      [
        '{ "rules": [{ "effect": "deny", "path": "a/b" }, { "effect": "ask", "path": "a/b/c" }] }',
        'unreachable',
        'Remove this rule',
        '{ "rules": [{ "effect": "deny", "path": "a/b" }] }',
      ],
      [
        '{ "rules": [{ "effect": "deny", "path": "a" }, { "effect": "ask", "path": "a" }] }',
        'contradictory',
        'Remove the other rule',
        '{ "rules": [{ "effect": "ask", "path": "a" }] }',
      ],
      [
        '{ "rules": [{ "effect": "deny", "id": "x", "path": "a" }, { "effect": "deny", "id": "x", "path": "b" }] }',
        'contradictory',
        'Name it x-2',
        '{ "rules": [{ "effect": "deny", "id": "x", "path": "a" }, { "effect": "deny", "id": "x-2", "path": "b" }] }',
      ],
      [
        '{ "rules": [{ "effect": "ask", "command": "npx *" }] }',
        'broad',
        'Remove this rule',
        '{ "rules": [] }',
      ],
    ];
    for (const [before, code, title, after] of cases) {
      it(`${code}: ${title}`, async () => {
        const { document } = at(before);
        const codes = (await language.diagnostics(document)).map((one) => one.code);
        assert.ok(codes.includes(code), `${codes}`);
        const result = fixed(language, document).get(title);
        assert.ok(result !== undefined, `fixes: ${[...fixed(language, document).keys()]}`);
        assert.equal(result.replace(/\s+/g, ' '), after);
        const left = (await language.diagnostics(at(result).document)).map((one) => one.code);
        assert.ok(!left.includes(code), `after it: ${left}`);
      });
    }

    it('remove an entry with its line and its comma, and leave the comments around it', () => {
      const lines = (...rules: readonly string[]) => `{\n  "rules": [\n${rules.join('\n')}\n  ]\n}\n`;
      const [first, second, third] = ['a', 'b', 'c'].map(
        (path) => `    { "effect": "deny", "path": "${path}/x" }`,
      );
      const repeated = `    { "effect": "deny", "path": "a/x" }`;
      const cases: readonly (readonly [string, string])[] = [
        [
          lines(`${first},`, `${repeated},`, '    // of b', `${second}`),
          lines(`${first},`, '    // of b', `${second}`),
        ],
        [lines(`${first},`, '    // again', `${repeated}`), lines(`${first}`, '    // again')],
        [lines(`${first},`, `${third}, // c`, `${repeated},`), lines(`${first},`, `${third}, // c`)],
      ];
      for (const [before, after] of cases) {
        const { document } = at(before);
        assert.equal(fixed(language, document).get('Remove this rule'), after);
        assert.equal(language.read(at(after).document).checked.findings.length, 0, after);
      }
    });

    it('broad: offers the narrower patterns that the record knows, and a reason', async () => {
      const { told, document } = informed('{ "rules": [{ "effect": "ask", "command": "npx *" }] }', {
        matched: 3,
        narrower: ['npx jest *'],
      });
      const fixes = fixed(told, document);
      assert.match(String(fixes.get('Narrow it to "npx jest *"')), /"command": "npx jest \*"/);
      const explained = at(String(fixes.get('Say why it is this broad'))).document;
      assert.deepEqual(await language.diagnostics(explained), []);
    });

    it('unused: only when the record holds something, with a fix', async () => {
      const text =
        '{ "rules": [{ "effect": "ask", "command": "npm publish *" }, { "effect": "deny", "channel": "x" }] }';
      const { told, document } = informed(text, {});
      const [only, ...others] = await told.diagnostics(document);
      assert.equal(only?.code, 'unused');
      assert.deepEqual(others, []);
      assert.equal(document.getText(only?.range), '"npm publish *"');
      assert.ok(fixed(told, document).has('Remove this rule'));
      const empty = informed(text, {}, 0);
      assert.deepEqual(await empty.told.diagnostics(empty.document), []);
      const used = informed(text, { matched: 1 });
      assert.deepEqual(await used.told.diagnostics(used.document), []);
    });

    it('no-effect: what the settings outdo, and never what is only newer than the settings', async () => {
      const told = new PolicyLanguage();
      const { document } = at(
        '{ "mode": "ask", "capabilities": { "network": "ask", "shell": "deny" }, "limits": { "repeatCalls": 9 } }',
      );
      told.takeEffective([
        { path: ['mode'], value: 'plan', origin: 'user' },
        { path: ['capabilities', 'network'], value: 'deny', origin: 'user' },
        { path: ['capabilities', 'shell'], value: 'ask', origin: 'default' },
        { path: ['limits', 'repeatCalls'], value: 3, origin: 'default' },
      ]);
      const found = await told.diagnostics(document);
      assert.deepEqual(
        found.map(({ code, range }) => `${code} ${document.getText(range)}`),
        ['no-effect "mode": "ask"', 'no-effect "network": "ask"', 'no-effect "repeatCalls": 9'],
      );
      assert.equal(fixed(told, document).get('Remove mode')?.includes('"mode"'), false);
      const loose = await told.diagnostics(at('{ "capabilities": { "shell": "allow" } }').document);
      assert.deepEqual(
        loose.map(({ code }) => code),
        ['loosening'],
      );
    });
  });

  describe('lenses, hints and names', () => {
    it('say over each rule what became of it, and lead into the simulator with that rule', () => {
      const text = '{ "rules": [{ "effect": "ask", "command": "git push *" }] }';
      const title = (use: Partial<Use>, considered?: number) => {
        const { told, document } = informed(text, use, considered);
        return told.lenses(document)[0]?.command?.title;
      };
      assert.equal(
        title({ matched: 13, asked: 12, approved: 11 }),
        'asked 12×, approved 11× in 30 days · simulate',
      );
      assert.equal(title({ matched: 2, blocked: 2 }), 'blocked 2× in 30 days · simulate');
      assert.equal(title({ matched: 2 }), 'matched 2×, never asked in 30 days · simulate');
      assert.equal(title({}), 'matched nothing in 30 days · simulate');
      assert.equal(title({}, 0), 'simulate');
      const [lens] = new PolicyLanguage().lenses(at(text).document);
      assert.equal(lens?.command?.command, 'cowork.policy.simulate');
      assert.deepEqual(lens?.command?.arguments, ['{"effect":"ask","command":"git push *"}']);
      assert.equal(parseCandidate(String(lens?.command?.arguments?.[0])).kind, 'rule');
    });

    it('keep the counts of a rule that moves or gets an id, and drop those of one that changes', () => {
      const { told } = informed('{ "rules": [{ "effect": "ask", "command": "git push *" }] }', {
        matched: 1,
        asked: 1,
      });
      const moved = TextDocument.create(
        'file:///w/.cowork/policy.jsonc',
        'jsonc',
        2,
        '{ "rules": [{ "effect": "deny", "path": "x" }, { "id": "p", "command": "git push *", "effect": "ask" }] }',
      );
      assert.deepEqual(
        told.lenses(moved).map(({ command }) => command?.title),
        ['simulate', 'asked 1×, approved 0× in 30 days · simulate'],
      );
    });

    it('say behind a pattern what it is taken for', () => {
      const text = `{ "rules": [{ "effect": "deny",
        "command": "git push --force *", "path": "*.pem", "domain": "*.example.com" },
        { "effect": "deny", "command": "NPX *" }, { "effect": "ask", "command": "* --force" }] }`;
      const { document } = at(text);
      const hints = language.hints(document, everything(document));
      assert.deepEqual(
        hints.map(({ label }) => label),
        [
          'git, somewhere "push" … "--force"',
          'at any depth of the folder',
          'example.com and what is below it',
          'npx (package runner) with any words',
          'any program with "--force"',
        ],
      );
      const [first] = hints;
      assert.equal(document.offsetAt(first?.position ?? document.positionAt(0)), text.indexOf(', "path"'));
    });

    it('rename an id in its rule, in comments and in reasons, and nowhere else', () => {
      const { document, position } = at(`{
        // no-push: see no-push-force, and no-push.
        "rules": [{ "effect": "deny", "id": "no-|push", "command": "no-push", "reason": "no-push holds." }]
      }`);
      assert.equal(language.prepareRename(document, position)?.placeholder, 'no-push');
      assert.equal(language.references(document, position).length, 4);
      const edits = language.rename(document, position, 'keep-local') ?? [];
      const after = TextDocument.applyEdits(document, edits);
      assert.match(after, /\/\/ keep-local: see no-push-force, and keep-local\./);
      assert.match(after, /"id": "keep-local", "command": "no-push", "reason": "keep-local holds\."/);
    });

    it('give a rule without an id the one that is typed, in place of its generated name', () => {
      const { document, position } = at('{ "rules": [{ "effect": "de|ny", "path": "a" }] }');
      assert.equal(language.prepareRename(document, position)?.placeholder, 'workspace.rules[0]');
      const edits = language.rename(document, position, 'a-is-fixed') ?? [];
      assert.match(TextDocument.applyEdits(document, edits), /"id": "a-is-fixed"/);
    });

    it('refuse an id that is taken or that could break out of a comment', () => {
      const { document, position } = at(
        '{ "rules": [{ "effect": "deny", "id": "a|" }, { "effect": "deny", "id": "b" }] }',
      );
      assert.throws(() => language.rename(document, position, 'b'), /already a rule/);
      for (const id of ['', 'x */', '"', 'a\nb', 'x'.repeat(81)])
        assert.throws(() => language.rename(document, position, id), /starts with a letter/);
    });

    it('format as JSON with comments', () => {
      const { document } = at('{"mode":"plan",// why\n"rules":[]}');
      const edits = language.format(document, { tabSize: 2, insertSpaces: true });
      assert.match(TextDocument.applyEdits(document, edits), /^\{\n {2}"mode": "plan", \/\/ why\n/);
    });
  });
});
