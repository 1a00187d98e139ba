import { findNodeAtLocation, getNodeValue, type Node, parseTree } from 'jsonc-parser';
import { parseUserPolicyText, parseWorkspacePolicy } from '../parse';
import { type FieldPath, fieldName, type PolicyProblem, type ProblemKind, shown } from '../problems';
import {
  type UserRule,
  userRuleSchema,
  type WorkspacePolicy,
  type WorkspaceRule,
  workspaceRuleSchema,
} from '../schema';
import { tooBroad } from './broad';
import { checkRules, type RuleProblem, type RuleProblemKind, ruleField } from './rules';

/** Whose policy a text is: the folder's, which only tightens, or that of the person at the desk. */
export type PolicyScope = 'workspace' | 'user';

export type FindingKind = ProblemKind | RuleProblemKind;

/** Something that a person should look at in a policy file, with its place in the text in UTF-16 units. */
export interface PolicyFinding extends Omit<PolicyProblem, 'kind' | 'at' | 'offset' | 'length'> {
  readonly kind: FindingKind;
  readonly at: FieldPath;
  readonly offset: number;
  readonly length: number;
  /** The other rule that it is about. */
  readonly other?: { readonly index: number; readonly offset: number; readonly length: number };
}

export interface CheckedPolicy {
  readonly findings: readonly PolicyFinding[];
  /** Of a workspace file: what is in force with this text, see `parseWorkspacePolicy`. */
  readonly inForce: WorkspacePolicy;
  readonly understood: boolean;
  /** How many pairs of rules were compared. */
  readonly compared: number;
}

/**
 * Everything that can be said of a policy file without a record and without other settings: what the engine leaves
 * out, rules that never decide or contradict each other, and patterns that say too little. Never throws.
 */
export function checkPolicy(
  text: string,
  scope: PolicyScope = 'workspace',
  lastGood?: WorkspacePolicy,
): CheckedPolicy {
  const { problems, inForce, understood } = read(text, scope, lastGood);
  const findings: PolicyFinding[] = problems.map((problem) => ({
    ...problem,
    at: problem.at ?? [],
    offset: problem.offset ?? 0,
    length: problem.length ?? 0,
  }));
  let compared = 0;
  if (!findings.some(({ kind }) => kind === 'syntax')) {
    const tree = parseTree(text.replace(/^\ufeff/, ' '), [], { allowTrailingComma: true });
    if (tree !== undefined) {
      const checked = ofRules(text, tree, scope);
      compared = checked.compared;
      findings.push(...checked.findings);
      if (scope === 'user') findings.push(...ofTrusted(tree));
    }
  }
  findings.sort((a, b) => a.offset - b.offset);
  return { findings, inForce, understood, compared };
}

interface Read {
  readonly problems: readonly PolicyProblem[];
  readonly inForce: WorkspacePolicy;
  readonly understood: boolean;
}

function read(text: string, scope: PolicyScope, lastGood: WorkspacePolicy | undefined): Read {
  if (scope === 'user') {
    const { problems } = parseUserPolicyText(text);
    return { problems, inForce: {}, understood: problems.length === 0 };
  }
  const { policy, problems, understood } = parseWorkspacePolicy(text, lastGood);
  return { problems, inForce: policy, understood };
}

interface ValidRule {
  readonly rule: WorkspaceRule | UserRule;
  /** Its place in the file, where invalid rules count too. */
  readonly index: number;
  readonly node: Node;
}

function ofRules(
  text: string,
  tree: Node,
  scope: PolicyScope,
): { readonly findings: readonly PolicyFinding[]; readonly compared: number } {
  const schema = scope === 'user' ? userRuleSchema : workspaceRuleSchema;
  const valid: ValidRule[] = [];
  for (const [index, node] of (findNodeAtLocation(tree, ['rules'])?.children ?? []).entries()) {
    const parsed = schema.safeParse(getNodeValue(node));
    if (parsed.success) valid.push({ rule: parsed.data, index, node });
  }
  const lineOf = lineCounter(text);
  const { problems, compared } = checkRules(
    valid.map(({ rule }) => rule),
    (at) => nameOf(valid[at], lineOf),
  );
  return { findings: problems.flatMap((problem) => finding(problem, valid) ?? []), compared };
}

function nameOf(one: ValidRule | undefined, lineOf: (offset: number) => number): string {
  if (one === undefined) return 'Another rule';
  const line = lineOf(one.node.offset);
  return one.rule.id === undefined ? `The rule in line ${line}` : `The rule "${one.rule.id}" (line ${line})`;
}

function finding(problem: RuleProblem, valid: readonly ValidRule[]): PolicyFinding | undefined {
  const one = valid[problem.index];
  if (one === undefined) return undefined;
  const { kind, field, message, fix, meant } = problem;
  const at = ruleField(one.index, field);
  const node = (field === undefined ? undefined : findNodeAtLocation(one.node, [field])) ?? one.node;
  const other = problem.other === undefined ? undefined : valid[problem.other];
  return {
    kind,
    path: fieldName(at),
    at,
    value: shown(getNodeValue(node)),
    message,
    fix,
    ...(meant === undefined ? {} : { meant: { value: meant } }),
    offset: node.offset,
    length: node.length,
    ...(other === undefined
      ? {}
      : { other: { index: other.index, offset: other.node.offset, length: other.node.length } }),
  };
}

function ofTrusted(tree: Node): readonly PolicyFinding[] {
  const found: PolicyFinding[] = [];
  for (const [index, entry] of (findNodeAtLocation(tree, ['trusted'])?.children ?? []).entries()) {
    const node = entry.type === 'string' ? entry : findNodeAtLocation(entry, ['pattern']);
    const pattern: unknown = node?.value;
    const broad = typeof pattern === 'string' ? tooBroad(pattern) : undefined;
    if (broad === undefined || node === undefined) continue;
    const at: FieldPath = ['trusted', index, ...(entry === node ? [] : ['pattern'])];
    found.push({
      kind: 'broad',
      path: fieldName(at),
      at,
      value: shown(pattern),
      message: `${broad} Whatever it is given would be trusted.`,
      fix: 'Name what is run: `npx jest *`, `node scripts/build.js`.',
      offset: node.offset,
      length: node.length,
    });
  }
  return found;
}

/** The line of a place, from one on. */
function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
