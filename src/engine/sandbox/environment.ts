import { realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, relative, resolve } from 'node:path';
import { gitEnvironment } from './git-environment';

/** Names that a child inherits from the host, besides `LC_*`. Nothing else passes unless the user lists it. */
const INHERITED = ['HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', 'TZ'];
/** What Windows programs cannot start without. */
const INHERITED_WINDOWS = [
  'SystemRoot',
  'SystemDrive',
  'ComSpec',
  'PATHEXT',
  'USERPROFILE',
  'USERNAME',
  'TEMP',
  'TMP',
  'ProgramFiles',
  'ProgramData',
  'NUMBER_OF_PROCESSORS',
  'PROCESSOR_ARCHITECTURE',
];
/** Never set for a child, listed or not: each makes a shell, the linker or git run code or misread words. */
const NEVER =
  /^(?:LD_.*|DYLD_.*|BASH_ENV|ENV|BASH_FUNC_.*|SHELLOPTS|BASHOPTS|IFS|PS4|PROMPT_COMMAND|CDPATH|GLOBIGNORE|GIT_.*|COWORK_.*|PATH)$/i;

const STANDARD_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Looking at every folder of PATH costs more than starting a shell. */
const PATH_KEPT_MS = 10_000;
let lastPath: { key: string; at: number; folders: readonly string[] } | undefined;

export interface EnvironmentInput {
  readonly host: Readonly<Record<string, string | undefined>>;
  readonly workspace: string;
  /** Names to values, as the user lists them. */
  readonly listed: Readonly<Record<string, string>>;
  readonly platform: NodeJS.Platform;
}

/** True when `path` is `folder` or lies in it; both absolute. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

/**
 * Folders where a child looks for programs: those of the host's PATH that are absolute, exist, lie outside the
 * workspace and cannot be written by everyone, then the system's own. An agent that can write into a folder
 * of PATH decides what `git` means.
 */
export function commandPath(hostPath: string, workspace: string, platform: NodeJS.Platform): string[] {
  const key = [platform, workspace, hostPath].join('\0');
  if (lastPath?.key === key && performance.now() - lastPath.at < PATH_KEPT_MS) return [...lastPath.folders];
  const folders = findFolders(hostPath, workspace, platform);
  lastPath = { key, at: performance.now(), folders };
  return [...folders];
}

function findFolders(hostPath: string, workspace: string, platform: NodeJS.Platform): string[] {
  const real = realOr(workspace);
  const standard = platform === 'win32' ? [] : STANDARD_PATH;
  const kept = new Set<string>();
  for (const entry of [...hostPath.split(delimiter), ...standard]) {
    if (!isAbsolute(entry) || entry.includes('\0')) continue;
    const target = realOr(resolve(entry));
    if (isWithin(real, target) || isWithin(workspace, resolve(entry))) continue;
    if (isSafeFolder(target, platform)) kept.add(resolve(entry));
  }
  return [...kept];
}

/**
 * The whole environment of a child; the host's own is never passed on. `refused` has the listed names that
 * are not variables or that would let a variable run code.
 */
export function childEnvironment(input: EnvironmentInput): {
  env: Record<string, string>;
  refused: string[];
} {
  const { host, listed, platform } = input;
  const env: Record<string, string> = {};
  const names = platform === 'win32' ? [...INHERITED, ...INHERITED_WINDOWS] : INHERITED;
  for (const [name, value] of Object.entries(host)) {
    if (value !== undefined && (names.includes(name) || /^LC_[A-Z]+$/.test(name))) env[name] = value;
  }
  const refused: string[] = [];
  for (const [name, value] of Object.entries(listed)) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !NEVER.test(name)) env[name] = value;
    else refused.push(name);
  }
  env.PATH = commandPath(host.PATH ?? host.Path ?? '', input.workspace, platform).join(delimiter);
  // There is no terminal behind it: programs that ask get no colours, no pager and no prompt.
  env.TERM = 'dumb';
  env.PAGER = 'cat';
  env.NO_COLOR ??= '1';
  return { env: { ...env, ...gitEnvironment() }, refused };
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isSafeFolder(path: string, platform: NodeJS.Platform): boolean {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return false;
    return platform === 'win32' || (stat.mode & 0o002) === 0;
  } catch {
    return false;
  }
}
