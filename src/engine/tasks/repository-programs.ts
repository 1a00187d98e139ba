import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { AnalysedCommand, CommandAnalysis, GuardFinding } from '../model/analysis';

/**
 * Keys of git-config(1) whose value is a program that ordinary commands start, and that the environment of commands
 * cannot outrank because part of their name varies; sections that bring others in or give programs new names.
 */
const PROGRAM_KEY =
  /^(?:\s*\[[^\]\n]*\])?\s*(?:clean|smudge|process|textconv|command|external|driver|helper|uploadpack|receivepack|vcs|gitproxy|cmd|program|browser|defaultkeycommand|packobjectshook)\s*=/im;
const OPEN_SECTION = /^\s*\[\s*(?:include|includeif|alias|hook)\b/im;
const UPDATE_COMMAND = /^\s*update\s*=\s*["']?\s*!/im;

/** Bytes; a longer configuration is not read, and counts as one that names programs. */
const MAX_CONFIG = 256 * 1024;

/** What is added to an analysis: such a command is asked about, whatever is trusted. */
const FINDING: GuardFinding = {
  ruleId: 'git.repository-programs',
  severity: 'ask',
  title: 'The repository names programs for git to run',
  explanation:
    'Its configuration sets a filter, a converter or the like, which git would start even to look at a file, and no sandbox keeps it from anything here.',
  saferAlternative: 'look into .git/config first, or use a sandbox that isolates commands',
};

/**
 * The analysis of a command that runs without isolation, with a finding when git would start programs that a
 * repository names. Where it cannot be told in which repository git would run, it is taken for such a one (law 4).
 */
export async function withRepositoryPrograms(
  analysis: CommandAnalysis,
  cwd: string,
): Promise<CommandAnalysis> {
  const folders = gitFolders(analysis, cwd);
  if (folders === undefined)
    return { ...analysis, findings: [...analysis.findings, FINDING], autoApprovable: false };
  for (const folder of folders) {
    if (!(await namesPrograms(folder))) continue;
    return { ...analysis, findings: [...analysis.findings, FINDING], autoApprovable: false };
  }
  return analysis;
}

/** Where git may start; undefined when that cannot be told. Empty when there is no git in it. */
function gitFolders(analysis: CommandAnalysis, cwd: string): readonly string[] | undefined {
  if (!analysis.commands.some(isGit)) return [];
  const folders = new Set([cwd]);
  let here = cwd;
  for (const command of analysis.commands) {
    const { argv, program } = command;
    if (program === 'cd' || program === 'pushd') {
      const target = argv?.at(-1);
      if (argv?.length !== 2 || target === undefined || target.startsWith('-')) return undefined;
      here = resolve(here, target);
      folders.add(here);
    } else if (program === 'popd') return undefined;
    if (!isGit(command)) continue;
    if (argv === undefined) return undefined;
    if (argv.some((word) => /^--(?:git-dir|work-tree|exec-path)/.test(word))) return undefined;
    const at = argv.indexOf('-C');
    const target = at < 0 ? undefined : argv[at + 1];
    if (at >= 0 && (target === undefined || argv.indexOf('-C', at + 1) >= 0)) return undefined;
    // A change of folder in a subshell may or may not hold here: both places count.
    if (target !== undefined) for (const base of [...folders]) folders.add(resolve(base, target));
  }
  return [...folders];
}

function isGit({ program, words }: AnalysedCommand): boolean {
  return program === 'git' || /(?:^|\/)git(?:\.exe)?$/.test(words[0]?.text ?? '');
}

/** Looks upwards for the repository of a folder, as git does. */
async function namesPrograms(folder: string): Promise<boolean> {
  let at: string;
  try {
    at = await realpath(folder);
  } catch {
    return false; // There is nothing, so git cannot start there.
  }
  for (;;) {
    const found = await configsOf(join(at, '.git'));
    if (found !== undefined) return (await Promise.all(found.map(isProgramConfig))).some(Boolean);
    const above = dirname(at);
    if (above === at) return false;
    at = above;
  }
}

/** The configuration files of a repository; undefined when this is none. */
async function configsOf(gitPath: string): Promise<readonly string[] | undefined> {
  const found = await stat(gitPath).catch(() => undefined);
  if (!found) return undefined;
  let folder = gitPath;
  if (found.isFile()) {
    const [, target] = /^gitdir: (.+)$/m.exec(await readFile(gitPath, 'utf8').catch(() => '')) ?? [];
    if (target === undefined) return undefined;
    folder = resolve(dirname(gitPath), target.trim());
  }
  const common = (await readFile(join(folder, 'commondir'), 'utf8').catch(() => '.')).trim();
  const shared = isAbsolute(common) ? common : resolve(folder, common);
  return [
    ...new Set([join(shared, 'config'), join(shared, 'config.worktree'), join(folder, 'config.worktree')]),
  ];
}

async function isProgramConfig(path: string): Promise<boolean> {
  try {
    const { size } = await stat(path);
    if (size > MAX_CONFIG) return true;
    const text = await readFile(path, 'utf8');
    // A line may go on after a backslash: `cl\<newline>ean` is no key, but a value may hide behind one.
    return PROGRAM_KEY.test(text) || OPEN_SECTION.test(text) || UPDATE_COMMAND.test(text);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
