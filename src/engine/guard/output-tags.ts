import { hasOption, optionValue } from './args';
import type { Facts } from './facts';
import { secrecy } from './gather';
import { staticOutput } from './outputs';
import { resolvePath } from './paths';
import { canonicalName, knownCmdlets } from './programs';
import { NETWORK } from './programs/network';
import { hasFilter } from './special/files';
import type { Runner, ShellState } from './state';
import {
  guessOf,
  hasGlob,
  NO_STREAM,
  QUESTION,
  STAR,
  type Stream,
  shapeMatches,
  Tag,
  type Tags,
  textOf,
} from './value';

const FETCHERS = new Set([
  ...NETWORK.flatMap((spec) => (spec.kind === 'network' ? spec.names : [])),
  'ssh',
  'invoke-webrequest',
  'invoke-restmethod',
  'gsutil',
  'rsh',
  'fetch',
  'bitsadmin',
  'certutil',
  'gh',
]);
for (const local of ['ping', 'ping6', 'openssl']) FETCHERS.delete(local);

/** Programs whose output is a decoded form of their input. */
const DECODERS = new Set([
  'base64',
  'base32',
  'basenc',
  'gbase64',
  'xxd',
  'uudecode',
  'openssl',
  'gpg',
  'rev',
  'tr',
  'certutil',
  'ascii2uni',
  'base58',
  'recode',
]);

/** What a command prints: exactly where that can be said, else where it came from. */
export function commandOutput(facts: Facts, state: ShellState, runner: Runner): Stream {
  const files = facts.args.positionals
    .filter((word) => facts.name !== 'cat' || word.shape !== '-')
    .map((word) => runner.readFile(word, state));
  const reading = facts.spec?.positionals?.[0] === 'read' || facts.name === 'source';
  // What Windows' echo is given, it prints as it stands.
  const plain =
    facts.shell === 'bash'
      ? facts.words
      : facts.words.map((word) => ({
          ...word,
          shape: word.shape.replaceAll(STAR, '*').replaceAll(QUESTION, '?'),
        }));
  const known = staticOutput(facts.name, facts.args, plain, facts.stdin, reading ? files : []);
  let tags: Tags = known?.tags ?? 0;
  const listed = known?.text ?? listedNames(facts, state);
  for (const word of facts.words) tags |= word.tags & (Tag.network | Tag.secret | Tag.decoded);
  if (facts.simple.piped && reads(facts)) tags |= facts.stdin.tags;
  for (const ref of facts.reads) tags |= secrecy(ref);
  if (reading) for (const file of files) tags |= file.tags;
  if (facts.reads.some((ref) => /^\/dev\/(zero|u?random)$/.test(ref.shape))) tags |= Tag.noise;
  if (
    /^(tar|gtar|zip|cpio|7z|find)$/.test(facts.name) &&
    facts.name !== 'find' &&
    facts.reads.some((ref) => ref.classes.has('home') || ref.classes.has('root'))
  )
    tags |= Tag.secret;
  if (
    /^(printenv|env|gpg|security|secret-tool|pass|op|vault|history)$/.test(facts.name) &&
    revealsSecrets(facts)
  )
    tags |= Tag.secret;
  if (FETCHERS.has(facts.name) || facts.hosts.length > 0) tags |= Tag.network;
  // What a cloud tells its machines about themselves: the keys of their role.
  if (
    /169\.254\.169\.254|metadata\.google\.internal|169\.254\.170\.2/.test(facts.text) &&
    /credential|token|user-?data/.test(facts.text)
  )
    tags |= Tag.secret;
  if (decodes(facts)) tags |= Tag.decoded;
  if (everything(facts)) tags |= Tag.everything;
  if (/^(?:lsblk|df|blkid|findmnt|fdisk|sfdisk|parted|lshw|pvs|mount)$/.test(facts.name)) tags |= Tag.disk;
  if (narrows(facts)) tags &= ~Tag.everything;
  return { text: listed, tags };
}

/** Names that a command prints and that are known beforehand: where `find` starts, the folder itself. */
function listedNames(facts: Facts, state: ShellState): string | undefined {
  switch (facts.name) {
    case 'pwd':
    case 'get-location':
      return state.cwd === undefined ? undefined : `${state.cwd}\n`;
    case 'git':
      return /^rev-parse --show-toplevel$/.test(facts.text) ? `${state.place.workspace}\n` : undefined;
    case 'ls':
      return listed(facts, state);
    case 'cut':
      // Lines without a tab come out whole.
      return hasOption(facts.args, ['-d', '-c', '-b', '--delimiter']) || facts.stdin.text?.includes('\t')
        ? undefined
        : facts.stdin.text;
    case 'sort':
    case 'uniq':
      return facts.simple.piped && facts.args.positionals.length === 0 ? facts.stdin.text : undefined;
    case 'du':
    case 'tree':
      return facts.reads.length === 0 ? undefined : `${facts.reads.map((ref) => ref.shape).join('\n')}\n`;
    case 'locate':
    case 'plocate':
      return /^[*/.]*$/.test(guessOf(facts.args.positionals[0]) ?? 'x') ? '/\n' : undefined;
    case 'which':
    case 'type':
      return programPath(facts, facts.name === 'which' ? [] : ['-p', '-P']);
    case 'command':
      return programPath(facts, ['-v']);
    case 'pidof':
    case 'pgrep':
      return /(^|\s)(init|systemd|launchd|\.\*?)$|^-v\b|-u\s*(root|0)$/.test(facts.text) ? '1\n' : undefined;
    case 'where-object':
      // What is a file, or not hidden, is still nearly all of it.
      return /PSIsContainer|Attributes|-ne\s/.test(facts.simple.words.map((word) => word.raw).join(' '))
        ? facts.stdin.text
        : undefined;
    case 'join-path': {
      const [base, child] = facts.args.positionals.map(guessOf);
      return base === undefined || child === undefined ? undefined : `${base}\\${child}\n`;
    }
    case 'get-command':
    case 'get-alias': {
      const word = optionValue(facts.args, ['-name']) ?? facts.args.positionals[0];
      const name = word === undefined ? undefined : commandNamed(word.shape);
      return name === undefined ? undefined : `${name}\n`;
    }
    case 'crontab':
      // What is installed already is not this line's doing; what stands beside it is followed.
      return hasOption(facts.args, ['-l']) ? '' : undefined;
    case 'mktemp':
      // Some name below the folder for temporary files: the same for all that the line does with it.
      return '/tmp/tmp.unnamed\n';
    case 'find':
      // Unfiltered, everything below its starts is named; the starts stand for it.
      return facts.writes.length === 0 && !hasFilter(facts)
        ? `${facts.reads.map((ref) => ref.shape).join('\n')}\n`
        : undefined;
    case 'get-psdrive':
      return 'C:\\\n';
    case 'get-service':
    case 'get-process':
      return facts.args.positionals.length === 0
        ? undefined
        : `${facts.args.positionals.map((word) => word.shape).join('\n')}\n`;
    case 'get-childitem':
    case 'get-item':
      if (hasOption(facts.args, ['-filter', '-exclude'])) return undefined;
      if (!/^[*.\uE001]*$/.test(optionValue(facts.args, ['-include'])?.shape ?? '')) return undefined;
      return `${facts.reads.length === 0 ? '*' : facts.reads.map((ref) => `${ref.shape}\\*`).join('\n')}\n`;
    default:
      return undefined;
  }
}

/** `ls -d /*` prints what it is given; `ls /` prints names, which mean `*` to whoever stands in that folder. */
function listed(facts: Facts, state: ShellState): string | undefined {
  const { positionals } = facts.args;
  if (hasOption(facts.args, ['-d', '--directory']))
    return facts.reads.length === 0
      ? undefined
      : `${positionals.map((word) => word.shape.replaceAll(STAR, '*')).join('\n')}\n`;
  const here = positionals.length === 0 || (positionals.length === 1 && positionals[0]?.shape === '.');
  // Only where that folder is one of the system's; of a project's own, some of its files are meant.
  return here && state.cwd !== undefined && /^\/(?:etc|usr|bin|var|boot|home|root)?$/.test(state.cwd)
    ? `${state.cwd === '/' ? '' : state.cwd}/*\n`
    : undefined;
}

/** Where `which` finds a program; only for names, so that it can be followed as the program it is. */
function programPath(facts: Facts, options: readonly string[]): string | undefined {
  if (options.length > 0 && !hasOption(facts.args, options)) return undefined;
  const name = guessOf(facts.words.at(-1));
  return name !== undefined && /^[\w.+-]+$/.test(name) && !name.startsWith('-')
    ? `/usr/bin/${name}\n`
    : undefined;
}

/** The cmdlet that `Get-Command R*-It*m` or `gal iex` finds; of several, the one that can do most harm. */
function commandNamed(shape: string): string | undefined {
  if (!hasGlob(shape)) return canonicalName(shape, 'powershell');
  const worst = ['remove-item', 'invoke-expression', 'format-volume', 'clear-disk', 'stop-computer'];
  const lower = shape.toLowerCase();
  return [...worst, ...knownCmdlets()].find((name) => shapeMatches(lower, name));
}

/** All processes, all services: what a filter after it leaves is no longer all. */
function everything(facts: Facts): boolean {
  if (facts.name === 'ps')
    return (
      /^(?:-\w*[eA]\w*|-?a?u?x\w*|-?\w*ax\w*)(\s|$)/.test(facts.text) &&
      !/(^|\s)(-p|-C|-u|-U|--pid|--user|--ppid)\b/.test(facts.text)
    );
  if (facts.name === 'get-process' || facts.name === 'get-service')
    return facts.args.positionals.every((word) => word.shape === STAR) && facts.args.options.length === 0;
  return false;
}

const NARROWS = /^(?:grep|egrep|fgrep|rg|ag|head|tail|jq|where-object|select-object|sed|look|comm)$/;

function narrows(facts: Facts): boolean {
  if (NARROWS.test(facts.name)) return true;
  if (!/awk$/.test(facts.name)) return false;
  // `{print $2}` takes every line, and `NR>1` all but the heading.
  return !/^\s*(?:NR\s*[>!=]+\s*\d\s*)?\{/.test(guessOf(facts.args.positionals[0]) ?? '');
}

/** Whether its standard input can come out again: every program but those that only print. */
function reads(facts: Facts): boolean {
  return facts.spec?.kind !== 'printer' && !/^(true|:|cd|sleep|wait|export)$/.test(facts.name);
}

/** `printenv`, `gpg --export-secret-keys`, `pass show`: what they print is secret by itself. */
function revealsSecrets(facts: Facts): boolean {
  if (facts.name === 'printenv' || facts.name === 'env') return facts.words.length === 0;
  if (facts.name === 'gpg') return /--export-secret/.test(facts.text);
  if (facts.name === 'security') return /find-(generic|internet)-password|dump-keychain/.test(facts.text);
  return /\b(show|get|read|lookup|kv|item|list)\b/.test(facts.text) || facts.name === 'history';
}

function decodes(facts: Facts): boolean {
  if (!DECODERS.has(facts.name))
    return (
      facts.spec?.kind === 'interpreter' &&
      /b64decode|decode_base64|decode64|atob|fromhex|unhexlify|'base64'|"base64"|pack\s*\(?\s*['"]H|rot13|base64_decode/.test(
        facts.text,
      )
    );
  if (facts.name === 'tr') return !hasOption(facts.args, ['-d', '--delete', '-s', '--squeeze-repeats']);
  if (facts.name === 'rev' || facts.name === 'uudecode') return true;
  return (
    hasOption(facts.args, [
      '-d',
      '-D',
      '--decode',
      '-r',
      '-p',
      '--decrypt',
      '-decode',
      '/decode',
      '/decodehex',
    ]) || facts.words.some((word) => word.shape === '-d' || word.shape === '-r')
  );
}

/** Remembers what the command leaves in files, for the commands after it. */
export function remember(facts: Facts, state: ShellState): void {
  const put = (shape: string | undefined, content: Stream): void => {
    const full = shape === undefined ? undefined : resolvePath(shape, state.cwd, facts.shell);
    if (full !== undefined) state.files.set(full, content);
  };
  const fetched: Stream = { text: undefined, tags: Tag.network };
  if (facts.name === 'certutil' && /[-/]decode/i.test(facts.text)) {
    put(guessOf(facts.args.positionals.at(-1)), { text: undefined, tags: Tag.decoded });
    return;
  }
  switch (facts.name) {
    case 'curl':
    case 'wget':
    case 'wget2':
    case 'aria2c':
    case 'axel':
    case 'invoke-webrequest':
    case 'invoke-restmethod':
    case 'start-bitstransfer':
    case 'bitsadmin':
    case 'certutil':
    case 'scp':
    case 'rsync':
    case 'tftp':
    case 'ftp':
    case 'sftp':
    case 'lwp-download':
      for (const ref of facts.writes) put(ref.shape, fetched);
      for (const name of urlNames(facts)) put(name, fetched);
      if (facts.name === 'scp' || facts.name === 'rsync')
        for (const host of facts.hosts) put(/[^/:]+$/.exec(host)?.[0], fetched);
      if (/ftp$/.test(facts.name)) put(/\bget\s+(\S+)/.exec(facts.text)?.[1], fetched);
      return;
    case 'tee':
    case 'sponge':
    case 'tee-object':
    case 'out-file':
    case 'set-content':
      for (const ref of facts.writes)
        put(ref.shape, facts.name === 'set-content' ? contentOf(facts) : facts.stdin);
      return;
    case 'dd':
      if (facts.reads.length === 0) for (const ref of facts.writes) put(ref.shape, facts.stdin);
      return;
    case 'cp':
    case 'mv':
    case 'install':
    case 'ln':
    case 'move-item':
    case 'copy-item':
    case 'base64':
    case 'openssl': {
      const from = textOf(facts.args.positionals[0]) ?? facts.reads[0]?.shape;
      const full = from === undefined ? undefined : resolvePath(from, state.cwd, facts.shell);
      const content = full === undefined ? undefined : state.files.get(full);
      if (content !== undefined) for (const ref of facts.writes) put(ref.shape, content);
      return;
    }
    default:
  }
}

function contentOf(facts: Facts): Stream {
  const value = optionValue(facts.args, ['-value']) ?? facts.args.positionals[1];
  return value === undefined
    ? facts.simple.piped
      ? facts.stdin
      : NO_STREAM
    : { text: guessOf(value), tags: value.tags };
}

/** The names under which `curl -O` and plain `wget` keep what they fetch. */
function urlNames(facts: Facts): string[] {
  const names: string[] = [];
  for (const host of facts.hosts) {
    const name = /\/([^/?#]+)(?:[?#].*)?$/.exec(host.replace(/^[a-z]+:\/\//i, ''))?.[1];
    if (name !== undefined) names.push(name);
  }
  if (facts.name === 'curl' && !hasOption(facts.args, ['-O', '--remote-name', '--remote-name-all', '-J']))
    return [];
  const prefix = guessOf(optionValue(facts.args, ['-P', '--directory-prefix', '--output-dir', '-d']));
  return prefix === undefined ? names : names.map((name) => `${prefix}/${name}`);
}
