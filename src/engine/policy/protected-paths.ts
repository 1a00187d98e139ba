import { absolutePath, foldSegments, isWithin } from './paths';
import { wildcardMatch } from './wildcard';

export type PathAccess = 'read' | 'write' | 'delete';

/**
 * Files that let an agent write tonight what a person, the editor or a server runs tomorrow, and files whose
 * content is a credential. `write` entries may be read; `read` entries may be neither read nor written.
 * `anchor`: `any` matches at every depth, so nested and not-yet-existing ones too; `home` and `root` only there.
 */
interface ProtectedEntry {
  readonly pattern: string;
  readonly anchor: 'any' | 'home' | 'root';
  readonly access: 'write' | 'read';
  readonly name: string;
}

const group = (
  access: 'write' | 'read',
  anchor: 'any' | 'home' | 'root',
  name: string,
  patterns: string,
): readonly ProtectedEntry[] =>
  patterns
    .split(/\s+/)
    .filter((pattern) => pattern !== '')
    .map((pattern) => ({ pattern: pattern.replaceAll('%', ' '), anchor, access, name }));

/** A `%` stands for a space inside a name. A pattern covers what is below it. */
const ENTRIES: readonly ProtectedEntry[] = [
  // What git runs or obeys. `.git` itself may be a file that points to another repository's folder.
  ...group('write', 'any', 'git configuration and hooks', '.git/config .git/config.worktree .git/hooks'),
  ...group('write', 'any', 'git configuration and hooks', '.git/info/attributes .git/modules .git/worktrees'),
  ...group('write', 'home', 'git configuration and hooks', '.gitconfig .config/git'),
  // What the editor runs when the folder is opened.
  ...group('write', 'any', 'editor settings and tasks', '.vscode .devcontainer *.code-workspace'),
  ...group('write', 'any', 'policy of this product', '.cowork'),
  ...group('write', 'any', 'tool servers started by assistants', '.mcp.json .claude .cursor/mcp.json'),
  ...group('write', 'any', 'environment file', '.env* .envrc'),
  // What a shell runs when it starts.
  ...group(
    'write',
    'any',
    'shell start-up file',
    '.bashrc .bash_profile .bash_login .bash_logout .bash_aliases',
  ),
  ...group(
    'write',
    'any',
    'shell start-up file',
    '.profile .zshrc .zshenv .zprofile .zlogin .zlogout .kshrc',
  ),
  ...group('write', 'any', 'shell start-up file', '.cshrc .tcshrc .inputrc .xprofile .xinitrc .xsession'),
  ...group('write', 'any', 'shell start-up file', 'Microsoft.PowerShell_profile.ps1'),
  ...group(
    'write',
    'home',
    'shell start-up file',
    '.login .config/fish .config/powershell .config/autostart',
  ),
  ...group(
    'write',
    'home',
    'shell start-up file',
    '.config/systemd .config/environment.d Library/LaunchAgents',
  ),
  // What a package manager obeys, scripts of its own included.
  ...group('write', 'any', 'package manager configuration', '.npmrc .yarnrc .yarnrc.yml .pypirc'),
  // What a build server runs with its own secrets.
  ...group('write', 'any', 'CI workflow', '.github/workflows .github/actions .gitlab-ci.yml .circleci'),
  ...group(
    'write',
    'any',
    'CI workflow',
    'azure-pipelines.yml .travis.yml bitbucket-pipelines.yml .drone.yml',
  ),
  ...group('write', 'any', 'CI workflow', 'Jenkinsfile .woodpecker .woodpecker.yml .buildkite appveyor.yml'),
  ...group('write', 'any', 'CI workflow', '.appveyor.yml .gitea/workflows .forgejo/workflows'),
  ...group(
    'write',
    'root',
    'system configuration',
    '/etc /boot /usr /bin /sbin /lib /lib64 /System C:/Windows',
  ),
  ...group('write', 'root', 'kernel interface', '/proc /sys'),
  // Credentials.
  ...group('read', 'any', 'SSH keys and settings', '.ssh id_rsa id_dsa id_ecdsa id_ed25519'),
  ...group('read', 'any', 'cloud credentials', '.aws .kube .azure .boto .s3cfg .vault-token'),
  ...group('read', 'any', 'private keyring', '.gnupg .password-store'),
  ...group('read', 'any', 'login names and passwords', '.netrc _netrc .git-credentials .pgpass'),
  ...group('read', 'any', 'environment file with secrets', '.env .env.*'),
  ...group(
    'read',
    'home',
    'cloud credentials',
    '.config/gcloud .docker .config/gh .config/hub .config/doctl',
  ),
  ...group(
    'read',
    'home',
    'package registry tokens',
    '.npmrc .pypirc .cargo/credentials .cargo/credentials.toml',
  ),
  ...group(
    'read',
    'home',
    'package registry tokens',
    '.gem/credentials .m2/settings.xml .composer/auth.json',
  ),
  ...group('read', 'home', 'keychain', '.local/share/keyrings Library/Keychains .local/share/kwalletd'),
  ...group(
    'read',
    'home',
    'keychain',
    'AppData/Roaming/Microsoft/Credentials AppData/Roaming/Microsoft/Protect',
  ),
  // Browser profiles: cookies and stored passwords.
  ...group('read', 'home', 'browser profile', '.mozilla .config/google-chrome .config/chromium'),
  ...group('read', 'home', 'browser profile', '.config/BraveSoftware .config/microsoft-edge .config/vivaldi'),
  ...group('read', 'home', 'browser profile', 'Library/Application%Support/Google/Chrome Library/Safari'),
  ...group('read', 'home', 'browser profile', 'Library/Application%Support/Firefox Library/Cookies'),
  ...group('read', 'home', 'browser profile', 'AppData/Local/Google/Chrome AppData/Local/Microsoft/Edge'),
  ...group('read', 'home', 'browser profile', 'AppData/Roaming/Mozilla'),
  ...group('read', 'home', 'shell history', '.bash_history .zsh_history .zhistory .sh_history .history'),
  ...group(
    'read',
    'home',
    'shell history',
    '.python_history .node_repl_history .psql_history .mysql_history',
  ),
  ...group('read', 'home', 'shell history', '.sqlite_history .rediscli_history .lesshst .local/share/fish'),
  // The editor's user data: tokens of other extensions, and this product's own records.
  ...group('read', 'home', "the editor's own data", '.config/Code .config/Code%-%Insiders .config/VSCodium'),
  ...group('read', 'home', "the editor's own data", 'Library/Application%Support/Code AppData/Roaming/Code'),
  ...group('read', 'home', "the editor's own data", '.vscode-server/data .vscode-server-insiders/data'),
  ...group('read', 'root', 'password database', '/etc/shadow /etc/gshadow /etc/sudoers /etc/sudoers.d'),
  ...group('read', 'root', 'memory and environment of processes', '/proc/*/environ /proc/*/mem /proc/kcore'),
];

/** Endings that say "an example, without secrets": `.env.example` may be read, though not written. */
const EXAMPLES = new Set(['example', 'sample', 'template', 'dist', 'defaults', 'schema']);

/** What a protected path is, and whether even reading is refused. */
export interface ProtectedMatch {
  readonly name: string;
  readonly access: 'write' | 'read';
}

interface CompiledEntry {
  readonly segments: readonly string[];
  readonly match: ProtectedMatch;
  readonly example: boolean;
}

/** The table made ready for one machine. */
export interface ProtectedPaths {
  /** By the first segment of the pattern; those whose first segment has a `*` are in `loose`. */
  readonly any: ReadonlyMap<string, readonly CompiledEntry[]>;
  readonly loose: readonly CompiledEntry[];
  /** By the first segment below the home. */
  readonly belowHome: ReadonlyMap<string, readonly CompiledEntry[]>;
  readonly fromRoot: ReadonlyMap<string, readonly CompiledEntry[]>;
  readonly exceptions: readonly (readonly string[])[];
  readonly home: readonly string[];
  readonly workspace: readonly string[];
}

export interface ProtectedOptions {
  readonly home: string;
  readonly workspace: string;
  /** Absolute folders of the product itself (journal, vault): never read or written, no exception possible. */
  readonly storage?: readonly string[];
  /** Further patterns: a name or relative path counts at every depth, `~/…` and absolute ones only there. */
  readonly additions?: readonly { readonly path: string; readonly access: 'read' | 'write' }[];
  /** Absolute or `~/` paths that the person at the desk has taken off the table. */
  readonly exceptions?: readonly string[];
}

/** Makes the table ready: anchors are made absolute and names are folded once, not at each decision. */
export function compileProtected(options: ProtectedOptions): ProtectedPaths {
  const any = new Map<string, CompiledEntry[]>();
  const loose: CompiledEntry[] = [];
  const belowHome = new Map<string, CompiledEntry[]>();
  const fromRoot = new Map<string, CompiledEntry[]>();
  const additions = (options.additions ?? []).map(({ path, access }): ProtectedEntry => {
    const anchor = path.startsWith('~') ? 'home' : /^([a-zA-Z]:)?[/\\]/.test(path) ? 'root' : 'any';
    return {
      pattern: path.replace(/^~[/\\]?/, ''),
      anchor,
      access,
      name: `protected by the policy (${path})`,
    };
  });
  for (const entry of [...ENTRIES, ...additions]) {
    const segments = foldSegments(entry.pattern);
    const compiled: CompiledEntry = {
      segments,
      match: { name: entry.name, access: entry.access },
      example: entry.access === 'read' && entry.pattern === '.env.*',
    };
    const [first = ''] = segments;
    if (entry.anchor === 'home') put(belowHome, first, compiled);
    else if (entry.anchor === 'root') put(fromRoot, first, compiled);
    else if (first.includes('*')) loose.push(compiled);
    else put(any, first, compiled);
  }
  for (const folder of options.storage ?? []) {
    const match = { name: "this product's own records and secrets", access: 'read' as const };
    const segments = foldSegments(folder);
    put(fromRoot, segments[0] ?? '', { segments, match, example: false });
  }
  return {
    any,
    loose,
    belowHome,
    fromRoot,
    exceptions: (options.exceptions ?? []).map((path) =>
      foldSegments(absolutePath(path, options.workspace, options.home)),
    ),
    home: foldSegments(options.home),
    workspace: foldSegments(options.workspace),
  };
}

/** A pattern that begins with a `*`, or covers everything, is looked at for every path. */
function put(map: Map<string, CompiledEntry[]>, first: string, entry: CompiledEntry): void {
  const key = first.includes('*') ? '' : first;
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}

/**
 * Says whether `path` (absolute, or at least from the workspace down) may not be touched that way.
 * Reading is refused for `read` entries alone; writing, deleting and moving for all.
 */
export function protectedMatch(
  table: ProtectedPaths,
  path: readonly string[],
  access: PathAccess,
): ProtectedMatch | undefined {
  const found = lookUp(table, path, access);
  if (found === undefined) return undefined;
  const excepted = table.exceptions.some((exception) => startsWith(path, exception, 0));
  return excepted && !isStorage(found) ? undefined : found;
}

function isStorage(match: ProtectedMatch): boolean {
  return match.name === "this product's own records and secrets";
}

function lookUp(
  table: ProtectedPaths,
  path: readonly string[],
  access: PathAccess,
): ProtectedMatch | undefined {
  // Inside the workspace, what the folder's own place would match (`/usr/src/app`, `~/.claude/tree`) does not
  // count: somebody opened that folder. Storage still does: it is never a workspace.
  const inside = isWithin(path, table.workspace);
  const placed = inside ? table.workspace.length : 0;
  let best = consider(table.fromRoot.get(path[0] ?? ''), path, 0, access, placed, undefined);
  best = consider(table.fromRoot.get(''), path, 0, access, placed, best);
  if (isWithin(path, table.home)) {
    const at = table.home.length;
    best = consider(table.belowHome.get(path[at] ?? ''), path, at, access, placed, best);
    best = consider(table.belowHome.get(''), path, at, access, placed, best);
  }
  for (let at = 0; at < path.length; at++) {
    best = consider(table.any.get(path[at] ?? ''), path, at, access, placed, best);
    best = consider(table.loose, path, at, access, placed, best);
  }
  // `.git` that is a file names the folder with the configuration; writing it replaces both.
  if (best === undefined && access !== 'read' && path.at(-1) === '.git') {
    best = { name: 'git configuration and hooks', access: 'write' };
  }
  return best ?? (inside ? undefined : otherHome(table, path));
}

/** The first of the entries that matches, unless what was found before is as strict. */
function consider(
  entries: readonly CompiledEntry[] | undefined,
  path: readonly string[],
  at: number,
  access: PathAccess,
  placed: number,
  found: ProtectedMatch | undefined,
): ProtectedMatch | undefined {
  let best = found;
  for (const entry of entries ?? NONE) {
    if (access === 'read' && entry.match.access === 'write') continue;
    if (best !== undefined && (best.access === 'read' || entry.match.access === 'write')) continue;
    if (at + entry.segments.length <= placed && !isStorage(entry.match)) continue;
    if (!startsWith(path, entry.segments, at)) continue;
    if (entry.example && EXAMPLES.has((path[at] ?? '').split('.').at(-1) ?? '')) continue;
    best = entry.match;
  }
  return best;
}

const NONE: readonly CompiledEntry[] = [];

/** Homes of other people: `/home/x`, `/Users/x`, `/root`, unless one's own. */
function otherHome(table: ProtectedPaths, path: readonly string[]): ProtectedMatch | undefined {
  const [first, second] = path;
  const theirs =
    (first === 'root' && table.home[0] !== 'root') ||
    ((first === 'home' || first === 'users') && second !== undefined && second !== 'shared');
  if (!theirs || startsWith(path, table.home, 0) || startsWith(table.home, path, 0)) return undefined;
  return { name: "another user's home", access: 'read' };
}

function startsWith(path: readonly string[], pattern: readonly string[], at: number): boolean {
  if (path.length - at < pattern.length) return false;
  for (let i = 0; i < pattern.length; i++) {
    const wanted = pattern[i] ?? '';
    const have = path[at + i] ?? '';
    if (wanted !== have && !(wanted.includes('*') && wildcardMatch(wanted, have))) return false;
  }
  return true;
}
