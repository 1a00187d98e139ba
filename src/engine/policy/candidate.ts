import { type ParseError, parse } from 'jsonc-parser';
import { EngineError } from '../model/error';
import { parseUserPolicy } from './parse';
import type { PolicyProblem } from './problems';
import { RULE_CONDITIONS } from './schema';
import type { Candidate } from './simulate';
import { TOOL_NAMES } from './tool-groups';

/** Tools whose rules name a path, and those whose rules name a host. */
const BY_PATH: readonly string[] = ['list', 'read', 'search', 'write', 'edit', 'move', 'delete'];
const BY_HOST: readonly string[] = ['fetch', 'http'];

const FORMS =
  'Write it as allow run "npm test *", deny write "infra/**", ask domain example.com, trust "git log *", or as JSON.';

/**
 * Reads a rule or a trusted pattern that somebody thinks of adding: a line such as `allow run "npm test *"`, or
 * JSON with comments as in the policy.
 * @throws EngineError with a sentence on what is wrong and what to write instead
 */
export function parseCandidate(text: string): Candidate {
  const trimmed = text.trim();
  if (trimmed === '') throw new EngineError(`There is no rule. ${FORMS}`);
  const value = trimmed.startsWith('{') ? fromJson(trimmed) : fromWords(trimmed);
  if ('pattern' in value) {
    const { policy, problems } = parseUserPolicy({ trusted: [value] });
    const [entry] = policy.trusted ?? [];
    if (entry === undefined || problems.length > 0) throw refusal(problems);
    return { kind: 'trusted', entry };
  }
  const { policy, problems } = parseUserPolicy({ rules: [value] });
  const [rule] = policy.rules ?? [];
  if (rule === undefined || problems.length > 0) throw refusal(problems);
  return { kind: 'rule', rule };
}

function refusal([problem]: readonly PolicyProblem[]): EngineError {
  if (problem === undefined) return new EngineError(`This is not a rule. ${FORMS}`);
  const field = problem.path.replace(/^(rules|trusted)\[0\]\.?/, '');
  return new EngineError(`${field === '' ? '' : `${field}: `}${problem.message} ${problem.fix}`);
}

function fromJson(text: string): object {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || typeof value !== 'object' || value === null) {
    throw new EngineError(`This is not JSON. ${FORMS}`);
  }
  return value;
}

function fromWords(text: string): object {
  const [effect = '', ...rest] = wordsOf(text);
  if (effect === 'trust') return { pattern: rest.join(' ') };
  const rule: Record<string, string> = { effect };
  const [first] = rest;
  if (first !== undefined && TOOL_NAMES.includes(first)) {
    rule.tool = first;
    const target = rest.slice(1).join(' ');
    if (target !== '') rule[conditionOf(first)] = target;
    return rule;
  }
  for (let at = 0; at < rest.length; at += 2) {
    const name = rest[at] ?? '';
    const value = rest[at + 1];
    if (!RULE_CONDITIONS.includes(name))
      throw new EngineError(`"${name}" is no tool and no condition. ${FORMS}`);
    if (value === undefined) throw new EngineError(`What follows "${name}" is missing. ${FORMS}`);
    rule[name] = value;
  }
  return rule;
}

function conditionOf(tool: string): string {
  if (BY_PATH.includes(tool)) return 'path';
  if (BY_HOST.includes(tool)) return 'domain';
  return 'command';
}

/** Words, those in quotes whole. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}
