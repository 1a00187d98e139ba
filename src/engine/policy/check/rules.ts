import { CATALOGUE } from '../../guard/catalogue';
import { type Effect, isStricter } from '../../model/effect';
import { nearest } from '../nearest';
import type { FieldPath } from '../problems';
import type { UserRule, WorkspaceRule } from '../schema';
import { wildcardMatch } from '../wildcard';
import { tooBroad } from './broad';
import { type Comparable, comparable, covers, folderOf, nameOf as globName, impossible } from './covers';

/**
 * unreachable: the rule never decides anything. contradictory: another rule says something else about the same, or
 * has the same id. broad: its pattern says too little.
 */
export type RuleProblemKind = 'unreachable' | 'contradictory' | 'broad';

export interface RuleProblem {
  readonly kind: RuleProblemKind;
  /** Place in the list of rules that was given. */
  readonly index: number;
  /** The field that is at fault; the whole rule when left out. */
  readonly field?: string;
  readonly message: string;
  readonly fix: string;
  /** The other rule that it is about. */
  readonly other?: number;
  /** What was probably meant instead of the field's value. */
  readonly meant?: string;
}

export interface RulesChecked {
  readonly problems: readonly RuleProblem[];
  /** How many pairs of rules were compared: what the time of a check grows with. */
  readonly compared: number;
}

type Rule = WorkspaceRule | UserRule;

const FINDING_IDS: readonly string[] = CATALOGUE.map(({ id }) => id);

/**
 * What is wrong with rules that are each valid: those that can never decide, those that speak against each other,
 * and patterns that say too little. `nameOf` gives the words by which a message names a rule.
 */
export function checkRules(rules: readonly Rule[], nameOf: (index: number) => string): RulesChecked {
  const all = rules.map(comparable);
  const problems: RuleProblem[] = [];
  for (const one of all) problems.push(...alone(one));
  problems.push(...sameIds(rules, nameOf));
  const index = new RuleIndex(all);
  const never = new Set(problems.filter(({ kind }) => kind === 'unreachable').map((one) => one.index));
  for (const one of all) {
    if (never.has(one.index)) continue;
    const found = index.strictestCover(one);
    if (found !== undefined) problems.push(pairProblem(one, found, nameOf));
  }
  problems.sort((a, b) => a.index - b.index);
  return { problems, compared: index.compared };
}

/** The place of a rule's field in a policy. */
export function ruleField(index: number, field?: string): FieldPath {
  return field === undefined ? ['rules', index] : ['rules', index, field];
}

function alone(one: Comparable): readonly RuleProblem[] {
  const { index, rule } = one;
  const found: RuleProblem[] = [];
  const never = impossible(one);
  if (never !== undefined) {
    const fix = 'Remove one of the two conditions, or the rule.';
    found.push({ kind: 'unreachable', index, message: `This rule never applies. ${never}`, fix });
  }
  const { finding } = rule;
  if (finding !== undefined && !FINDING_IDS.some((id) => wildcardMatch(finding, id))) {
    const meant = nearest(finding, FINDING_IDS);
    found.push({
      kind: 'unreachable',
      index,
      field: 'finding',
      message: `This rule never applies: the guard has no finding "${finding}".`,
      fix: meant === undefined ? 'Completion lists them.' : `Write "${meant}".`,
      ...(meant === undefined ? {} : { meant }),
    });
  }
  const broad = rule.command === undefined ? undefined : tooBroad(rule.command);
  // A reason is how its author says that so much is meant; nothing excuses a broad pattern that allows.
  if (broad !== undefined && (rule.effect === 'allow' || rule.reason === undefined)) {
    found.push({
      kind: 'broad',
      index,
      field: 'command',
      message: `${broad} ${EVERYTHING[rule.effect]}`,
      fix:
        rule.effect === 'allow'
          ? 'Name what is run: `npx jest *`, `node scripts/build.js`.'
          : 'Name what is run, or say with a "reason" why it must be all of it.',
    });
  }
  return found;
}

const EVERYTHING: Readonly<Record<Effect, string>> = {
  allow: 'All of it would run without asking.',
  ask: 'All of it is asked about.',
  deny: 'All of it is denied.',
};

function sameIds(rules: readonly Rule[], nameOf: (index: number) => string): readonly RuleProblem[] {
  const first = new Map<string, number>();
  const found: RuleProblem[] = [];
  for (const [index, { id }] of rules.entries()) {
    if (id === undefined) continue;
    const other = first.get(id);
    if (other === undefined) first.set(id, index);
    else {
      found.push({
        kind: 'contradictory',
        index,
        field: 'id',
        other,
        message: `${nameOf(other)} has the id "${id}" too, so that decisions and the audit cannot tell them apart.`,
        fix: 'Give one of them another id.',
      });
    }
  }
  return found;
}

function pairProblem(one: Comparable, by: Comparable, nameOf: (index: number) => string): RuleProblem {
  const { index } = one;
  const other = by.index;
  const name = nameOf(other);
  if (one.rule.effect === by.rule.effect) {
    const message = `${name} already says "${by.rule.effect}" to all that this rule is about.`;
    return { kind: 'unreachable', index, other, message, fix: 'Remove this rule, or the wider one.' };
  }
  const strict = `"${by.rule.effect}"`;
  if (covers(one, by)) {
    return {
      kind: 'contradictory',
      index,
      other,
      message: `${name} says ${strict} and this rule "${one.rule.effect}" to the same. The strictest wins: it is ${strict}.`,
      fix: 'Keep the one that is meant.',
    };
  }
  return {
    kind: 'unreachable',
    index,
    other,
    message: `${name} says ${strict} to all that this rule is about. The strictest wins, so this rule never decides.`,
    fix: 'Remove this rule, or narrow the other.',
  };
}

/** Rules by what they are about, so that only those are compared that could have to do with each other. */
class RuleIndex {
  compared = 0;
  /** Rules of which no key can be named: they may cover anything. */
  private readonly wide: Comparable[] = [];
  private readonly byKey = new Map<string, Comparable[]>();

  constructor(rules: readonly Comparable[]) {
    for (const one of rules) {
      const key = ownKey(one);
      const list = key === undefined ? this.wide : (this.byKey.get(key) ?? []);
      list.push(one);
      if (key !== undefined) this.byKey.set(key, list);
    }
  }

  /** The rule that takes the word from this one: a stricter one before an equal one, of equals the earlier. */
  strictestCover(one: Comparable): Comparable | undefined {
    let best: Comparable | undefined;
    for (const list of [this.wide, ...keysOf(one).map((key) => this.byKey.get(key) ?? [])]) {
      for (const other of list) {
        if (other === one) continue;
        this.compared++;
        if (!takesFrom(other, one)) continue;
        if (best === undefined || isStricter(other.rule.effect, best.rule.effect)) best = other;
      }
    }
    return best;
  }
}

function takesFrom(other: Comparable, one: Comparable): boolean {
  if (isStricter(one.rule.effect, other.rule.effect) || !covers(other, one)) return false;
  // What allows is matched as it is written, so that only the very same allows the same.
  if (other.rule.effect === 'allow' && !covers(one, other)) return false;
  if (other.rule.effect !== one.rule.effect) return true;
  // Of two that cover each other the first stays.
  return other.index < one.index || !covers(one, other);
}

/** What a rule that covers another must have in common with it; undefined when that cannot be named. */
function ownKey(one: Comparable): string | undefined {
  if (one.program !== undefined) {
    if (one.program.includes('*')) return undefined;
    // Any word would do, since a wider rule has all of its words in common; the last tells most apart.
    const word = one.words?.at(-1);
    return word === undefined || word.includes('*')
      ? `command ${one.program}`
      : `command ${one.program} ${word}`;
  }
  if (one.glob !== undefined) {
    const name = globName(one.glob);
    if (name !== undefined) return `name ${name}`;
    const folder = folderOf(one.glob);
    return folder === undefined ? `glob ${one.glob.folded.join('/')}` : folderKey(folder);
  }
  if (one.domain !== undefined) {
    const base = one.domain.replace(/^\*\./, '');
    return base.includes('*') ? undefined : `domain ${base}`;
  }
  return one.rule.tool === undefined ? undefined : `tool ${one.rule.tool}`;
}

/** All keys under which a rule that covers this one may stand. */
function keysOf(one: Comparable): readonly string[] {
  const keys: string[] = [];
  if (one.program !== undefined) {
    keys.push(`command ${one.program}`);
    for (const word of new Set(one.words)) keys.push(`command ${one.program} ${word}`);
  }
  if (one.glob !== undefined) {
    keys.push(`glob ${one.glob.folded.join('/')}`);
    for (const name of new Set(one.glob.folded.slice(1))) keys.push(`name ${name}`);
    const depths = Math.min(one.glob.folded.length, DEPTH);
    for (let depth = 0; depth <= depths; depth++) keys.push(folderKey(one.glob.folded.slice(0, depth)));
  }
  if (one.domain !== undefined) keys.push(...domainKeys(one.domain.replace(/^\*\./, '')));
  if (one.tool !== undefined) keys.push(`tool ${one.tool}`);
  return keys;
}

/** Folders are told apart by so many of their names; the first is the workspace's own. */
const DEPTH = 4;

function folderKey(folder: readonly string[]): string {
  return `folder ${folder.slice(0, DEPTH).join('/')}`;
}

/** A host and every domain that it is in. */
function domainKeys(host: string): readonly string[] {
  const names = host.split('.');
  return names.map((_, at) => `domain ${names.slice(at).join('.')}`);
}
