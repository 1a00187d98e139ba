import fc from 'fast-check';

/** Policy files as people write them, with a piece of each kind. */
export const GOOD_POLICIES: readonly string[] = [
  `{
  // Only plan or ask.
  "mode": "ask",
  "capabilities": { "network": "deny", "delete": "ask" },
  "rules": [
    { "effect": "deny", "id": "infra", "path": "infra/**", "reason": "Infrastructure is changed by pull request." },
    { "effect": "ask", "command": "npm publish *" },
    { "effect": "deny", "domain": "pastebin.example", "context": "group" }, /* more to come */
  ],
  "limits": { "toolCallsPerStep": 5 },
  "budgets": { "costPerTask": 0.5 },
  "protectedPaths": { "add": [{ "path": "secrets", "access": "read" }] },
  "contexts": { "group": { "deniedToolGroups": ["shell"] } }
}
`,
  '{"rules":[{"effect":"deny","finding":"git.*"},{"effect":"deny","tool":"fetch"},{"effect":"deny","command":"curl"}]}',
  '\ufeff{\r\n\t"mode": "plan",\r\n\t"capabilities": { "shell": "deny", "write": "ask" }\r\n}\r\n',
  '{ "capabilities": { "read": "ask", "write": "deny", "delete": "deny", "shell": "deny", "network": "deny" } }',
];

/** What an editor, a merge or a disk might put anywhere. */
const PIECES: readonly string[] = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '//',
  '/*',
  '*/',
  '\n',
  '\u0000',
  '\ufeff',
  '\ud800',
  '\u202e',
  'null',
  'true',
  '1e999',
  '-',
  '"allow"',
  '"mode":"trusted",',
  '"rules":[],',
  '"__proto__":{"mode":"trusted"},',
  '<<<<<<< HEAD\n',
  '['.repeat(70),
  '[['.repeat(3000),
  '{"a":'.repeat(30_000),
];

type Change =
  | { readonly kind: 'cut'; readonly from: number; readonly to: number }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'letter'; readonly at: number; readonly text: string }
  | { readonly kind: 'repeat'; readonly from: number; readonly to: number; readonly at: number };

/** A share of the text. Not `fc.double`, whose values crowd around zero. */
export const where = fc.integer({ min: 0, max: 10_000 }).map((part) => part / 10_000);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), from: where, to: where }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: where,
    text: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
    ),
  }),
  // Most often still JSON, with a word in it that nobody knows.
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('letter' as const),
      at: where,
      text: fc.constantFrom('x', 'é', '7', '-'),
    }),
  },
  fc.record({ kind: fc.constant('repeat' as const), from: where, to: where, at: where }),
);

function changed(text: string, one: Change): string {
  const place = (share: number) => Math.round(share * text.length);
  if (one.kind === 'insert') return text.slice(0, place(one.at)) + one.text + text.slice(place(one.at));
  if (one.kind === 'letter') return text.slice(0, place(one.at)) + one.text + text.slice(place(one.at) + 1);
  const [from, to] = [place(Math.min(one.from, one.to)), place(Math.max(one.from, one.to))];
  if (one.kind === 'cut') return text.slice(0, from) + text.slice(to);
  return text.slice(0, place(one.at)) + text.slice(from, to) + text.slice(place(one.at));
}

/** A good policy file and what became of it: cut off somewhere, or changed in one to three places. */
export const brokenPolicy: fc.Arbitrary<{ readonly good: string; readonly broken: string }> = fc
  .tuple(
    fc.constantFrom(...GOOD_POLICIES),
    fc.oneof(
      where.map((share) => (text: string) => text.slice(0, Math.floor(share * text.length))),
      fc
        .array(change, { minLength: 1, maxLength: 3 })
        .map((changes) => (text: string) => changes.reduce(changed, text)),
    ),
  )
  .map(([good, breaking]) => ({ good, broken: breaking(good) }));

/** 2,000 in the long run, a sample of them otherwise; the same ones each time. */
export const BROKEN = { numRuns: process.env.COWORK_FULL === '1' ? 2000 : 200, seed: 7 } as const;
