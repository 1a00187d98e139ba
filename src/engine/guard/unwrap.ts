import { hasOption, parseArgs } from './args';
import type { Facts } from './facts';
import { positional } from './gather';
import { asShell } from './special/words';
import type { Assigned, Simple } from './state';
import { guessOf, UNKNOWN, type Value } from './value';

/** What is inside a wrapper: another command as words, or a line of a shell. */
export interface Inner {
  readonly words?: readonly Value[];
  readonly assigned?: readonly Assigned[];
  readonly line?: string;
  /** Origin of the parts of `line` that are not known. */
  readonly tags: number;
}

const NOTHING: readonly Inner[] = [];

/** The commands that a wrapper runs. Empty when it runs none: `env` alone, `command -v x`. */
export function unwrap(facts: Facts): readonly Inner[] {
  const spec = facts.args.subSpec?.wrapper ?? facts.spec?.wrapper;
  if (spec === undefined) return NOTHING;
  if (facts.name === 'command' && hasOption(facts.args, ['-v', '-V'])) return NOTHING;
  const found: Inner[] = [];
  const parsed = parseArgs(facts.spec, facts.words, true);
  for (const option of parsed.options) {
    if (option.role === 'exec' && option.value !== undefined) found.push(asLine([option.value]));
  }
  let rest = facts.args.subSpec === undefined ? parsed.rest : facts.words.slice(2);
  const assigned: Assigned[] = [];
  if (spec.assignments) {
    while (rest[0] !== undefined && /^[A-Za-z_]\w*\+?=/.test(rest[0].shape)) {
      const [word] = rest;
      const at = word.shape.indexOf('=');
      assigned.push({ name: word.shape.slice(0, at), value: { ...word, shape: word.shape.slice(at + 1) } });
      rest = rest.slice(1);
    }
  }
  if (facts.name === 'env' && found[0]?.line !== undefined && rest.length > 0) {
    // `env -S "sh -c" id`: the split string and the words after it are one command.
    return [{ line: `${found[0].line} ${rest.map(asShell).join(' ')}`, tags: 0 }];
  }
  rest = rest.slice(spec.skip ?? 0);
  if (facts.name === 'ssh' && rest[0]?.shape.startsWith('-')) rest = parseArgs(facts.spec, rest, true).rest;
  if (facts.name === 'flock' && rest[0]?.shape === '-c') return [...found, asLine(rest.slice(1))];
  if (facts.name === 'trap' && rest.length < 2) return found;
  if (facts.name === 'trap') rest = rest.slice(0, 1);
  if (rest[0]?.shape === '--') rest = rest.slice(1);
  if (facts.name === 'su' || facts.name === 'runuser') return found;
  if (spec.line) {
    if (rest.length > 0)
      found.push(
        asLine(
          facts.name === 'eval' || facts.name === 'ssh' || rest.length === 1
            ? rest
            : quoted(facts.name, rest),
        ),
      );
  } else if (rest.length > 0) {
    const extra = spec.stdinArgs ? inputWords(facts) : [];
    const replaced = replacement(
      facts,
      parsed.options.find((option) => /^(-I|-i|--replace)/.test(option.name))?.value,
    );
    found.push({
      words: replaced === undefined ? [...rest, ...extra] : replaced(rest, extra),
      assigned,
      tags: 0,
    });
  }
  return found;
}

/** `watch rm -rf x` joins its words; `parallel rm ::: /` puts each input at the end. */
function quoted(name: string, words: readonly Value[]): readonly Value[] {
  if (name !== 'parallel' && name !== 'rush' && name !== 'sem') return words;
  const at = words.findIndex((word) => /^:::/.test(word.shape));
  if (at < 0) return words;
  return [...words.slice(0, at), ...words.slice(at + 1)];
}

/** Joins words as a shell line again. What is not known becomes a variable of its origin. */
function asLine(words: readonly Value[]): Inner {
  let tags = 0;
  for (const word of words) tags |= word.tags;
  // A word that is all known stands as the text it is: its blanks and operators are the line's.
  const line = words.map((word) => guessOf(word) ?? withVariables(word)).join(' ');
  return { line, tags };
}

export function withVariables(word: Value): string {
  const name = asShell({ ...word, shape: UNKNOWN }).slice(1, -1);
  return word.shape
    .replaceAll(UNKNOWN, name)
    .replaceAll('\uE001', '*')
    .replaceAll('\uE002', '?')
    .replaceAll('\uE003', '[a-z]');
}

function inputWords(facts: Facts): Value[] {
  if (!facts.simple.piped) return [];
  const { text, tags } = facts.stdin;
  if (text === undefined) return [{ raw: '(from standard input)', shape: UNKNOWN, tags }];
  const whole = facts.name === 'xargs' && hasOption(facts.args, ['-0', '--null']) && !text.includes('\0');
  return (whole ? [text.trim()] : text.split(/[\s\0]+/))
    .filter((word) => word !== '')
    .slice(0, 64)
    .map((word) => ({ raw: word, shape: word.replace(/^(['"])(.*)\1$/, '$2'), tags }));
}

function replacement(
  facts: Facts,
  mark: Value | undefined,
): ((rest: readonly Value[], extra: readonly Value[]) => Value[]) | undefined {
  const text = guessOf(mark) ?? (hasOption(facts.args, ['-i', '--replace']) ? '{}' : undefined);
  if (facts.spec?.wrapper?.stdinArgs !== true || text === undefined || text === '') return undefined;
  return (rest, extra) =>
    rest.flatMap((word) =>
      word.shape.includes(text)
        ? extra.slice(0, 8).map((value) => ({
            ...word,
            shape: word.shape.replaceAll(text, value.shape),
            tags: word.tags | value.tags,
          }))
        : [word],
    );
}

/** The script of a shell that is given on its own command line, with its arguments; or its script file. */
export interface ShellRun {
  readonly code: Value | undefined;
  readonly file: Value | undefined;
  readonly args: readonly Value[];
  /** What `$0` is, when the line says so. */
  readonly zero?: Value | undefined;
  readonly fromInput: boolean;
}

/** Reads `bash -lc code name args`, `bash file args`, `bash -s args`. */
export function shellRun(simple: Simple): ShellRun {
  const words = simple.words.slice(1);
  let code = false;
  let input = false;
  let at = 0;
  for (; at < words.length; at++) {
    const shape = words[at]?.shape ?? '';
    if (shape === '--' || shape === '-') {
      at++;
      break;
    }
    if (!/^[-+]/.test(shape)) break;
    if (shape.startsWith('--')) {
      if (shape === '--rcfile' || shape === '--init-file') at++;
      if (shape === '--command') code = true;
      continue;
    }
    if (/^-[a-zA-Z]*c/.test(shape)) code = true;
    if (/^-[a-zA-Z]*s/.test(shape)) input = true;
    if (/^[-+][a-zA-Z]*[oO]$/.test(shape)) at++;
  }
  const rest = words.slice(at);
  if (code) return { code: rest[0], file: undefined, args: rest.slice(2), zero: rest[1], fromInput: false };
  if (input || rest.length === 0) return { code: undefined, file: undefined, args: rest, fromInput: true };
  return { code: undefined, file: rest[0], args: rest.slice(1), fromInput: false };
}

/** Program names that mean "standard input" when given as a script. */
export function readsInput(facts: Facts): boolean {
  const first = positional(facts, 0);
  return first === '-' || first === '/dev/stdin' || first === '/proc/self/fd/0' || first === '/dev/fd/0';
}
