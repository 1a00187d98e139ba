import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draft, verifyDirectory } from '../../../src/engine/journal';
import { parseRecord, sealLine } from '../../../src/engine/journal/line';
import { fill, linesOf, note, scratch, writeLines } from './support';

/** Without a key and without a remembered head: what the chain alone gives away. */
describe('verification of an unsigned journal', () => {
  let directory: string;
  let remove: () => void;
  beforeEach(async () => {
    ({ path: directory, remove } = scratch());
    await fill(directory, 10, { segmentRecords: 4 });
  });
  afterEach(() => remove());

  const edit = (segment: string, change: (lines: string[]) => string[]) =>
    writeLines(directory, segment, change(linesOf(directory, segment)));

  /** The line again with another text and a hash that fits: a forger who does not mend what follows. */
  function resealed(line: string): string {
    const record = parseRecord(line)!;
    return sealLine(
      draft(note(0, 'forged')),
      { seq: record.seq - 1, at: record.at, hash: record.prev },
      record.at,
    ).line;
  }

  const A = '00000001.jsonl';
  const B = '00000005.jsonl';
  const C = '00000009.jsonl';
  const cases: [string, () => void, [string, string, number, number][]][] = [
    [
      'an edited record',
      () => edit(B, (l) => l.with(1, l[1]!.replace('note 6', 'note 9'))),
      [['edited', B, 2, 6]],
    ],
    [
      'an edited record with a hash that fits',
      () => edit(B, (l) => l.with(1, resealed(l[1]!))),
      [['unlinked', B, 3, 7]],
    ],
    [
      'a changed hash',
      () => edit(B, (l) => l.with(1, l[1]!.replace(/"hash":"./, '"hash":"x'))),
      [['edited', B, 2, 6]],
    ],
    ['a deleted record', () => edit(B, (l) => l.toSpliced(1, 1)), [['missing', B, 2, 6]]],
    ['a deleted last record of a segment', () => edit(B, (l) => l.slice(0, 3)), [['missing', C, 1, 8]]],
    [
      'two swapped records',
      () => edit(B, (l) => [l[0]!, l[2]!, l[1]!, l[3]!]),
      [
        ['missing', B, 2, 6],
        ['misplaced', B, 3, 6],
      ],
    ],
    ['a repeated record', () => edit(B, (l) => [l[0]!, l[0]!, ...l.slice(1)]), [['misplaced', B, 2, 5]]],
    [
      'a line that is none',
      () => edit(B, (l) => ['', ...l]),
      [
        ['edited', B, 1, 5],
        ['misplaced', B, 2, 5],
      ],
    ],
    ['a deleted segment', () => rmSync(join(directory, B)), [['missing', C, 1, 5]]],
    ['a deleted first segment', () => rmSync(join(directory, A)), [['missing', B, 1, 1]]],
    [
      'a renamed segment',
      () => renameSync(join(directory, C), join(directory, '00000010.jsonl')),
      [['misplaced', '00000010.jsonl', 1, 9]],
    ],
    [
      'a copied segment',
      () => copyFileSync(join(directory, A), join(directory, '00000011.jsonl')),
      [['misplaced', '00000011.jsonl', 1, 1]],
    ],
    [
      'a torn last line',
      () => truncateSync(join(directory, C), readFileSync(join(directory, C)).length - 1),
      [['torn', C, 2, 10]],
    ],
    ['other line ends', () => edit(B, (l) => l.map((line) => `${line}\r`)), [['edited', B, 1, 5]]],
    [
      'a byte order mark',
      () => writeFileSync(join(directory, A), `\ufeff${readFileSync(join(directory, A), 'utf8')}`),
      [['edited', A, 1, 1]],
    ],
  ];
  for (const [what, spoil, expected] of cases) {
    it(`[FAQ-7] names the place of ${what}`, async () => {
      spoil();
      const { intact, damage } = await verifyDirectory(directory);
      assert.equal(intact, false);
      assert.deepEqual(
        damage.slice(0, expected.length).map((d) => [d.kind, d.segment, d.line, d.seq]),
        expected,
      );
      for (const { text } of damage) assert.match(text, /\d{8}\.jsonl/);
    });
  }

  it('counts what it does not list', async () => {
    await fill(directory, 150, { segmentRecords: 4 });
    for (let first = 1; first <= 157; first += 4) {
      const name = `${String(first).padStart(8, '0')}.jsonl`;
      edit(name, (lines) => lines.map((line) => line.replace('note', 'NOTE')));
    }
    const report = await verifyDirectory(directory);
    assert.equal(report.damage.length, 100);
    assert.ok(report.damageCount >= 158, String(report.damageCount));
  });

  it('says what it cannot know', async () => {
    const report = await verifyDirectory(directory);
    assert.equal(report.intact, true);
    assert.equal(report.notes.length, 2);
  });
});
