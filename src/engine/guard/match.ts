import { hasOption } from './args';
import type { Condition, Rule } from './catalogue/types';
import type { Facts, PathRef } from './facts';
import type { PathClass } from './paths';
import { guessOf, Tag, type TagName, type Tags } from './value';

/** Rules by the program they name, so that a command is held against a handful and not against all. */
export interface RuleIndex {
  readonly byProgram: ReadonlyMap<string, readonly (readonly [Rule, Condition])[]>;
  readonly general: readonly (readonly [Rule, Condition])[];
  readonly byId: ReadonlyMap<string, Rule>;
}

/** @throws RangeError when two rules have one id */
export function indexRules(rules: readonly Rule[]): RuleIndex {
  const byProgram = new Map<string, (readonly [Rule, Condition])[]>();
  const general: (readonly [Rule, Condition])[] = [];
  const byId = new Map<string, Rule>();
  for (const rule of rules) {
    if (byId.has(rule.id)) throw new RangeError(`two rules are called ${rule.id}`);
    byId.set(rule.id, rule);
    for (const condition of rule.when) {
      if (condition.program === undefined) general.push([rule, condition]);
      for (const program of condition.program ?? []) {
        const list = byProgram.get(program) ?? [];
        list.push([rule, condition]);
        byProgram.set(program, list);
      }
    }
  }
  return { byProgram, general, byId };
}

/** Every rule that speaks of this command. */
export function rulesFor(facts: Facts, index: RuleIndex): Set<Rule> {
  const found = new Set<Rule>();
  for (const id of facts.reported) {
    const rule = index.byId.get(id);
    if (rule !== undefined) found.add(rule);
  }
  for (const [rule, condition] of index.general)
    if (!found.has(rule) && holds(condition, facts)) found.add(rule);
  const harmless = onlyTells(facts);
  for (const [rule, condition] of index.byProgram.get(facts.name) ?? []) {
    if (harmless && rule.severity === 'block') continue;
    if (!found.has(rule) && holds(condition, facts)) found.add(rule);
  }
  return found;
}

/** `shutdown /?`, `sudo --help`, `Restart-Computer -WhatIf`: it says what it would do, and does not. */
function onlyTells(facts: Facts): boolean {
  if (facts.redirections.some((one) => one.kind !== 'dup' && one.kind !== 'read')) return false;
  if (facts.spec?.style === 'powershell' && facts.shell === 'powershell' && facts.spec.kind !== 'shell')
    return facts.words.some((word) => /^-whatif$/i.test(word.shape));
  return facts.words.length === 1 && /^(?:--help|--version|\/\?|-\?)$/.test(facts.words[0]?.shape ?? '');
}

function someClass(refs: readonly PathRef[], classes: readonly PathClass[]): boolean {
  return refs.some((ref) => classes.some((name) => ref.classes.has(name)));
}

function tagged(tags: Tags, names: readonly TagName[]): boolean {
  return names.some((name) => (tags & Tag[name]) !== 0);
}

function holds(when: Condition, facts: Facts): boolean {
  const { args } = facts;
  if (when.shell !== undefined && !when.shell.includes(facts.shell)) return false;
  if (when.sub !== undefined && (args.sub === undefined || !when.sub.includes(args.sub))) return false;
  if (when.option !== undefined && !hasOption(args, when.option)) return false;
  if (
    when.earlyOption !== undefined &&
    !args.options.some((one) => one.early && when.earlyOption?.includes(one.name))
  ) {
    return false;
  }
  if (when.alsoOption !== undefined && !hasOption(args, when.alsoOption)) return false;
  if (when.notOption !== undefined && hasOption(args, when.notOption)) return false;
  if (when.recursive && !facts.recursive) return false;
  if (when.privilege && !facts.privilege) return false;
  if (
    when.argument !== undefined &&
    !args.positionals.some((word) => when.argument?.includes(guessOf(word) ?? ''))
  ) {
    return false;
  }
  if (when.first !== undefined && !when.first.includes(guessOf(args.positionals[0]) ?? '')) return false;
  if (when.deletes !== undefined && !someClass(facts.deletes, when.deletes)) return false;
  if (when.writes !== undefined && !someClass(facts.writes, when.writes)) return false;
  if (when.reads !== undefined && !someClass(facts.reads, when.reads)) return false;
  if (when.perms !== undefined && !someClass(facts.perms, when.perms)) return false;
  if (when.runs !== undefined && !tagged(facts.runs, when.runs)) return false;
  if (when.sends !== undefined && !tagged(facts.sends, when.sends)) return false;
  if (when.stdin !== undefined && !tagged(facts.stdin.tags, when.stdin)) return false;
  if (when.redirects !== undefined) {
    const { redirects } = when;
    if (!someClass([...facts.reads, ...facts.writes], redirects) || facts.redirections.length === 0)
      return false;
  }
  if (when.assigns !== undefined) {
    const { assigns } = when;
    if (!facts.simple.assigned.some(({ name }) => assigns.test(name))) return false;
  }
  if (when.text !== undefined && !when.text.test(facts.text)) return false;
  return when.notText === undefined || !when.notText.test(facts.text);
}
