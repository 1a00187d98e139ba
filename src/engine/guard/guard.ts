import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Language, Parser } from '@vscode/tree-sitter-wasm';
import { type ParsedScript, parse } from 'unbash';
import type { CommandAnalysis, GuardFinding, Shell, ShellPlace } from '../model/analysis';
import { Analyser } from './analyser';
import { treeSitterCommands, treeSitterSlices, unbashCommands } from './bash/compare';
import { writtenBomb } from './bash/fork';
import { whyNotPlain } from './bash/plain';
import { asZsh } from './bash/read';
import { CATALOGUE } from './catalogue';
import type { Rule } from './catalogue/types';
import { whyNotPlainCmd } from './cmd/plain';
import { LIMITS, LimitError } from './limits';
import { asSeen, findMarks } from './marks';
import { indexRules } from './match';
import { tokenisedCommands, treeSitterPowershellCommands } from './powershell/compare';
import { whyNotPlainPowershell } from './powershell/plain';
import { withoutMarkers } from './value';

/** What is to be analysed: one line for one shell, at a place. */
export interface GuardInput extends ShellPlace {
  readonly line: string;
  readonly shell: Shell;
}

/** Says what command lines really do. Pure: reads no file, starts nothing, keeps nothing between calls. */
export interface Guard {
  /** Never throws. A line of 100 characters takes well under a millisecond; one past the limits is not analysed. */
  analyse(input: GuardInput): CommandAnalysis;
}

export interface GuardOptions {
  /** Folder of `tree-sitter.wasm`, `tree-sitter-bash.wasm`, `tree-sitter-powershell.wasm`. Default: the package's own. */
  readonly wasmDir?: string;
}

let initialised: Promise<void> | undefined;

/**
 * Loads the grammars, once a process, and makes a guard.
 * @throws when a grammar is missing or broken: without its second parser the guard does not work at all
 */
export async function createGuard(options: GuardOptions = {}): Promise<Guard> {
  const dir = options.wasmDir ?? packageDir();
  initialised ??= Parser.init({ locateFile: (name: string) => join(dir, name) });
  try {
    await initialised;
  } catch (error) {
    initialised = undefined;
    throw error;
  }
  const [bash, powershell] = await Promise.all([
    loadParser(join(dir, 'tree-sitter-bash.wasm')),
    loadParser(join(dir, 'tree-sitter-powershell.wasm')),
  ]);
  const index = indexRules(CATALOGUE);
  return { analyse: (input) => analyseLine(input, index, bash, powershell) };
}

function packageDir(): string {
  // A bundle has no node_modules beside it and passes `wasmDir`.
  return dirname(createRequire(join(process.cwd(), 'package.json')).resolve('@vscode/tree-sitter-wasm'));
}

async function loadParser(path: string): Promise<Parser> {
  const language = await Language.load(new Uint8Array(await readFile(path)));
  const parser = new Parser();
  parser.setLanguage(language);
  return parser;
}

type Outcome = Pick<CommandAnalysis, 'status' | 'why' | 'notPlain'>;

function analyseLine(
  input: GuardInput,
  index: ReturnType<typeof indexRules>,
  bash: Parser,
  powershell: Parser,
): CommandAnalysis {
  const line = withoutMarkers(input.line);
  const marks = findMarks(input.line);
  const analyser = new Analyser(index, input);
  let outcome: Outcome;
  try {
    outcome = outcomeOf(line, input.shell, analyser, bash, powershell);
  } catch (error) {
    outcome = failed(error);
  }
  const rules = new Set(analyser.rules);
  const seen = asSeen(input.line);
  if (seen !== input.line) merge(rules, attempt(seen, input, index));
  // It is not believed either way, but what zsh would make of it may be worse than a question.
  if (input.shell === 'bash' && outcome.status === 'unparsable' && asZsh(line) !== line)
    merge(rules, attempt(line, input, index));
  if (outcome.status === 'too-long') {
    merge(rules, attempt(line.trimStart().slice(0, LIMITS.peek), input, index));
    merge(rules, attempt(line.trimEnd().slice(-LIMITS.peek), input, index));
  }
  const findings = [...rules].map(asFinding).sort((a, b) => order(a) - order(b));
  const why =
    outcome.why ??
    analyser.doubts[0] ??
    (marks.length > 0 ? 'it has characters that look like others or cannot be seen' : undefined);
  return {
    line: input.line,
    shell: input.shell,
    status: outcome.status,
    ...(why === undefined ? {} : { why }),
    ...(outcome.notPlain === undefined ? {} : { notPlain: outcome.notPlain }),
    commands: analyser.commands,
    findings,
    autoApprovable:
      outcome.status === 'parsed' &&
      why === undefined &&
      outcome.notPlain === undefined &&
      findings.length === 0 &&
      analyser.commands.every((one) => one.uncoverable === undefined && !one.effects.unknown),
    marks,
  };
}

function outcomeOf(
  line: string,
  shell: Shell,
  analyser: Analyser,
  bash: Parser,
  powershell: Parser,
): Outcome {
  if (line.length > LIMITS.line) throw new LimitError('it is longer than a person can check');
  if (nesting(line) > LIMITS.nesting) throw new LimitError('it is nested too deeply');
  if (line.split('<<').length > LIMITS.hereDocuments) throw new LimitError('it has too many here-documents');
  if (shell === 'bash') {
    const script = parse(line);
    analyser.parsedLine(script);
    return plainly(compareBash(line, script, analyser, bash), () => whyNotPlain(script));
  }
  analyser.line(line, shell);
  if (shell === 'powershell')
    return plainly(comparePowershell(line, analyser, powershell), () => whyNotPlainPowershell(line));
  return plainly({ status: 'parsed' }, () => whyNotPlainCmd(line));
}

function plainly(outcome: Outcome, look: () => string | undefined): Outcome {
  const notPlain = outcome.status === 'parsed' ? look() : undefined;
  return notPlain === undefined ? outcome : { ...outcome, notPlain };
}

function compareBash(line: string, script: ParsedScript, analyser: Analyser, parser: Parser): Outcome {
  const tree = parser.parse(line);
  if (tree === null) return { status: 'disagree', why: 'the second parser gave no answer' };
  try {
    if (script.errors !== undefined && script.errors.length > 0) {
      if (writtenBomb(line)) analyser.report('process.fork-bomb');
      return {
        status: 'unparsable',
        why: `it is not complete shell syntax: ${script.errors[0]?.message ?? ''}`,
      };
    }
    const one = unbashCommands(script);
    const other = treeSitterCommands(tree);
    if (one.join('\n') === other.join('\n')) return { status: 'parsed' };
    // What only the second parser saw is held against the catalogue as well.
    for (const slice of treeSitterSlices(tree).slice(0, 40)) analyser.line(slice, 'bash');
    return { status: 'disagree', why: 'two parsers read different commands in it' };
  } finally {
    tree.delete();
  }
}

function comparePowershell(line: string, analyser: Analyser, parser: Parser): Outcome {
  const tree = parser.parse(line);
  if (tree === null) return { status: 'disagree', why: 'the second parser gave no answer' };
  try {
    const one = tokenisedCommands(line);
    const other = treeSitterPowershellCommands(tree);
    if (tree.rootNode.hasError) return { status: 'unparsable', why: 'it is not complete PowerShell syntax' };
    if (one.join('\n') === other.join('\n')) return { status: 'parsed' };
    for (const name of other) if (!one.includes(name)) analyser.doubt(`the second parser also reads ${name}`);
    return { status: 'disagree', why: 'two parsers read different commands in it' };
  } finally {
    tree.delete();
  }
}

/** Findings of another reading of the line; what goes wrong there does not matter any more. */
function attempt(line: string, place: GuardInput, index: ReturnType<typeof indexRules>): Set<Rule> {
  const analyser = new Analyser(index, place);
  try {
    if (nesting(line) <= LIMITS.nesting) analyser.line(withoutMarkers(line), place.shell);
  } catch {
    // The first reading has already said why the line is not believed.
  }
  return analyser.rules;
}

function merge(into: Set<Rule>, from: Set<Rule>): void {
  for (const rule of from) into.add(rule);
}

function failed(error: unknown): Outcome {
  if (error instanceof LimitError) return { status: 'too-long', why: error.message };
  const detail = error instanceof Error ? error.message : String(error);
  return { status: 'unparsable', why: `it could not be analysed (${detail.slice(0, 120)})` };
}

/** The deepest nesting of brackets of any kind, quotes disregarded: an upper bound that costs one pass. */
function nesting(line: string): number {
  let depth = 0;
  let deepest = 0;
  let backquotes = 0;
  for (let at = 0; at < line.length; at++) {
    const c = line[at];
    if (c === '(' || c === '{' || c === '[') deepest = Math.max(deepest, ++depth);
    else if (c === ')' || c === '}' || c === ']') depth = Math.max(0, depth - 1);
    else if (c === '`') backquotes++;
  }
  return Math.max(deepest, backquotes / 8);
}

function asFinding(rule: Rule): GuardFinding {
  return {
    ruleId: rule.id,
    severity: rule.severity,
    title: rule.title,
    explanation: rule.explanation,
    ...(rule.saferAlternative === undefined ? {} : { saferAlternative: rule.saferAlternative }),
  };
}

function order(finding: GuardFinding): number {
  return finding.severity === 'block' ? 0 : 1;
}
