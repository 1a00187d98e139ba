import { wildcardMatch } from './wildcard';

/** Characters that HFS+ ignores in names, so that `.g\u200cit` is `.git` there (CVE-2014-9390). */
const IGNORABLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/**
 * A path as the parts between its separators, folded so that every spelling that some file system takes for
 * the same name is one: NFC, lower case, no invisible characters, no trailing dots and spaces or `:stream`
 * (NTFS), `git~1` as `.git`; `.` dropped and `..` applied. Both slashes separate. For *denying*: folding may
 * take two names for one, never the other way round.
 */
export function foldSegments(path: string): readonly string[] {
  const result: string[] = [];
  for (const raw of path.split(/[/\\]/)) {
    if (raw === '' || raw === '.') continue;
    if (raw === '..') {
      result.pop();
      continue;
    }
    const folded = foldSegment(raw);
    if (folded !== '') result.push(folded);
  }
  return result;
}

function foldSegment(raw: string): string {
  let text = raw.toLowerCase();
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) {
      text = text.normalize('NFC').replace(IGNORABLE, '');
      break;
    }
  }
  const colon = text.indexOf(':', 2);
  if (colon > 0) text = text.slice(0, colon);
  while (text.endsWith('.') || text.endsWith(' ')) text = text.slice(0, -1);
  return text === 'git~1' ? '.git' : text;
}

/** A path as its parts, exactly as written but for `.` and `..`; for grants and for "inside". */
export function exactSegments(path: string): readonly string[] {
  const result: string[] = [];
  const windows = isWindowsAbsolute(path);
  for (const raw of windows ? path.split(/[/\\]/) : path.split('/')) {
    if (raw === '' || raw === '.') continue;
    if (raw === '..') result.pop();
    else result.push(windows ? raw.toLowerCase() : raw);
  }
  return result;
}

function isWindowsAbsolute(path: string): boolean {
  return /^[a-zA-Z]:[/\\]/.test(path) || path.startsWith('\\\\');
}

export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || isWindowsAbsolute(path);
}

/** True when `path` is `folder` or below it; both as segments. */
export function isWithin(path: readonly string[], folder: readonly string[]): boolean {
  if (path.length < folder.length) return false;
  for (let i = 0; i < folder.length; i++) if (path[i] !== folder[i]) return false;
  return true;
}

/** `~` and relative paths made absolute, without looking at the disk. */
export function absolutePath(path: string, cwd: string, home: string): string {
  if (path === '~') return home;
  if (path.startsWith('~/') || path.startsWith('~\\')) return `${home}/${path.slice(2)}`;
  return isAbsolutePath(path) ? path : `${cwd}/${path}`;
}

/** A glob over path segments: `*` within one, `**` over any number. Made once, matched often. */
export interface PathGlob {
  readonly source: string;
  readonly segments: readonly string[];
  readonly folded: readonly string[];
}

/**
 * Compiles a glob. Relative ones start at `root` (the workspace), `~/…` at `home`; a glob without a slash
 * matches that name at any depth below `root`, as in `.gitignore`.
 */
export function compileGlob(source: string, root: string, home: string): PathGlob {
  let text = source.trim();
  if (text.startsWith('./')) text = text.slice(2);
  const anywhere = !/[/\\]/.test(text) && text !== '~' && text !== '**';
  const absolute = absolutePath(anywhere ? `**/${text}` : text, root, home);
  return { source, segments: exactSegments(absolute), folded: foldSegments(absolute) };
}

/** For rules that tighten: folds names, and a folder that is matched covers what is in it. */
export function globCovers(glob: PathGlob, folded: readonly string[]): boolean {
  return matchSegments(glob.folded, folded, true);
}

/** For what lets something through: names as written, nothing below unless the glob says `**`. */
export function globMatchesExactly(glob: PathGlob, segments: readonly string[]): boolean {
  return matchSegments(glob.segments, segments, false);
}

/** As `globMatchesExactly`, but a glob without a `*` is a folder or file with all that is in it. */
export function globAdmits(glob: PathGlob, segments: readonly string[]): boolean {
  return (
    globMatchesExactly(glob, segments) || (!glob.source.includes('*') && isWithin(segments, glob.segments))
  );
}

function matchSegments(pattern: readonly string[], path: readonly string[], below: boolean): boolean {
  // Greedy with one point of return, like `wildcardMatch`: `**` is the star, a segment the character.
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < path.length) {
    const part = pattern[p];
    if (part === '**') {
      star = p++;
      mark = t;
    } else if (
      part !== undefined &&
      (part === path[t] || (part.includes('*') && wildcardMatch(part, path[t] ?? '')))
    ) {
      p++;
      t++;
      if (below && p === pattern.length) return true;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === '**') p++;
  return p === pattern.length;
}

/** Names that are not files, whatever the folder: reading or writing them touches nothing. */
export function isNoFile(path: string): boolean {
  return (
    path === '-' ||
    path === '/dev/null' ||
    path === '/dev/zero' ||
    path === '/dev/tty' ||
    path === '/dev/stdin' ||
    path === '/dev/stdout' ||
    path === '/dev/stderr' ||
    path.startsWith('/dev/fd/') ||
    path.toLowerCase() === 'nul' ||
    path.toLowerCase() === '$null'
  );
}
