import { TextDocument } from 'vscode-languageserver-textdocument';
import { PolicyLanguage } from '../src/policy-server/policy-language';
import type { BenchRow } from './decide';

/** Lines of the policy, and times that each is asked; the median and the slowest are printed. */
const LINES = 5000;
const TIMES = 15;

/** A policy of that many lines: rules about commands, files, hosts and findings, three lines each. */
function largePolicy(): string {
  const conditions = [
    (at: number) => `"command": "tool${at % 40} sub${at} *"`,
    (at: number) => `"path": "packages/part${at}/**"`,
    (at: number) => `"domain": "host${at}.example.com"`,
    (at: number) => `"path": "*.kind${at}"`,
    (at: number) => `"command": "git push origin branch${at}"`,
  ];
  const rules = Array.from({ length: Math.floor((LINES - 4) / 3) }, (_, at) => {
    const condition = conditions[at % conditions.length] ?? String;
    return `    { "effect": "${at % 2 === 0 ? 'deny' : 'ask'}",\n      // number ${at}\n      "id": "rule-${at}", ${condition(at)} }`;
  });
  return `{\n  "rules": [\n${rules.join(',\n')}\n  ]\n}\n`;
}

/** How long the language support takes for a policy of 5,000 lines after each change of it. */
export async function run(): Promise<readonly BenchRow[]> {
  const language = new PolicyLanguage();
  const text = largePolicy();
  let version = 0;
  /** The text with another comment each time, so that nothing of the last version can be used again. */
  const edited = () => TextDocument.create('file:///w/p.jsonc', 'jsonc', ++version, `// ${version}\n${text}`);
  const rows: BenchRow[] = [
    { name: 'lines', value: text.split('\n').length, unit: '' },
    { name: 'characters', value: text.length, unit: '' },
  ];
  const measure = async (name: string, goal: string, ask: (document: TextDocument) => unknown) => {
    const times: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      const document = edited();
      const start = performance.now();
      await ask(document);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    rows.push({ name: `${name}, median`, value: times[Math.floor(TIMES / 2)] ?? 0, unit: 'ms', goal });
    rows.push({ name: `${name}, slowest of ${TIMES}`, value: times.at(-1) ?? 0, unit: 'ms' });
  };
  const middle = text.indexOf('"command"', text.length / 2);
  const at = (document: TextDocument, offset: number) =>
    document.positionAt(document.getText().length - text.length + offset);
  await measure('diagnostics', '< 200', (document) => language.diagnostics(document));
  // The editor asks for completion as soon as a letter is typed, before anything else was worked out for the text.
  await measure('completion of a field', '< 50', (document) =>
    language.completion(document, at(document, middle + 3)),
  );
  await measure('completion of a command', '< 50', (document) =>
    language.completion(document, at(document, middle + 12)),
  );
  await measure('hover', '< 50', (document) => language.hover(document, at(document, middle + 3)));
  await measure('lenses', '< 200', (document) => language.lenses(document));
  return rows;
}
