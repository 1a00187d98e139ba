import type { Shell } from '../model/analysis';
import { optionValue } from './args';
import type { Facts } from './facts';
import { resolvePath } from './paths';
import { type Inherited, type Runner, type ShellState, subshell } from './state';
import { shellRun, withVariables } from './unwrap';
import { guessOf, type Stream, showShape, Tag, type Value } from './value';

/** What a shell that was started on the line did. `transparent`: all of it is on the list already. */
export interface ShellOutcome {
  readonly output: Stream | undefined;
  readonly transparent: boolean;
}

/** Runs what `sh -c`, `bash file`, `source`, `cmd /c`, `powershell -Command` or Invoke-Expression are given. */
export function runShell(
  facts: Facts,
  state: ShellState,
  runner: Runner,
  inner: Inherited,
): ShellOutcome | undefined {
  if (facts.spec?.kind !== 'shell') return undefined;
  switch (facts.name) {
    case 'cmd':
    case 'command.com':
      return runCmd(facts, state, runner, inner);
    case 'powershell':
    case 'pwsh':
    case 'powershell_ise':
      return runPowershell(facts, state, runner, inner);
    case 'invoke-expression':
      return runExpression(facts, state, runner, inner);
    case 'invoke-command':
      return undefined;
    case 'source':
    case '.':
      return runFile(facts, facts.args.positionals[0], state, runner, inner, facts.shell);
    default:
      return runUnixShell(facts, state, runner, inner);
  }
}

function runUnixShell(
  facts: Facts,
  state: ShellState,
  runner: Runner,
  inner: Inherited,
): ShellOutcome | undefined {
  facts.executes.length = 0;
  facts.runs = 0;
  const run = shellRun(facts.simple);
  const own = subshell(state);
  own.args = run.args;
  if (run.zero !== undefined) own.vars.set('0', run.zero);
  if (run.code !== undefined) {
    facts.runs |= run.code.tags;
    const known = guessOf(run.code) !== undefined;
    if (!known) facts.executes.push(showShape(run.code.shape));
    const output = runner.script(guessOf(run.code) ?? withVariables(run.code), 'bash', own, inner);
    return { output, transparent: known };
  }
  if (run.file !== undefined) return runFile(facts, run.file, state, runner, inner, 'bash', run.args);
  if (run.fromInput && facts.simple.piped) return runInput(facts, facts.stdin, own, runner, inner, 'bash');
  if (run.fromInput && facts.words.length === 0) facts.executes.push('an interactive shell');
  return undefined;
}

function runInput(
  facts: Facts,
  stdin: Stream,
  state: ShellState,
  runner: Runner,
  inner: Inherited,
  shell: Shell,
): ShellOutcome {
  facts.runs |= stdin.tags;
  if (stdin.text === undefined) {
    facts.executes.push('what arrives on its standard input');
    return { output: { text: undefined, tags: stdin.tags | Tag.shell }, transparent: false };
  }
  return { output: runner.script(stdin.text, shell, state, inner), transparent: true };
}

function runFile(
  facts: Facts,
  file: Value | undefined,
  state: ShellState,
  runner: Runner,
  inner: Inherited,
  shell: Shell,
  args: readonly Value[] = [],
): ShellOutcome | undefined {
  facts.executes.length = 0;
  if (file === undefined) return undefined;
  facts.runs |= file.tags;
  if (/^\/dev\/(stdin|fd\/0)$/.test(file.shape))
    return runInput(facts, facts.stdin, subshell(state), runner, inner, shell);
  facts.executes.push(showShape(file.shape));
  const full = resolvePath(file.shape, state.cwd, shell);
  const content = full === undefined ? undefined : state.files.get(full);
  if (content === undefined) {
    if (/^\/dev\/tcp\//.test(file.shape)) facts.reported.push('run.download');
    return undefined;
  }
  facts.runs |= content.tags;
  if (content.text === undefined) return undefined;
  const own = facts.name === 'source' || facts.name === '.' ? state : subshell(state);
  if (args.length > 0) own.args = args;
  return { output: runner.script(content.text, shell, own, inner), transparent: false };
}

/** `cmd /c line`: everything after `/c` or `/k` is the line. */
function runCmd(facts: Facts, state: ShellState, runner: Runner, inner: Inherited): ShellOutcome | undefined {
  const at = facts.words.findIndex((word) => /^[/-][ckrCKR]/.test(word.shape));
  if (at < 0) {
    if (facts.simple.piped) return runInput(facts, facts.stdin, subshell(state), runner, inner, 'cmd');
    facts.executes.push('an interactive shell');
    return undefined;
  }
  const glued = facts.words[at]?.shape.slice(2) ?? '';
  const rest = [glued, ...facts.words.slice(at + 1).map((word) => guessOf(word) ?? withVariables(word))];
  for (const word of facts.words) facts.runs |= word.tags;
  return { output: runner.script(rest.join(' ').trim(), 'cmd', subshell(state), inner), transparent: true };
}

function runPowershell(
  facts: Facts,
  state: ShellState,
  runner: Runner,
  inner: Inherited,
): ShellOutcome | undefined {
  facts.executes.length = 0;
  for (const word of facts.words) facts.runs |= word.tags;
  const encoded = optionValue(facts.args, ['-encodedcommand', '-ec']) ?? encodedByPrefix(facts);
  if (encoded !== undefined) {
    const text = guessOf(encoded);
    facts.reported.push('run.encoded-powershell');
    if (text === undefined) return { output: undefined, transparent: false };
    return {
      output: runner.script(decodeUtf16(text), 'powershell', subshell(state), inner),
      transparent: false,
    };
  }
  const file = optionValue(facts.args, ['-file']);
  if (file !== undefined) {
    facts.executes.push(showShape(file.shape));
    return runFile(facts, file, state, runner, inner, 'powershell');
  }
  const at = facts.words.findIndex((word) => /^[-/](c|co|com|comm|comma|comman|command)$/i.test(word.shape));
  // From the first plain word on, everything is the script: its options are not PowerShell's own.
  const [first] = facts.args.positionals;
  const rest = facts.words.slice(
    at >= 0 ? at + 1 : first === undefined ? facts.words.length : facts.words.indexOf(first),
  );
  const text = rest.map((word) => guessOf(word) ?? withVariables(word)).join(' ');
  if (text === '-' || (text === '' && facts.simple.piped)) {
    return runInput(facts, facts.stdin, subshell(state), runner, inner, 'powershell');
  }
  if (text === '') {
    if (facts.args.options.length === 0) facts.executes.push('an interactive shell');
    return undefined;
  }
  return { output: runner.script(text, 'powershell', subshell(state), inner), transparent: true };
}

/** `-e`, `-en`, `-enc`: beginnings of `-EncodedCommand`. */
function encodedByPrefix(facts: Facts): Value | undefined {
  const at = facts.words.findIndex((word) => /^[-/](e|en|enc|enco|encod\w*)$/i.test(word.shape));
  return at < 0 ? undefined : facts.words[at + 1];
}

/** The text of `-EncodedCommand`: base64 of UTF-16, least significant byte first. */
function decodeUtf16(text: string): string {
  return Buffer.from(text, 'base64')
    .toString('utf16le')
    .replace(/[\uE000-\uE003]/g, '\uFFFD');
}

function runExpression(
  facts: Facts,
  state: ShellState,
  runner: Runner,
  inner: Inherited,
): ShellOutcome | undefined {
  facts.executes.length = 0;
  const given = optionValue(facts.args, ['-command']) ?? facts.args.positionals[0];
  if (given === undefined) {
    return facts.simple.piped ? runInput(facts, facts.stdin, state, runner, inner, 'powershell') : undefined;
  }
  facts.runs |= given.tags;
  const text = guessOf(given);
  if (text === undefined) {
    facts.executes.push(showShape(given.shape));
    return { output: undefined, transparent: false };
  }
  return { output: runner.script(text, 'powershell', state, inner), transparent: true };
}
