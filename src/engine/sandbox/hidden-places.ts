import { accessSync, constants, lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isWithin } from './environment';

/**
 * What a sandboxed command sees of a home: nothing but these, read-only. A list of what to show fails closed
 * where a list of secrets would miss the next one.
 */
const HOME_TOOLS = [
  '.gitconfig',
  '.config/git',
  '.local/bin',
  '.local/lib',
  '.local/share/fnm',
  '.local/share/pnpm',
  '.local/share/mise',
  '.local/share/uv',
  '.nvm',
  '.volta',
  '.fnm',
  '.asdf',
  '.pyenv',
  '.rbenv',
  '.rustup',
  '.cargo/bin',
  '.cargo/env',
  '.cargo/registry',
  '.cargo/git',
  'go/bin',
  'go/pkg',
  '.sdkman/candidates',
  '.deno/bin',
  '.bun/bin',
  '.m2/repository',
  '.gradle/wrapper',
  '.dotnet/tools',
  '.nuget/packages',
  '.cache/ms-playwright',
  '.cache/node-gyp',
];

/** Empty inside, and gone afterwards. `/run` holds the sockets of D-Bus, Docker and the agents. */
const EMPTIED = ['/tmp', '/var/tmp', '/run', '/home', '/mnt', '/media'];

/** Of the system's own files, those that a person may read when everything runs as root, and none needs. */
const SYSTEM_SECRETS = [
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/sudoers',
  '/etc/sudoers.d',
];

/** What the file system of a sandbox looks like, worked out once and used for many runs. */
export interface HiddenPlaces {
  /** Real paths of folders that are empty inside. */
  readonly emptied: readonly string[];
  /** Real path of the home, to be made where its parent is empty: programs expect it to be there. */
  readonly home: string | undefined;
  /** Real paths under an emptied folder that are shown again, read-only. */
  readonly shown: readonly string[];
  /** Real paths of files that read as empty inside. */
  readonly blanked: readonly string[];
}

export interface HiddenPlacesInput {
  readonly home: string;
  /** Folders of PATH, absolute. */
  readonly path: readonly string[];
  /** The engine's storage, the editor's user data, and what the user adds; absolute. */
  readonly hidden: readonly string[];
  /** Absolute: what the user lets commands read although it is hidden by default. */
  readonly exceptions: readonly string[];
}

/** Looks at this machine. Synchronous and short: some fifty names. */
export function findHiddenPlaces(input: HiddenPlacesInput): HiddenPlaces {
  const home = real(input.home);
  const emptied = new Set<string>();
  const blanked = new Set<string>();
  for (const path of [
    ...EMPTIED,
    ...(home === undefined ? [] : [home]),
    ...input.hidden,
    ...SYSTEM_SECRETS,
  ]) {
    const found = real(path);
    if (found === undefined || found === '/') continue;
    if (statSync(found).isDirectory()) emptied.add(found);
    else if (mayRead(found)) blanked.add(found);
  }
  const always = new Set(input.hidden.flatMap((path) => real(path) ?? []));
  const top = [...emptied].filter(
    (path) => always.has(path) || ![...emptied].some((other) => other !== path && isWithin(other, path)),
  );
  const shown = new Set<string>();
  const tools = home === undefined ? [] : HOME_TOOLS.map((name) => join(home, name));
  const folders = input.path.map((folder) => (dirname(folder) === home ? folder : toolRoot(folder, home)));
  for (const path of [...tools, ...folders, ...input.exceptions]) {
    const found = real(path);
    if (found === undefined || found === home || ![...emptied].some((folder) => isWithin(folder, found)))
      continue;
    if (![...always].some((folder) => isWithin(folder, found) || isWithin(found, folder))) shown.add(found);
  }
  return {
    emptied: top.sort(),
    home,
    shown: [...shown].filter((path) => !isInOther(path, shown)).sort(),
    blanked: [...blanked].filter((path) => !isInOther(path, new Set(top))).sort(),
  };
}

/** `~/.nvm/versions/node/v24/bin` needs the `lib` beside its `bin`. */
function toolRoot(folder: string, home: string | undefined): string {
  const parent = dirname(folder);
  return /\/bin$/.test(folder) && home !== undefined && dirname(parent) !== home && parent !== home
    ? parent
    : folder;
}

function isInOther(path: string, all: ReadonlySet<string>): boolean {
  return [...all].some((other) => other !== path && isWithin(other, path));
}

function real(path: string): string | undefined {
  try {
    lstatSync(path);
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
