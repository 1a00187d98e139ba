import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import type { z } from 'zod';
import { tightest } from './merge';
import { DEEPEST, nestingOf } from './nesting';
import { type FieldPath, type PolicyProblem, problemsOf, valueAt } from './problems';
import {
  RULE_CONDITIONS,
  type UserPolicy,
  userPolicySchema,
  type WorkspacePolicy,
  workspacePolicySchema,
} from './schema';

/** A policy file larger than this is not read; hand-written ones are a few kilobytes. */
export const MAX_LENGTH = 512 * 1024;

/**
 * What is in force when part of a file was not understood and there is no earlier version: its author meant
 * to restrict something, so everything but reading is asked about.
 */
const CAUTIOUS: WorkspacePolicy = {
  mode: 'ask',
  capabilities: {
    write: 'ask',
    delete: 'ask',
    shell: 'ask',
    network: 'ask',
    clipboard: 'ask',
    system: 'ask',
  },
};

export interface ParsedWorkspacePolicy {
  /** What is in force: the valid parts, and something to stand in for the invalid ones. */
  readonly policy: WorkspacePolicy;
  readonly problems: readonly PolicyProblem[];
  /** True when all of it was understood: keep it as the `lastGood` of the next reading. */
  readonly understood: boolean;
}

/**
 * Reads `.cowork/policy.jsonc`. Never throws and never loosens: attempts to allow are left out; where
 * something was not understood, the last good version stays in force beside the valid parts, and without
 * one everything but reading is asked about.
 */
export function parseWorkspacePolicy(text: string, lastGood?: WorkspacePolicy): ParsedWorkspacePolicy {
  const fallback = lastGood ?? CAUTIOUS;
  // A file is empty for a moment whenever a program writes it anew; that takes no restriction back.
  const read = text.trim() === '' && lastGood !== undefined ? EMPTIED : readJsonc(text);
  if (read.problem !== undefined) {
    return { policy: fallback, problems: [read.problem], understood: false };
  }
  const { value, problems } = salvage(workspacePolicySchema, read.value, 'workspace', read.tree);
  const policy = value ?? {};
  const understood = problems.every((problem) => problem.kind === 'loosening');
  return { policy: understood ? policy : tightest(policy, fallback), problems, understood };
}

export interface ParsedUserPolicy {
  readonly policy: UserPolicy;
  readonly problems: readonly PolicyProblem[];
}

/**
 * Reads the policy of user or machine scope, as settings hold it. Never throws. Invalid parts are left out,
 * and as long as there are any, nothing but reading happens without being asked about.
 */
export function parseUserPolicy(input: unknown): ParsedUserPolicy {
  const { value, problems } = salvage(userPolicySchema, input ?? {}, 'user', undefined);
  const policy = value ?? {};
  if (problems.length === 0) return { policy, problems };
  return { policy: cautious(policy), problems };
}

/** The same policy with nothing but reading allowed: for when some of it could not be understood. */
function cautious(policy: UserPolicy): UserPolicy {
  const capabilities = { ...policy.capabilities };
  for (const name of ['write', 'delete', 'shell', 'network', 'clipboard', 'system'] as const) {
    if (capabilities[name] !== 'deny') capabilities[name] = 'ask';
  }
  return { ...policy, mode: policy.mode === 'plan' ? 'plan' : 'ask', capabilities, defaultTrusted: false };
}

/** Reads a policy of user scope that is kept in a file. Never throws. */
export function parseUserPolicyText(text: string): ParsedUserPolicy {
  const read = readJsonc(text);
  if (read.problem !== undefined) return { policy: cautious({}), problems: [read.problem] };
  const { value, problems } = salvage(userPolicySchema, read.value, 'user', read.tree);
  const policy = value ?? {};
  return { policy: problems.length === 0 ? policy : cautious(policy), problems };
}

interface JsoncText {
  readonly value?: unknown;
  readonly tree?: Node;
  readonly problem?: PolicyProblem;
}

const EMPTIED: JsoncText = brokenText(
  'The file is empty; the last version that was understood stays in force.',
  'Write {} to take its restrictions back, or delete the file.',
);

function readJsonc(text: string): JsoncText {
  if (text.length > MAX_LENGTH) {
    return brokenText('The file is larger than 512 KB and was not read.', 'Make it smaller.');
  }
  if (text.trim() === '') return { value: {} };
  if (nestingOf(text) > DEEPEST)
    return brokenText('The file is nested too deeply to be read.', 'A policy has at most four levels.');
  return readTree(text);
}

function readTree(text: string): JsoncText {
  const errors: ParseError[] = [];
  const tree = parseTree(text.replace(/^\ufeff/, ' '), errors, { allowTrailingComma: true });
  const error = errors[0];
  if (error !== undefined || tree === undefined) {
    const offset = error?.offset ?? 0;
    const line = text.slice(0, offset).split('\n').length;
    const what = error === undefined ? 'nothing was found' : wordsOf(printParseErrorCode(error.error));
    return brokenText(
      `Line ${line} is not JSON: ${what}. The file is not in force as written.`,
      'Correct that place; the editor underlines it.',
      offset,
      error?.length ?? 0,
    );
  }
  const duplicate = findDuplicate(tree);
  if (duplicate !== undefined) {
    return brokenText(
      `"${String(duplicate.value)}" is written twice in one object; it is not clear which one counts.`,
      'Keep one of them.',
      duplicate.offset,
      duplicate.length,
    );
  }
  return { value: getNodeValue(tree), tree };
}

function brokenText(message: string, fix: string, offset = 0, length = 0): JsoncText {
  return { problem: { kind: 'syntax', path: '', value: '', message, fix, offset, length } };
}

function wordsOf(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

/** JSON takes the last of two equal keys in silence, so that a later one would undo an earlier denial. */
function findDuplicate(node: Node): Node | undefined {
  if (node.type === 'object') {
    const seen = new Set<unknown>();
    for (const property of node.children ?? []) {
      const key = property.children?.[0];
      if (key === undefined) continue;
      if (seen.has(key.value)) return key;
      seen.add(key.value);
    }
  }
  for (const child of node.children ?? []) {
    const found = findDuplicate(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Validates, leaving out each part that is wrong, until the rest is valid. */
function salvage<T>(
  schema: z.ZodType<T>,
  input: unknown,
  scope: 'user' | 'workspace',
  tree: Node | undefined,
): { value: T | undefined; problems: readonly PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  const known = Object.keys(userPolicySchema.shape).concat(RULE_KEYS);
  let value = structuredClone(input);
  // Positions change as entries are removed, so the places of problems come from the first, whole input.
  for (let round = 0; round < 8; round++) {
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data, problems };
    const found = problemsOf(result.error.issues, value, scope, known);
    for (const { path, problem } of found) {
      problems.push(round === 0 ? { ...problem, ...placeOf(tree, path) } : problem);
    }
    value = without(
      value,
      found.map(({ path }) => path),
    );
    if (value === undefined) break;
  }
  return { value: undefined, problems };
}

const RULE_KEYS = ['id', 'effect', ...RULE_CONDITIONS];

function placeOf(tree: Node | undefined, path: FieldPath): { offset?: number; length?: number } {
  if (tree === undefined) return {};
  for (let depth = path.length; depth >= 0; depth--) {
    const node = findNodeAtLocation(tree, path.slice(0, depth));
    if (node !== undefined) return { offset: node.offset, length: node.length };
  }
  return {};
}

/** Removes each named field; for one inside a list, the whole entry, since half a rule is another rule. */
function without(value: unknown, paths: readonly FieldPath[]): unknown {
  const entries = new Map<string, { list: FieldPath; indexes: Set<number> }>();
  let result = value;
  for (const path of paths) {
    const at = path.findIndex((part) => typeof part === 'number');
    if (at >= 0) {
      const list = path.slice(0, at);
      const key = JSON.stringify(list);
      const entry = entries.get(key) ?? { list, indexes: new Set<number>() };
      entry.indexes.add(path[at] as number);
      entries.set(key, entry);
    } else if (path.length === 0) {
      result = undefined;
    } else {
      const parent = valueAt(value, path.slice(0, -1));
      const key = path.at(-1);
      if (parent !== null && typeof parent === 'object' && key !== undefined) {
        delete (parent as Record<string | number, unknown>)[key];
      }
    }
  }
  for (const { list, indexes } of entries.values()) {
    const items = valueAt(value, list);
    if (!Array.isArray(items)) continue;
    const kept = items.filter((_, index) => !indexes.has(index));
    items.splice(0, items.length, ...kept);
  }
  return result;
}
