import { CATALOGUE } from '../engine/guard/catalogue';
import type { Condition, Rule } from '../engine/guard/catalogue/types';
import { canonicalName } from '../engine/guard/programs';
import { compileCommandPattern } from '../engine/policy/command-pattern';
import { policyJsonSchema } from '../engine/policy/schema';
import { TOOL_NAMES, toolTraits } from '../engine/policy/tool-groups';
import { wildcardMatch } from '../engine/policy/wildcard';

/** What the guard's catalogue and the table of tools say, as Markdown for hovers and completion. */

/** An entry of the catalogue: what it finds, why that matters, what to do instead. */
export function explained({ id, severity, title, explanation, saferAlternative }: Rule): string {
  const does = severity === 'block' ? 'always denied' : 'asked about';
  const lines = [`**${id}** (${does}): ${title}.`, explanation];
  if (saferAlternative !== undefined) lines.push(`*Safer:* ${saferAlternative}`);
  return lines.join('\n\n');
}

const FAMILIES: ReadonlyMap<string, readonly Rule[]> = families();

function families(): ReadonlyMap<string, readonly Rule[]> {
  const found = new Map<string, Rule[]>();
  for (const rule of CATALOGUE) {
    const family = rule.id.slice(0, rule.id.indexOf('.'));
    found.set(family, [...(found.get(family) ?? []), rule]);
  }
  return found;
}

/** Values for `finding`: every id, and for each family its ids at once. */
function findingValues(): readonly { readonly value: string; readonly text: string }[] {
  return [
    ...CATALOGUE.map((rule) => ({ value: rule.id, text: explained(rule) })),
    ...[...FAMILIES].map(([family, rules]) => ({
      value: `${family}.*`,
      text: `All of: ${rules.map(({ id, title }) => `\n- \`${id}\`: ${title}`).join('')}`,
    })),
  ];
}

/** What is said of a pattern of finding ids, or undefined when it names none. */
export function ofFinding(pattern: string): string | undefined {
  const named = CATALOGUE.filter(({ id }) => wildcardMatch(pattern, id));
  const [only] = named;
  if (only === undefined) return undefined;
  return named.length === 1 ? explained(only) : named.map(explained).join('\n\n---\n\n');
}

function names(condition: Condition, program: string, words: readonly string[]): boolean {
  if (condition.program?.includes(program) !== true) return false;
  const asked = [condition.sub, condition.option, condition.first].filter((list) => list !== undefined);
  return (
    words.length === 0 ||
    asked.every((list) => list.some((one) => one.split(' ').every((word) => words.includes(word))))
  );
}

/** Entries of the catalogue about what a command pattern names. */
export function ofCommand(pattern: string): readonly Rule[] {
  const { program, rest } = compileCommandPattern(pattern);
  const name = canonicalName(program, 'bash');
  const words = rest.filter((word) => word !== '*');
  return CATALOGUE.filter((rule) => rule.when.some((condition) => names(condition, name, words)));
}

/** Patterns worth writing a rule about: the programs and subcommands that the catalogue knows. */
export const COMMAND_PATTERNS: ReadonlyMap<string, readonly Rule[]> = commandPatterns();

function commandPatterns(): ReadonlyMap<string, readonly Rule[]> {
  const found = new Map<string, Rule[]>();
  const add = (pattern: string, rule: Rule) => {
    const list = found.get(pattern) ?? [];
    if (!list.includes(rule)) list.push(rule);
    found.set(pattern, list);
  };
  for (const rule of CATALOGUE) {
    for (const { program = [], sub, shell } of rule.when) {
      if (shell !== undefined && !shell.includes('bash')) continue;
      for (const name of program) {
        if (sub === undefined) add(`${name} *`, rule);
        for (const words of sub ?? []) add(`${name} ${words} *`, rule);
      }
    }
  }
  return found;
}

/** What a tool needs and counts as. */
function ofTool(name: string): string {
  const traits = toolTraits(name);
  if (traits === undefined) return '';
  const owner = traits.personal ? ' For owners alone.' : '';
  return `Groups: ${traits.groups.join(', ')}. Needs the capability ${traits.capabilities.join(', ')}.${owner}`;
}

function ofGroup(group: string): string {
  const tools = TOOL_NAMES.filter((name) => toolTraits(name)?.groups.some((one) => one === group));
  const commands = COMMAND_GROUPS[group];
  return `Tools: ${tools.join(', ')}.${commands === undefined ? '' : ` ${commands}`}`;
}

const COMMAND_GROUPS: Readonly<Record<string, string>> = {
  write: 'Commands that write files too.',
  destructive: 'Commands that delete files too.',
  network: 'Commands that reach other machines too.',
};

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: string[];
  markdownEnumDescriptions?: string[];
  anyOf?: Schema[];
  [other: string]: unknown;
}

/**
 * The JSON Schema of the workspace file with what is known of each tool, group and finding added, in the form that
 * editors understand (`markdownEnumDescriptions`).
 */
export function documentedSchema(): Record<string, unknown> {
  const schema = policyJsonSchema() as Schema;
  const rule = schema.properties?.rules?.items?.properties ?? {};
  describeValues(rule.tool, ofTool);
  describeValues(rule.group, ofGroup);
  for (const area of Object.values(schema.properties?.contexts?.properties ?? {}))
    describeValues(area.properties?.deniedToolGroups?.items, ofGroup);
  const { finding } = rule;
  if (finding !== undefined) {
    const values = findingValues();
    const { description, ...text } = finding;
    rule.finding = {
      ...(description === undefined ? {} : { description }),
      anyOf: [
        {
          enum: values.map(({ value }) => value),
          markdownEnumDescriptions: values.map((one) => one.text),
        },
        text,
      ],
    };
  }
  return schema;
}

function describeValues(schema: Schema | undefined, text: (value: string) => string): void {
  if (schema?.enum !== undefined) schema.markdownEnumDescriptions = schema.enum.map(text);
}
