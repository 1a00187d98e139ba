import assert from 'node:assert/strict';
import fc from 'fast-check';
import { coverage, DEFAULT_TRUSTED, type Guard, suggestPatterns } from '../../../src/engine/guard';
import type { Shell } from '../../../src/engine/model/analysis';
import { placeOf, readCases, theGuard } from '../../unit/guard/support';

const FULL = process.env.COWORK_FULL === '1';
const RUNS = FULL ? 200_000 : 10_000;

/** Pieces that shells treat specially, to be thrown together. */
const PIECES = [
  '$(',
  ')',
  '`',
  '"',
  "'",
  "$'",
  '\\',
  '\n',
  ';',
  '&&',
  '||',
  '|',
  '&',
  '>',
  '>>',
  '<',
  '<<',
  '<<<',
  '<(',
  '>(',
  '{',
  '}',
  '((',
  '))',
  '[[',
  ']]',
  '${',
  '$x',
  '$((',
  '#',
  '!',
  '~',
  '*',
  '?',
  '[a]',
  '{a,b}',
  '{1..9}',
  ' ',
  '\t',
  'EOF',
  'if',
  'then',
  'fi',
  'for',
  'in',
  'do',
  'done',
  'case',
  'esac',
  'while',
  'function',
  'f()',
  'rm',
  '-rf',
  '/',
  'sudo',
  'curl',
  'sh',
  '-c',
  'eval',
  'xargs',
  'find',
  '-exec',
  ';;',
  'base64',
  '-d',
  'echo',
  'a=b',
  '@(',
  '|&',
  '&>',
  '2>&1',
  '^',
  '%',
  '%x%',
  '`n',
  "@'",
  "'@",
  '\u202e',
  '__proto__',
  'constructor',
  '\u200b',
  '\u0430',
  '\0',
  '\ud800',
  '😀',
  '-',
  '--',
  '=',
  '+=',
  'time',
  'env',
  'git',
  '-e',
  'sed',
  's/a/b/e',
  'awk',
  '{system("id")}',
  'python3',
  "os.system('",
  '[char]',
  '-f',
  '::',
  '$env:',
];

/** CPU time of this thread in milliseconds (of the process before Node 24): other programs do not count. */
function cpu(): number {
  const { user, system } = (process.threadCpuUsage ?? process.cpuUsage)();
  return (user + system) / 1000;
}

/** What one line may cost, in milliseconds of CPU time. */
const LIMIT = 50;

interface Slow {
  readonly ms: number;
  readonly line: string;
}

describe('random lines', () => {
  let guard: Guard;
  let corpus: readonly string[];
  const slowest: Slow = { ms: 0, line: '' };
  before(async () => {
    guard = await theGuard();
    corpus = readCases().flatMap(({ cases }) => cases.map((one) => one.cmd));
  });
  after(() => {
    console.log(
      `      slowest of the random lines: ${slowest.ms.toFixed(1)} ms (${JSON.stringify(slowest.line.slice(0, 80))})`,
    );
  });

  /** The best of three further runs: a garbage collection that fell into the first is not the line's doing. */
  const again = (line: string, shell: Shell): number => {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const start = cpu();
      guard.analyse({ line, shell, ...placeOf(shell) });
      best = Math.min(best, cpu() - start);
    }
    return best;
  };

  const analyse = (line: string, shell: Shell): void => {
    const start = cpu();
    const analysis = guard.analyse({ line, shell, ...placeOf(shell) });
    let ms = cpu() - start;
    if (ms > LIMIT) ms = again(line, shell);
    if (ms > slowest.ms) Object.assign(slowest, { ms, line });
    assert.ok(ms <= LIMIT, `${ms.toFixed(1)} ms of CPU time for ${shell} ${JSON.stringify(line)}`);
    // Never an exception inside either: a fault would show as this status text.
    assert.ok(
      !analysis.why?.startsWith('it could not be analysed'),
      `${analysis.why}: ${JSON.stringify(line)}`,
    );
    assert.equal(analysis.line, line);
    const covered = coverage(DEFAULT_TRUSTED, analysis).covered;
    if (covered) assert.ok(analysis.status === 'parsed' && analysis.findings.length === 0);
    suggestPatterns(analysis);
  };

  const shells = fc.constantFrom<Shell>('bash', 'bash', 'bash', 'cmd', 'powershell');

  it('never make it fail: pieces of shell thrown together', () => {
    const lines = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(lines, shells, (line, shell) => analyse(line, shell)),
      { numRuns: RUNS * 0.4 },
    );
  });

  it('never make it fail: real lines, mutated', () => {
    const mutated = fc
      .tuple(fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...PIECES)), { maxLength: 6 }))
      .map(([pick, edits]) => {
        let line = corpus[pick % corpus.length] ?? '';
        for (const [at, kind, piece] of edits) {
          const place = line.length === 0 ? 0 : at % line.length;
          if (kind === 0) line = line.slice(0, place) + line.slice(place + 1);
          else if (kind === 1) line = line.slice(0, place) + piece + line.slice(place);
          else if (kind === 2)
            line = line.slice(0, place) + line.slice(place, place + 8).repeat(3) + line.slice(place);
          else line = line.slice(0, place);
        }
        return line;
      });
    fc.assert(
      fc.property(mutated, shells, (line, shell) => analyse(line, shell)),
      { numRuns: RUNS * 0.5 },
    );
  });

  it('never make it fail: any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), shells, (line, shell) =>
        analyse(line, shell),
      ),
      { numRuns: RUNS * 0.1 },
    );
  });

  it('are answered in bounded time when built to be slow', () => {
    const size = 16_000;
    const evil = [
      '('.repeat(100_000),
      '$('.repeat(50_000),
      '`'.repeat(100_000),
      '"'.repeat(99_999),
      '{a,'.repeat(30_000),
      '{1..99999}'.repeat(50),
      '{a,b}'.repeat(60),
      '\\'.repeat(size),
      '$((('.repeat(4_000),
      'if '.repeat(5_000),
      '<<A '.repeat(4_000),
      'f(){ '.repeat(3_000),
      '[['.repeat(8_000),
      'a|'.repeat(8_000),
      'a;'.repeat(8_000),
      '${a:-'.repeat(3_000),
      '"$('.repeat(5_000),
      `python3 -c "${'open('.repeat(3_000)}"`,
      `python3 -c "${"'a'+".repeat(3_000)}"`,
      `awk '${'print > '.repeat(1_800)}'`,
      `sed '${'s/a/'.repeat(3_000)}'`,
      `sed '${'/a'.repeat(7_000)}'`,
      `perl -e '${'fork while '.repeat(1_300)}'`,
      `node -e '${'while(1)'.repeat(1_800)}'`,
      `docker run ${'-v /:/x '.repeat(1_700)}`,
      `psql -c '${'drop '.repeat(3_000)}'`,
      `git ${'-c a=b '.repeat(2_000)}log`,
      `echo ${'a'.repeat(15_000)}`,
      `rm ${'*'.repeat(15_000)}`,
      `rm ${'*a'.repeat(7_500)}`,
      `find ${'! -name x '.repeat(1_500)}`,
      `eval ${"eval '".repeat(2_000)}`,
      `x=${'$x'.repeat(7_000)}`,
      'x=aa;'.concat('x=$x$x;'.repeat(60), 'echo $x'),
      `for a in {1..200}; do for b in {1..200}; do ls; done; done`,
      'f(){ f; f; }; f',
      `${'env '.repeat(4_000)}ls`,
      `${'sh -c '.repeat(2_500)}ls`,
      `cat ${'<<E\n'.repeat(100)}`,
      `${'A=1 '.repeat(4_000)}ls`,
      `chmod ${'u+s,'.repeat(4_000)} x`,
      `kubectl ${'exec '.repeat(3_000)}`,
      `echo ${'\u202e'.repeat(9_000)}`,
      `echo ${'\u0430'.repeat(9_000)}`,
      `tr ${'a-z'.repeat(4_000)} b`,
      `printf ${'%s'.repeat(7_000)} a`,
    ];
    for (const line of evil) {
      for (const shell of ['bash', 'powershell', 'cmd'] as const) {
        const start = cpu();
        const analysis = guard.analyse({ line, shell, ...placeOf(shell) });
        let ms = cpu() - start;
        if (line.length > 10_000) assert.equal(analysis.status, 'too-long');
        const limit = line.length >= 50_000 ? 100 : LIMIT;
        if (ms > limit) ms = again(line, shell);
        assert.ok(ms <= limit, `${ms.toFixed(0)} ms of CPU time for ${shell} ${line.slice(0, 60)}`);
        if (ms > slowest.ms) Object.assign(slowest, { ms, line });
      }
    }
  });
});
