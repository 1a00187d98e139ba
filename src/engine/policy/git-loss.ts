import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { AnalysedCommand } from '../model/analysis';
import { gitEnvironment } from '../sandbox/git-environment';

/** Work that a git command would make hard or impossible to find again. */
export interface GitLoss {
  /** Commits that no branch, tag or remote would still name. */
  readonly commits: number;
  /** Files with changes that are in no commit. */
  readonly changedFiles: readonly string[];
  readonly stashes: number;
}

export interface GitLossOptions {
  readonly cwd: string;
  /** Milliseconds left for all of it together. */
  readonly timeLimitMs: number;
  readonly signal?: AbortSignal;
}

/** Most that is read of one answer of git: names of some ten thousand files. */
const MAX_OUTPUT = 1024 * 1024;

/**
 * Asks git, reading only, what `command` would lose; undefined when it is not a git command that loses work,
 * or git does not answer in time. Only plumbing that looks at objects and file times is used: `status` and
 * `diff` would run the repository's own filters.
 */
export async function gitLoss(
  command: AnalysedCommand,
  options: GitLossOptions,
): Promise<GitLoss | undefined> {
  const { argv } = command;
  if (command.program !== 'git' || argv === undefined) return undefined;
  const { sub, rest, folder } = subcommand(argv);
  if (!LOSES.has(sub)) return undefined;
  const cwd = folder === undefined ? options.cwd : resolve(options.cwd, folder);
  const ask = await harmlessGit({ ...options, cwd });
  if (ask === undefined) return undefined;
  const has = (...flags: string[]): boolean => rest.some((word) => flags.includes(word));
  const names = rest.filter((word) => !word.startsWith('-'));
  switch (sub) {
    case 'reset':
      return has('--hard') ? resetLoss(ask, names[0] ?? 'HEAD') : undefined;
    case 'checkout':
    case 'switch':
      // Without one of these git itself refuses to write over changes.
      if (!has('--', '.', '-f', '--force', '--discard-changes')) return undefined;
      return { commits: 0, changedFiles: await changed(ask, pathsOf(rest)), stashes: 0 };
    case 'restore':
      return { commits: 0, changedFiles: await changed(ask, pathsOf(rest)), stashes: 0 };
    case 'clean':
      return { commits: 0, changedFiles: await untracked(ask, rest), stashes: 0 };
    case 'push':
      return pushLoss(ask, rest);
    case 'branch':
      return has('-D', '-d', '--delete') ? branchLoss(ask, names) : undefined;
    case 'stash':
      return stashLoss(ask, names);
    default:
      return undefined;
  }
}

/** Subcommands that can lose work. */
const LOSES = new Set(['reset', 'checkout', 'switch', 'restore', 'clean', 'push', 'branch', 'stash']);

type Ask = (args: readonly string[]) => Promise<string | undefined>;

/** Options of git itself that take a value as the next word. */
const VALUED = new Set(['-c', '--git-dir', '--work-tree', '--namespace', '--exec-path', '--config-env']);

function subcommand(argv: readonly string[]): { sub: string; rest: readonly string[]; folder?: string } {
  let at = 1;
  let folder: string | undefined;
  while (at < argv.length && argv[at]?.startsWith('-')) {
    if (argv[at] === '-C') folder = argv[at + 1];
    at += argv[at] === '-C' || VALUED.has(argv[at] ?? '') ? 2 : 1;
  }
  const base = { sub: argv[at] ?? '', rest: argv.slice(at + 1) };
  return folder === undefined ? base : { ...base, folder };
}

/** What follows `--`, or nothing: without it a word may as well be a branch. */
function pathsOf(rest: readonly string[]): readonly string[] {
  const dashes = rest.indexOf('--');
  return dashes < 0 ? [] : rest.slice(dashes + 1);
}

async function resetLoss(ask: Ask, target: string): Promise<GitLoss | undefined> {
  const commits = await count(ask, [`HEAD`, '--not', target, '--exclude=HEAD', '--remotes', '--tags']);
  if (commits === undefined) return undefined;
  return { commits, changedFiles: await changed(ask, []), stashes: 0 };
}

async function pushLoss(ask: Ask, rest: readonly string[]): Promise<GitLoss | undefined> {
  const forced = rest.some(
    (word) => /^(-f|--force|--force-with-lease.*|--mirror)$/.test(word) || word.startsWith('+'),
  );
  if (!forced) return undefined;
  // As it was last fetched: the remote is not contacted.
  const commits = await count(ask, ['@{upstream}', '--not', 'HEAD']);
  return commits === undefined ? undefined : { commits, changedFiles: [], stashes: 0 };
}

async function branchLoss(ask: Ask, branches: readonly string[]): Promise<GitLoss | undefined> {
  let commits = 0;
  for (const branch of branches) {
    const own = await count(ask, [
      `refs/heads/${branch}`,
      '--not',
      `--exclude=${branch}`,
      '--branches',
      '--remotes',
      '--tags',
    ]);
    if (own === undefined) return undefined;
    commits += own;
  }
  return { commits, changedFiles: [], stashes: 0 };
}

async function stashLoss(ask: Ask, names: readonly string[]): Promise<GitLoss | undefined> {
  if (names[0] !== 'drop' && names[0] !== 'clear') return undefined;
  const list = await ask(['rev-list', '--walk-reflogs', '--count', 'refs/stash', '--']);
  const stashes = list === undefined ? 0 : Number.parseInt(list, 10) || 0;
  return { commits: 0, changedFiles: [], stashes: names[0] === 'drop' ? Math.min(1, stashes) : stashes };
}

async function count(ask: Ask, revisions: readonly string[]): Promise<number | undefined> {
  const text = await ask(['rev-list', '--count', ...revisions, '--']);
  const number = text === undefined ? Number.NaN : Number.parseInt(text, 10);
  return Number.isNaN(number) ? undefined : number;
}

async function changed(ask: Ask, paths: readonly string[]): Promise<readonly string[]> {
  const options = ['--name-only', '-z', '--ignore-submodules=all', '--no-ext-diff', '--no-textconv'];
  const worktree = await ask(['diff-files', ...options, '--', ...paths]);
  const index = await ask(['diff-index', '--cached', ...options, 'HEAD', '--', ...paths]);
  return [...new Set([...list(worktree), ...list(index)])];
}

async function untracked(ask: Ask, rest: readonly string[]): Promise<readonly string[]> {
  const letters = rest.filter((word) => /^-[a-zA-Z]+$/.test(word)).join('');
  const ignored = /x/i.test(letters) ? [] : ['--exclude-standard'];
  return list(await ask(['ls-files', '--others', '-z', ...ignored, '--', ...pathsOf(rest)]));
}

function list(text: string | undefined): readonly string[] {
  return (text ?? '').split('\0').filter((name) => name !== '');
}

/**
 * Git with the repository's filters switched off too. To tell whether a file that was written in the same
 * instant as the index has changed, even `diff-files` compares contents, and for that runs `filter.*.clean`.
 * Undefined when the names of the filters cannot be had.
 */
async function harmlessGit(options: GitLossOptions): Promise<Ask | undefined> {
  const end = performance.now() + options.timeLimitMs;
  const hardened = gitEnvironment();
  const names = await run(
    ['config', '--includes', '--null', '--name-only', '--get-regexp', '^filter\\.'],
    options,
    end,
    hardened,
  );
  // 1 is git's way to say that there is none.
  if (names.code !== 0 && names.code !== 1) return undefined;
  const keys = list(names.text).map(
    (key) => [key, key.toLowerCase().endsWith('.required') ? 'false' : ''] as const,
  );
  const env = { ...hardened };
  const from = Number(hardened.GIT_CONFIG_COUNT ?? 0);
  env.GIT_CONFIG_COUNT = String(from + keys.length);
  keys.forEach(([key, value], at) => {
    env[`GIT_CONFIG_KEY_${from + at}`] = key;
    env[`GIT_CONFIG_VALUE_${from + at}`] = value;
  });
  return async (args) => {
    const { code, text } = await run(args, options, end, env);
    return code === 0 ? text : undefined;
  };
}

interface Answer {
  /** Null when it was ended or could not be started. */
  readonly code: number | null;
  readonly text: string;
}

/** Runs git with no protocol allowed and nothing inherited but where programs are. Never rejects. */
function run(
  args: readonly string[],
  { cwd, signal }: GitLossOptions,
  end: number,
  hardened: Readonly<Record<string, string>>,
): Promise<Answer> {
  return new Promise((done) => {
    const left = Math.floor(end - performance.now());
    if (left <= 0 || signal?.aborted) {
      done({ code: null, text: '' });
      return;
    }
    const child = spawn('git', ['--no-pager', '--no-optional-locks', '--literal-pathspecs', ...args], {
      cwd,
      env: {
        PATH: process.env.PATH ?? '',
        ...(process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot }),
        ...hardened,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
        GIT_ALLOW_PROTOCOL: 'none',
        GIT_NO_LAZY_FETCH: '1',
        NoDefaultCurrentDirectoryInExePath: '1',
        LC_ALL: 'C',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: left,
      killSignal: 'SIGKILL',
      windowsHide: true,
      ...(signal === undefined ? {} : { signal }),
    });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_OUTPUT) child.kill('SIGKILL');
    });
    child.on('error', () => done({ code: null, text: '' }));
    child.on('close', (code) => done({ code, text }));
  });
}
