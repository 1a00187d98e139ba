import type { Shell } from '../model/analysis';
import { canonicalName, specOf } from './programs';
import { guessOf, hasGlob, hasUnknown, shapeMatches, textOf, UNKNOWN, type Value } from './value';

/** Which program the first word of a command starts. */
export interface Resolved {
  /** Canonical name, or undefined when only the run will tell. */
  readonly name: string | undefined;
  /** Found on the PATH or in a system folder under this very name; not `./git`, not `r?`, not `$x`. */
  readonly genuine: boolean;
  /** Given with a path that is not a system folder's. */
  readonly path: string | undefined;
}

const SYSTEM_BIN =
  /^(\/usr)?(\/local)?\/s?bin\/|^\/opt\/homebrew\/bin\/|^[a-z]:[\\/]windows[\\/](system32|syswow64)([\\/](wbem|openssh|windowspowershell[\\/]v1\.0))?[\\/](?!.*[\\/])|^\/system\/bin\//i;

/** What a disguised name is held against: `/b?n/r?`, `r$x$y -rf`. */
const DISGUISED = [
  'rm',
  'dd',
  'mkfs',
  'shred',
  'chmod',
  'chown',
  'sudo',
  'su',
  'doas',
  'bash',
  'sh',
  'zsh',
  'dash',
  'curl',
  'wget',
  'nc',
  'ncat',
  'python',
  'python3',
  'perl',
  'ruby',
  'mv',
  'find',
  'kill',
  'pkill',
  'killall',
  'shutdown',
  'reboot',
  'halt',
  'poweroff',
  'wipefs',
  'fdisk',
  'iptables',
  'crontab',
  'passwd',
  'useradd',
  'insmod',
  'cp',
  'tee',
  'cat',
  'eval',
];

export function resolveProgram(word: Value, shell: Shell): Resolved {
  const guess = guessOf(word);
  if (guess === undefined) return { name: disguise(word.shape, shell), genuine: false, path: undefined };
  const certain = textOf(word) !== undefined;
  const separators = shell === 'bash' ? /\// : /[\\/]/;
  if (!separators.test(guess)) {
    const name = canonicalName(guess, shell);
    if (specOf(name, shell) !== undefined) return { name, genuine: certain, path: undefined };
    // macOS finds /bin/RM under any case.
    const lower = canonicalName(guess.toLowerCase(), shell);
    if (lower !== name && specOf(lower, shell) !== undefined)
      return { name: lower, genuine: false, path: undefined };
    return { name, genuine: certain, path: undefined };
  }
  const base = canonicalName(guess.slice(guess.search(/[^\\/]*$/)), shell);
  const climbs = /(?:^|[\\/])\.\.(?:[\\/]|$)/.test(guess);
  const system = !climbs && SYSTEM_BIN.test(guess.replace(/\/{2,}/g, '/').replaceAll('/./', '/'));
  return { name: base, genuine: certain && system, path: system ? undefined : guess };
}

function disguise(shape: string, shell: Shell): string | undefined {
  const last = shape.slice(shape.lastIndexOf('/') + 1);
  if (hasUnknown(shape)) {
    // An unset variable is nothing at all: `r${x}m`.
    const without = last.replaceAll(UNKNOWN, '');
    const name = canonicalName(without, shell);
    return without !== '' && DISGUISED.includes(name) ? name : undefined;
  }
  if (!hasGlob(last)) return DISGUISED.includes(last) ? last : undefined;
  if (!shape.includes('/')) return undefined;
  return DISGUISED.find((name) => shapeMatches(last, name));
}
