import { compileCommandPattern } from '../command-pattern';
import { domainCovers } from '../layers/rule';
import { compileGlob, type PathGlob } from '../paths';
import type { UserRule, WorkspaceRule } from '../schema';
import { normaliseHost } from '../snapshot';
import { toolTraits } from '../tool-groups';
import { wildcardMatch } from '../wildcard';

/** A rule with its conditions made comparable. Where the workspace lies does not matter for comparing. */
export interface Comparable {
  readonly index: number;
  readonly rule: WorkspaceRule | UserRule;
  /** The tool that it can only be about: `run` when a command is described. */
  readonly tool?: string;
  readonly glob?: PathGlob;
  readonly domain?: string;
  readonly program?: string;
  readonly words?: readonly string[];
}

const ROOT_NAME = 'workspace';
const ROOT = `/${ROOT_NAME}`;
const HOME = '/home';

export function comparable(rule: WorkspaceRule | UserRule, index: number): Comparable {
  const command = rule.command === undefined ? undefined : compileCommandPattern(rule.command);
  const tool = rule.tool ?? (rule.command === undefined && rule.finding === undefined ? undefined : 'run');
  return {
    index,
    rule,
    ...(tool === undefined ? {} : { tool }),
    ...(rule.path === undefined ? {} : { glob: compileGlob(rule.path, ROOT, HOME) }),
    ...(rule.domain === undefined ? {} : { domain: normaliseHost(rule.domain) }),
    ...(command === undefined
      ? {}
      : { program: command.program, words: command.rest.filter((word) => word !== '*') }),
  };
}

/**
 * True when everything that rule `b` is about, rule `a` is about too. Says no when it is not sure: two globs or
 * words with wildcards in different places may cover each other without this knowing it.
 */
export function covers(a: Comparable, b: Comparable): boolean {
  const until = 'until' in a.rule ? a.rule.until : undefined;
  return (
    until === undefined &&
    same(a.rule.channel, b.rule.channel) &&
    same(a.rule.context, b.rule.context) &&
    same(a.rule.user, b.rule.user) &&
    same(a.rule.tool, b.tool) &&
    coversGroup(a, b) &&
    coversCommand(a, b) &&
    coversFinding(a.rule.finding, b.rule.finding) &&
    coversGlob(a.glob, b.glob) &&
    (a.domain === undefined || (b.domain !== undefined && coversDomain(a.domain, b.domain)))
  );
}

function same(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || a === b;
}

function coversGroup({ rule: { group } }: Comparable, b: Comparable): boolean {
  return group === undefined || group === b.rule.group || (b.tool !== undefined && isIn(b.tool, group));
}

function coversCommand(a: Comparable, b: Comparable): boolean {
  if (a.program === undefined || a.words === undefined) return true;
  if (b.program === undefined || b.words === undefined) return false;
  if (a.program !== b.program && (b.program.includes('*') || !wildcardMatch(a.program, b.program)))
    return false;
  // Words count in order with anything in between, so those of the wider rule are found among the narrower's.
  let at = 0;
  for (const wanted of a.words) {
    while (at < b.words.length && !wordCovers(wanted, b.words[at] ?? '')) at++;
    if (at === b.words.length) return false;
    at++;
  }
  return true;
}

function wordCovers(wanted: string, given: string): boolean {
  return wanted === given || (!given.includes('*') && wildcardMatch(wanted, given));
}

function coversFinding(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || a === b || (b !== undefined && !b.includes('*') && wildcardMatch(a, b));
}

function coversDomain(a: string, b: string): boolean {
  return a === b || domainCovers(a, b.startsWith('*.') ? b.slice(2) : b);
}

/** The folder of a glob that covers all that is below it; undefined when it covers only what is spelled like it. */
export function folderOf(glob: PathGlob): readonly string[] | undefined {
  const wide = glob.folded.at(-1) === '**' ? glob.folded.slice(0, -1) : glob.folded;
  return wide.some((part) => part.includes('*')) ? undefined : wide;
}

/** The name of a glob that is about one name at any depth: `secrets`, not `*.pem`. */
export function nameOf(glob: PathGlob): string | undefined {
  const [root, depth, name, ...rest] = glob.folded;
  const isName = root === ROOT_NAME && depth === '**' && rest.length === 0;
  return isName && name !== undefined && !name.includes('*') ? name : undefined;
}

/** Equal globs, a folder (`src`, `src/**`) and what is below it, or a name and what has it in its path. */
function coversGlob(a: PathGlob | undefined, b: PathGlob | undefined): boolean {
  if (a === undefined) return true;
  if (b === undefined) return false;
  if (a.folded.join('/') === b.folded.join('/')) return true;
  const name = nameOf(a);
  if (name !== undefined) return b.folded[0] === ROOT_NAME && b.folded.includes(name, 1);
  return folderOf(a)?.every((part, at) => b.folded[at] === part) === true;
}

/**
 * Why no request can ever meet all conditions of the rule, or undefined. Only what is certain: a command may write,
 * delete and reach the network besides being run.
 */
export function impossible({ rule }: Comparable): string | undefined {
  const { tool, group } = rule;
  const runs = tool === 'run' || rule.command !== undefined || rule.finding !== undefined;
  if (rule.command !== undefined && tool !== undefined && tool !== 'run')
    return `"command" is about the tool "run" alone, and "tool" is "${tool}".`;
  if (rule.finding !== undefined && tool !== undefined && tool !== 'run')
    return `"finding" is about the tool "run" alone, and "tool" is "${tool}".`;
  if (group !== undefined && runs && !OF_COMMANDS.has(group))
    return `No command belongs to the group "${group}".`;
  if (group !== undefined && tool !== undefined && tool !== 'run' && !isIn(tool, group))
    return `The tool "${tool}" does not belong to the group "${group}".`;
  if (rule.domain !== undefined && tool !== undefined && FILE_TOOLS.has(tool))
    return `The tool "${tool}" reaches no host.`;
  if (rule.path !== undefined && tool !== undefined && HOST_TOOLS.has(tool))
    return `The tool "${tool}" touches no file.`;
  return undefined;
}

const OF_COMMANDS: ReadonlySet<string> = new Set(['shell', 'network', 'destructive', 'write']);
const FILE_TOOLS: ReadonlySet<string> = new Set([
  'list',
  'read',
  'search',
  'write',
  'edit',
  'move',
  'delete',
  'git.status',
  'git.diff',
  'git.commit',
]);
const HOST_TOOLS: ReadonlySet<string> = new Set(['fetch', 'clipboard.read', 'clipboard.write']);

function isIn(tool: string, group: string): boolean {
  return toolTraits(tool)?.groups.some((one) => one === group) === true;
}
