import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { EngineError } from '../model/error';
import type { PathGuard } from './path-guard';
import { decodeText } from './text-decoding';

const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_MATCHES = 501;
const MAX_COLUMNS = 300;
/** Where nobody's own text is; ripgrep leaves them out because of `.gitignore`. */
const HEAVY = ['node_modules', '.git', '.hg', '.svn'];
const SECRET = /^(?:\.env(?:\..*)?|\.ssh|\.aws|\.gnupg|\.netrc|id_rsa|id_ed25519)$/i;

/** What to look for. */
export interface WalkQuery {
  readonly query: string;
  readonly regex: boolean;
  readonly ignoreCase: boolean;
  /** Only files whose name matches. */
  readonly glob?: string | undefined;
}

/**
 * The search without ripgrep: plain text only, since an expression from outside can take for ever in
 * JavaScript. Links are not followed.
 */
export async function walkAndSearch(
  guard: PathGuard,
  root: string,
  args: WalkQuery,
  signal: AbortSignal,
): Promise<string[]> {
  if (args.regex) {
    throw new EngineError(
      'Searching with an expression needs ripgrep (rg) where commands run; search for plain text.',
    );
  }
  const needle = args.ignoreCase ? args.query.toLowerCase() : args.query;
  const found: string[] = [];
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const held = await guard.holdFolder(folder);
    const entries = await readdir(held.self, { withFileTypes: true }).finally(() => held.close());
    entries.sort((a, b) => (a.name < b.name ? 1 : -1));
    const files = entries.filter((entry) => entry.isFile()).reverse();
    for (const entry of entries) {
      if (entry.isDirectory() && !HEAVY.includes(entry.name) && !SECRET.test(entry.name)) {
        pending.push(join(folder, entry.name));
      }
    }
    for (const { name } of files) {
      if (signal.aborted) throw new EngineError('The search was stopped.');
      if (SECRET.test(name) || (args.glob !== undefined && !nameMatches(args.glob, name))) continue;
      const path = join(folder, name);
      const shown = relative(root, path).split(sep).join('/');
      const text = await textOf(guard, path);
      for (const [at, line] of text.split('\n').entries()) {
        if (!(args.ignoreCase ? line.toLowerCase() : line).includes(needle)) continue;
        found.push(`${shown}:${at + 1}:${line.slice(0, MAX_COLUMNS)}`);
        if (found.length >= MAX_MATCHES) return found;
      }
    }
  }
  return found;
}

async function textOf(guard: PathGuard, path: string): Promise<string> {
  try {
    const file = await guard.openFile(path);
    try {
      if ((await file.stat()).size > MAX_FILE_BYTES) return '';
      return decodeText(await file.readFile(), false)?.text ?? '';
    } finally {
      await file.close();
    }
  } catch {
    // Gone or closed meanwhile: a search passes over what it cannot read.
    return '';
  }
}

/** `*` for any run of characters, `?` for one; linear, without a regular expression. */
export function nameMatches(glob: string, name: string): boolean {
  let g = 0;
  let n = 0;
  let star = -1;
  let mark = 0;
  while (n < name.length) {
    if (glob[g] === '*') {
      star = g++;
      mark = n;
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === name[n])) {
      g++;
      n++;
    } else if (star >= 0) {
      g = star + 1;
      n = ++mark;
    } else return false;
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}
