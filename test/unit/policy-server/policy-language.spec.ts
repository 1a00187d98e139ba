import assert from 'node:assert/strict';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { PolicyLanguage } from '../../../src/policy-server/policy-language';

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
});
