import type { Facts } from './facts';
import { positional } from './gather';
import { beyondPatterns } from './special/beyond';
import { GIVEN } from './special/given';
import { mayBecomeOption } from './special/words';
import { hasUnknown, textOf, type Value } from './value';

/** The part of a command's description that trusted patterns are held against. */
export interface CoverFacts {
  readonly uncoverable?: string;
  readonly mustName?: readonly number[];
  readonly harmless?: boolean;
}

/** Variables that decide what a program runs or where it looks for its parts. */
const STEERING =
  /^(PATH|IFS|ENV|BASH_ENV|SHELL|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|CDPATH|HOME|XDG_CONFIG_HOME|TERMINFO|LD_\w*|DYLD_\w*|PAGER|MANPAGER|EDITOR|VISUAL|BROWSER|LESSOPEN|LESSCLOSE|GIT_\w*|SSH_\w*|NODE_OPTIONS|NODE_PATH|NPM_CONFIG_\w*|npm_config_\w*|PYTHON\w*|PERL5?\w*|RUBY\w*|GEM_\w*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|MAKEFLAGS|MAKEFILES|CC|CXX|RUSTC_WRAPPER|CARGO_\w*|GO\w*FLAGS|DOCKER_HOST|KUBECONFIG|AWS_\w*|HTTPS?_PROXY|https?_proxy|ALL_PROXY|TAR_OPTIONS|GREP_OPTIONS|RIPGREP_CONFIG_PATH|LS_COLORS_CMD|BAT_PAGER|DELTA_PAGER|COMSPEC|PATHEXT|PSModulePath|PROMPT|GCONV_PATH|OPENSSL_CONF|OPENSSL_ENGINES|RSYNC_RSH|CVS_RSH|SVN_SSH|SUDO_ASKPASS|PKEXEC_UID|LUA_\w*|PHPRC|PHP_INI_SCAN_DIR|DOTNET_\w*|COMPLUS_\w*|COR_\w*|CORECLR_\w*|VIMINIT|EXINIT|INPUTRC|HISTFILE|TMPDIR|BASH_FUNC_\w*|JEST_\w*|MOCHA_\w*|TS_NODE_\w*)$/;

/** Changes nothing that matters to what runs. */
export function isSteering(name: string): boolean {
  return STEERING.test(name);
}

const TRANSPARENT_WRAPPERS = new Set([
  'nice',
  'ionice',
  'time',
  'gtime',
  'timeout',
  'gtimeout',
  'stdbuf',
  'nohup',
  'setsid',
  'command',
  'builtin',
  'env',
  'noglob',
  'sh',
  'bash',
  'dash',
  'zsh',
  'eval',
  'exec',
  'chrt',
  'taskset',
  'unbuffer',
  'chronic',
  'cmd',
  'powershell',
  'pwsh',
  'call',
  '&',
]);

/** Says whether patterns may speak of a command at all, and which of its words they must name themselves. */
export function coverFacts(facts: Facts): CoverFacts {
  const why = reason(facts);
  const kind = facts.args.subSpec?.kind ?? facts.spec?.kind;
  const quiet = kind === 'reader' || kind === 'filter' || kind === 'printer';
  if (why !== undefined) return { uncoverable: why };
  const named = mustName(facts, kind);
  return {
    ...(named.length > 0 ? { mustName: named } : {}),
    ...(quiet && facts.executes.length === 0 && facts.hosts.length === 0 ? { harmless: true } : {}),
  };
}

function reason(facts: Facts): string | undefined {
  const { simple, args } = facts;
  if (facts.name === '' && simple.words.length === 0) {
    if (simple.redirections.length > 0 && written(facts)) return 'it writes a file';
    return simple.assigned.some(({ name }) => isSteering(name))
      ? 'it sets a variable that decides what runs'
      : undefined;
  }
  if (!facts.genuine)
    return 'the program is not certain: it is not named plainly, or lies outside the system folders';
  const steering = simple.assigned.find(({ name }) => isSteering(name));
  if (steering !== undefined) return `it sets ${steering.name}, which decides what runs`;
  const wrapper = simple.wrappers.find((name) => !TRANSPARENT_WRAPPERS.has(name));
  if (wrapper !== undefined) return `it is run by ${wrapper}`;
  const kind = args.subSpec?.kind ?? facts.spec?.kind;
  for (const word of simple.words) {
    if (textOf(word) !== undefined) continue;
    if (hasUnknown(word.shape)) return `${word.raw} is only known when it runs`;
    if (mayBecomeOption(word) && facts.name !== 'echo' && hasConsequences(facts))
      return `${word.raw} may find a file whose name is an option`;
    if (kind !== 'reader' && kind !== 'filter' && kind !== 'printer')
      return `${word.raw} is only known when it runs`;
  }
  const beyond = beyondPatterns(facts);
  if (beyond !== undefined) return beyond;
  if (written(facts)) return 'it writes a file';
  if (facts.deletes.length > 0) return 'it deletes files';
  if (facts.perms.length > 0) return 'it changes who may use a file';
  if (facts.changes) return 'it changes something beyond what its first words say';
  if (facts.privilege || facts.spec?.wrapper?.privilege) return 'it asks for more rights';
  if (facts.spec?.wrapper !== undefined && !facts.spec.wrapper.transparent)
    return `${facts.name} runs another command`;
  if (kind === 'shell') return 'it runs a shell';
  if (facts.runs !== 0) return 'it runs code that is not on the line';
  if (kind === 'admin')
    return facts.name === 'cd' ? undefined : `${facts.name} changes the machine or the shell`;
  if (kind === 'interpreter' && facts.args.options.some((option) => option.role === 'code'))
    return 'it runs code given on the line';
  if (facts.executes.length > 0 && kind !== 'interpreter' && kind !== 'runner')
    return `it runs ${facts.executes[0]}`;
  const given = facts.executes.find((what) => what.startsWith(GIVEN));
  if (given !== undefined) return `it runs ${given}`;
  if (facts.args.options.some((option) => option.role === 'cd')) return 'it works in another folder';
  if (
    facts.spec?.commanding === true &&
    facts.args.sub !== undefined &&
    facts.args.subSpec === undefined &&
    facts.spec.kind !== 'network'
  ) {
    return `nothing is known of ${facts.name} ${facts.args.sub}`;
  }
  return undefined;
}

/** Could any option of this program do more than change what is printed? */
function hasConsequences(facts: Facts): boolean {
  const options = { ...facts.spec?.options, ...facts.args.subSpec?.options };
  return (
    Object.values(options).some((role) => role !== 'value' && role !== 'read') ||
    (facts.spec?.positionals ?? []).includes('write')
  );
}

function written(facts: Facts): boolean {
  return facts.writes.some((ref) => !ref.classes.has('sink'));
}

function mustName(facts: Facts, kind: string | undefined): number[] {
  const { words } = facts.simple;
  const at = (text: string | undefined): number =>
    text === undefined ? -1 : words.findIndex((word, index) => index > 0 && word.shape === text);
  const found: number[] = [];
  const subs = facts.args.sub?.split(' ') ?? [];
  const consequential = kind !== 'reader' && kind !== 'filter' && kind !== 'printer';
  if (consequential && facts.spec?.commanding === true) for (const sub of subs) found.push(at(sub));
  if (kind === 'runner' || (kind === 'interpreter' && facts.executes.length > 0)) {
    const loaded = facts.args.options.filter((option) => option.role === 'run');
    for (const option of loaded) found.push(holding(words, option.value));
    // What follows `python -m module` are the arguments of the module.
    if (!(facts.name === 'python' && loaded.some((option) => option.name === '-m')))
      found.push(at(positional(facts, 0)));
    if (facts.name === 'npm' || facts.name === 'yarn' || facts.name === 'pnpm') found.push(at(subs[0]));
  }
  if (kind === 'interpreter' && facts.executes.length === 0) {
    // `node` alone waits for code; `node --version` does not.
    found.push(words.length > 1 ? 1 : 0);
  }
  if (facts.hosts.length > 0 && facts.spec?.commanding !== true) found.push(at(positional(facts, 0)));
  return [...new Set(found.filter((index) => index >= 0))].sort((a, b) => a - b);
}

/** The word in which the value of an option stands: a word of its own, or glued to the option. */
function holding(words: readonly Value[], value: Value | undefined): number {
  if (value === undefined) return 0;
  return words.findIndex((word, index) => index > 0 && word.shape.endsWith(value.shape));
}
