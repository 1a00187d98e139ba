import { readFileSync } from 'node:fs';
import { coverage, createGuard, DEFAULT_TRUSTED } from '../src/engine/guard';

/** What a first version does: split at blanks and operators, then look for bad words. */
const DENIED = [
  /rm\s+-\w*[rf]\w*\s+\//,
  /sudo\b/,
  /mkfs/,
  /dd\s+.*of=\/dev/,
  /curl.*\|\s*(ba)?sh/,
  /:\(\)\s*\{/,
  /chmod\s+-R\s+777/,
  /shutdown|reboot/,
  /> ?\/dev\/sd/,
];

function naive(line: string): boolean {
  const parts = line
    .split(/(?:\|\||&&|[;|&\n])/)
    .map((part) => part.trim().match(/"[^"]*"|'[^']*'|\S+/g) ?? []);
  return parts.some((words) => DENIED.some((pattern) => pattern.test(words.join(' '))));
}

/** It has no types of its own; this is the part that is used. */
const shellQuote = require('shell-quote') as { parse(line: string): readonly (string | object)[] };

/** What a second version does: the same deny list over words that were parsed as a shell would. */
function quoted(line: string): boolean {
  const commands: string[][] = [[]];
  let parsed: readonly (string | object)[];
  try {
    parsed = shellQuote.parse(line);
  } catch {
    // It gives up at what it does not know, such as `${x:=y}`.
    return true;
  }
  for (const word of parsed) {
    if (typeof word === 'string') commands.at(-1)?.push(word);
    else commands.push([]);
  }
  return commands.some((words) => DENIED.some((pattern) => pattern.test(words.join(' '))));
}

/** Lines of about 100 characters, made of the case tables. */
function lines(): string[] {
  const commands = readFileSync('test/cases/unix-rest.jsonl', 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as { cmd: string })
    .map((one) => one.cmd)
    .filter((cmd) => !/[\n#]|<</.test(cmd) && cmd.length < 60);
  const made: string[] = [];
  for (let at = 0; at + 4 < commands.length && made.length < 300; at += 2) {
    let line = commands[at] ?? '';
    for (let next = 1; line.length < 90 && next < 5; next++) line += ` && ${commands[at + next] ?? 'ls'}`;
    made.push(line);
  }
  return made;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Every line `rounds` times; the best time of each, so that a busy machine does not count. In microseconds. */
function measure(name: string, all: readonly string[], run: (line: string) => unknown, rounds = 12): void {
  const best = all.map(() => Number.POSITIVE_INFINITY);
  const raw: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [at, line] of all.entries()) {
      const start = performance.now();
      run(line);
      const time = (performance.now() - start) * 1000;
      best[at] = Math.min(best[at] ?? time, time);
      if (round > 1) raw.push(time);
    }
  }
  best.sort((a, b) => a - b);
  raw.sort((a, b) => a - b);
  const show = (value: number): string => value.toFixed(1).padStart(9);
  console.log(
    `${name.padEnd(36)} p50 ${show(percentile(best, 0.5))}  p99 ${show(percentile(best, 0.99))}  µs (best of ${rounds});  all runs p50 ${show(percentile(raw, 0.5))}  p99 ${show(percentile(raw, 0.99))}`,
  );
}

/** Prints what an analysis costs for lines of about 100 characters, beside a tokenizer with a deny list. */
export async function run(): Promise<void> {
  const guard = await createGuard();
  const place = { cwd: '/home/ann/project', workspace: '/home/ann/project', home: '/home/ann' };
  const all = lines();
  const mean = all.reduce((sum, line) => sum + line.length, 0) / all.length;
  console.log(`guard: ${all.length} lines, ${mean.toFixed(0)} characters on average`);
  measure('blanks and regular expressions', all, naive);
  measure('shell-quote and regular expressions', all, quoted);
  measure('analysis', all, (line) => guard.analyse({ line, shell: 'bash', ...place }));
  measure('analysis and trusted patterns', all, (line) =>
    coverage(DEFAULT_TRUSTED, guard.analyse({ line, shell: 'bash', ...place })),
  );
  const analyses = all.map((line) => guard.analyse({ line, shell: 'bash', ...place }));
  let at = 0;
  measure('trusted patterns alone', all, () =>
    coverage(DEFAULT_TRUSTED, analyses[at++ % analyses.length] ?? (analyses[0] as (typeof analyses)[number])),
  );
}
