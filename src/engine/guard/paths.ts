import type { Shell, ShellPlace } from '../model/analysis';
import * as data from './places';
import { BRACKET, hasGlob, QUESTION, STAR, shapeMatches, UNKNOWN } from './value';

/**
 * What a path is, for the catalogue. A path may be several things. `unknown` when it is not known at all,
 * `wild` when part of it is only known at run time.
 */
export type PathClass =
  | 'root'
  | 'home'
  | 'system'
  | 'mount'
  | 'homedata'
  | 'workspace'
  | 'repository'
  | 'device'
  | 'critical'
  | 'log'
  | 'history'
  | 'persistence'
  | 'protected'
  | 'credential'
  | 'secret'
  | 'temp'
  | 'sink'
  | 'inside'
  | 'outside'
  | 'relative-up'
  | 'socket'
  | 'wild'
  | 'unknown';

const WINDOWS_ROOT = /^[a-z]:$/;

/** Absolute, normalised path of a shape; markers stay in it. Undefined when where it starts is unknown. */
export function resolvePath(shape: string, cwd: string | undefined, shell: Shell): string | undefined {
  let text = shape;
  if (text.startsWith('file://')) text = text.slice(7);
  if (shell !== 'bash' || /^[a-zA-Z]:[\\/]/.test(text)) text = text.replaceAll('\\', '/');
  // `\\\\?\\C:\\x` is `C:\\x`.
  text = text.replace(/^\/\/[?.]\/(?=[a-zA-Z]:)/, '');
  const network = text.startsWith('//.') || text.startsWith('//?');
  if (network) return text.toLowerCase();
  const windows = /^[a-zA-Z]:/.test(text) && (shell !== 'bash' || text[2] === '/' || text.length === 2);
  if (text.startsWith(UNKNOWN) || (!windows && !text.startsWith('/') && cwd === undefined)) return undefined;
  let full = text;
  if (windows) full = text.toLowerCase();
  else if (!text.startsWith('/')) full = `${(cwd ?? '').replaceAll('\\', '/')}/${text}`;
  else if (shell !== 'bash' && cwd !== undefined && /^[a-zA-Z]:/.test(cwd)) full = cwd.slice(0, 2) + text;
  const drive = /^[a-zA-Z]:/.test(full) ? full.slice(0, 2).toLowerCase() : '';
  const parts: string[] = [];
  for (const part of full.slice(drive.length).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  if (drive !== '') return parts.length === 0 ? drive : `${drive}/${parts.join('/').toLowerCase()}`;
  return `/${parts.join('/')}`;
}

const WHOLE = new RegExp(`^[.]{0,2}[${STAR}${QUESTION}${BRACKET}${UNKNOWN}.]*$|^[*]+$|^[*][.][*]$`);

/** The folder whose whole content a path names: `/etc/*` and `/etc/.*` give `/etc`. */
export function container(path: string): string {
  let current = path;
  for (;;) {
    const slash = current.lastIndexOf('/');
    const last = current.slice(slash + 1);
    if (slash < 0 || last === '' || !hasWhole(last)) return current === '' ? '/' : current;
    current = current.slice(0, slash);
  }
}

function hasWhole(part: string): boolean {
  return part !== '' && (hasGlob(part) || part.includes('*')) && WHOLE.test(part) && !part.includes(UNKNOWN);
}

function within(path: string, tree: string): boolean {
  return path === tree || path.startsWith(tree.endsWith('/') ? tree : `${tree}/`);
}

/** In a folder of keys, yet open to everybody. */
const OPEN_KEYS = /\.pub$|\/known_hosts(?:\.\w+)?$/;

/** Whether `path` may be one of many known paths, where `path` can have globs in it: they are looked for once. */
function matcher(path: string): (known: string) => boolean {
  if (!hasGlob(path)) return (known) => path === known;
  return (known) => path === known || shapeMatches(path, known);
}

const CRITICAL_ANYWHERE = data.CRITICAL_FILES.filter((file) => !file.startsWith('~'));
const CRITICAL_HOME = data.CRITICAL_FILES.filter((name) => name.startsWith('~/')).map((name) =>
  name.slice(2),
);
const PERSISTENCE = data.PERSISTENCE.map((name) => name.slice(2));
const CREDENTIAL_HOME = data.CREDENTIAL_HOME.map((name) => ({
  name,
  below: `${name}/`,
  lowerBelow: `${name.toLowerCase()}/`,
}));
const HISTORY_SET: ReadonlySet<string> = new Set(data.HISTORY_NAMES.map((name) => name.toLowerCase()));
const SECRET_SET: ReadonlySet<string> = new Set(data.SECRET_NAMES);
const PROTECTED_PARTS = data.PROTECTED_PARTS.map((part) => ({
  part,
  last: `/${part}`,
  middle: `/${part}/`,
  first: `${part}/`,
}));
const TOP_LEVEL = data.TOP_LEVEL.map((name) => `/${name}`);

/** What is worked out once a place: its folders as paths that compare, and what was already classified in it. */
interface Known {
  readonly home: string;
  readonly workspace: string;
  readonly classes: Map<string, ReadonlySet<PathClass>>;
}

/** Gone with the place, which belongs to one analysis. */
const PLACES = new WeakMap<ShellPlace, Known>();

/** Paths of one place that are remembered; past that they are worked out again. */
const REMEMBERED = 256;

function knownOf(place: ShellPlace): Known {
  const known = PLACES.get(place);
  if (known !== undefined) return known;
  const made = { home: normal(place.home), workspace: normal(place.workspace), classes: new Map() };
  PLACES.set(place, made);
  return made;
}

function normal(path: string): string {
  return resolvePath(path, undefined, /^[a-zA-Z]:/.test(path) ? 'cmd' : 'bash') ?? path;
}

/** Everything that is true of a path. `tree` is set when the action takes all that lies below it. */
export function classify(
  shape: string,
  cwd: string | undefined,
  place: ShellPlace,
  shell: Shell,
): ReadonlySet<PathClass> {
  const known = knownOf(place);
  const key = `${shell}\0${cwd ?? ''}\0${shape}`;
  const before = known.classes.get(key);
  if (before !== undefined) return before;
  const found = classesOf(shape, cwd, place, known, shell);
  if (known.classes.size < REMEMBERED) known.classes.set(key, found);
  return found;
}

function classesOf(
  shape: string,
  cwd: string | undefined,
  place: ShellPlace,
  { home, workspace }: Known,
  shell: Shell,
): Set<PathClass> {
  const found = new Set<PathClass>();
  if (shape === '' && shell === 'bash') return found.add('unknown'); // `rm ""` finds no file of that name
  const lower = shape.toLowerCase();
  if (
    data.SINKS.some((sink) => lower === sink) ||
    /^\/dev\/(?:fd\/\d+|pts\/\d+|tty\w*)$/.test(lower) ||
    /^&\d$/.test(shape)
  ) {
    found.add('sink');
    return found;
  }
  if (/^\/dev\/(tcp|udp)\//.test(shape)) {
    found.add('socket');
    return found;
  }
  const path = resolvePath(shape, cwd, shell);
  if (shape.includes(UNKNOWN)) found.add('wild');
  if (path === undefined) {
    found.add('unknown');
    byName(shape, found);
    return found;
  }
  // Windows, seen from the Linux inside it.
  const drive = /^\/mnt\/([a-z])(\/.+)$/.exec(path);
  if (drive !== null && !within(path, workspace))
    for (const one of classify(`${drive[1]}:${drive[2]}`, undefined, place, 'cmd')) found.add(one);
  const whole = container(path);
  byName(path, found);
  device(path, found);
  if (whole === workspace || workspace.startsWith(`${whole === '/' ? '' : whole}/`)) found.add('workspace');
  // A workspace that is the root or holds the home folder does not make everything below it ordinary.
  const narrow = workspace !== '/' && !WINDOWS_ROOT.test(workspace) && !within(home, workspace);
  if (narrow && whole !== workspace && within(whole, workspace)) {
    found.add('inside');
    if (/(^|\/)\.git$/.test(whole)) found.add('repository');
    return found;
  }
  found.add(within(whole, workspace) ? 'inside' : 'outside');
  if (/(^|\/)\.git$/.test(whole)) found.add('repository');
  if (
    whole === '/' ||
    // `/$x` is the root itself when `x` is not set.
    path === `/${UNKNOWN}` ||
    /^[a-z]:\/\uE000$/.test(path) ||
    WINDOWS_ROOT.test(whole) ||
    /^\/(mnt\/)?[a-z]$/.test(whole) ||
    /^[a-z]:\/[*]/.test(path)
  )
    found.add('root');
  systemPlaces(path, whole, found);
  homePlaces(path, whole, home, found);
  return found;
}

function device(path: string, found: Set<PathClass>): void {
  if (!path.startsWith('/dev/') && !path.startsWith('//')) return;
  for (const prefix of data.DEVICE_PREFIXES) {
    if (path.startsWith(prefix)) found.add('device');
  }
  if (
    hasGlob(path) &&
    ['/dev/sda', '/dev/nvme0n1', '/dev/vda', '/dev/sda1'].some((name) => shapeMatches(path, name))
  ) {
    found.add('device');
  }
}

function systemPlaces(path: string, whole: string, found: Set<PathClass>): void {
  const depth = whole.split('/').length - 1;
  const isWhole = matcher(whole);
  const isPath = matcher(path);
  if (depth === 1 && TOP_LEVEL.some(isWhole)) found.add('system');
  if (data.SHARED_DATA.some(isWhole)) found.add('system');
  if (data.TEMP_TREES.some((tree) => whole !== tree && within(whole, tree))) found.add('temp');
  const ordinary = data.ORDINARY_TREES.some(
    (tree) =>
      within(whole, tree) &&
      (whole !== tree || [...data.TEMP_TREES, ...data.CACHES].some((scratch) => scratch === tree)),
  );
  if (!ordinary && data.SYSTEM_TREES.some((tree) => within(whole, tree))) found.add('system');
  if (data.MOUNT_PARENTS.some((tree) => within(whole, tree) && depth <= tree.split('/').length)) {
    found.add('mount');
  }
  if (within(whole, '/var/log') || within(whole, 'c:/windows/system32/winevt')) found.add('log');
  if (CRITICAL_ANYWHERE.some(isPath)) found.add('critical');
  if (!ordinary && !OPEN_KEYS.test(path) && data.CRITICAL_TREES.some((tree) => within(path, tree)))
    found.add('critical');
  if (data.CREDENTIAL_FILES.some((file) => within(path, file) || isPath(file))) found.add('credential');
  if (/^\/proc\/[^/]+\/(environ|mem)$/.test(path)) found.add('credential');
}

function homePlaces(path: string, whole: string, home: string, found: Set<PathClass>): void {
  const roots = [home, '/root'];
  const other = /^(\/home\/[^/]+|\/Users\/[^/]+|[a-z]:\/users\/[^/]+)/.exec(path)?.[0];
  if (other !== undefined) roots.push(other);
  const isWhole = matcher(whole);
  for (const root of roots) {
    if (whole === root || home.startsWith(`${whole}/`) || isWhole(root)) found.add('home');
    if (!path.startsWith(`${root}/`)) continue;
    const inner = path.slice(root.length + 1);
    const innerWhole = whole.slice(root.length + 1);
    const windows = /^[a-z]:/.test(root);
    const isInner = matcher(inner);
    const isInnerWhole = matcher(innerWhole);
    if (data.HOME_DATA.some((name) => isInnerWhole(name) || (windows && innerWhole === name.toLowerCase())))
      found.add('homedata');
    const lowerInner = inner.toLowerCase();
    const open = OPEN_KEYS.test(path);
    if (
      !open &&
      CREDENTIAL_HOME.some(
        ({ name, below, lowerBelow }) =>
          isInner(name) ||
          (windows && inner === name.toLowerCase()) ||
          inner.startsWith(below) ||
          lowerInner.startsWith(lowerBelow),
      )
    )
      found.add('credential');
    if (!open && PERSISTENCE.some((name) => within(inner, name))) found.add('persistence');
    if (CRITICAL_HOME.some(isInner)) found.add('critical');
  }
}

/** A glob counts as a secret's name only when what is written of it says so: `.e*`, `id_*`, not `*.json`. */
function mayBe(name: string, known: ReadonlySet<string>): boolean {
  if (known.has(name)) return true;
  if (!hasGlob(name)) return false;
  if (!/^\.|env|secret|cred|id_|key|pem|shadow|token|pass|hist/.test(name)) return false;
  for (const one of known) if (shapeMatches(name, one)) return true;
  return false;
}

/** Classes that follow from the names in a path, wherever it starts. */
function byName(path: string, found: Set<PathClass>): void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const lower = name.toLowerCase();
  if (mayBe(lower, HISTORY_SET)) found.add('history');
  if (mayBe(lower, SECRET_SET) && !/\.(example|sample|template)$/.test(lower)) {
    if (!(name === STAR)) found.add('secret');
  }
  if (/^\.env\.[\w-]+$/.test(lower) && !/\.(example|sample|template|dist)$/.test(lower)) found.add('secret');
  if (
    data.SECRET_SUFFIXES.some((suffix) => lower.endsWith(suffix)) &&
    !/(^|[._-])(pub|cert|ca|public)/.test(lower)
  )
    found.add('secret');
  if (/[\w-]\.env$/.test(lower) && !/(example|sample|template|dist)\.env$/.test(lower)) found.add('secret');
  if (/(^|\/)(id_rsa|id_ed25519|id_ecdsa|id_dsa)$/.test(path)) found.add('credential');
  if (/(^|\/)\.(ssh|aws|gnupg)\//.test(path) && !/\.pub$|known_hosts/.test(path)) found.add('credential');
  for (const { part, last, middle, first } of PROTECTED_PARTS) {
    if (path === part || path.endsWith(last) || path.includes(middle) || path.startsWith(first)) {
      found.add('protected');
      break;
    }
  }
  if (found.has('secret')) found.add('protected');
}
