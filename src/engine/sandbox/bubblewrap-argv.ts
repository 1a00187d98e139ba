import type { HiddenPlaces } from './hidden-places';

/** Bytes of each temporary file system inside: a disk that cannot be filled. */
export const TMPFS_BYTES = 512 * 1024 * 1024;

export interface BubblewrapInput {
  /** Absolute path of `bwrap`. */
  readonly program: string;
  readonly places: HiddenPlaces;
  /** Real path. */
  readonly workspace: string;
  /** Real path. */
  readonly cwd: string;
  /** Absolute paths that are mounted read-only over themselves. */
  readonly masks: readonly string[];
  /** The descriptor from which bubblewrap reads the system-call filter; none when it is undefined. */
  readonly seccompFd: number | undefined;
  /**
   * The user is root: files of `/proc/sys` belong to root and are written without any further right, so they
   * need a read-only mount of their own.
   */
  readonly asRoot: boolean;
  /** Already in a network of its own, with the bridge of `bridgedArgv` in it. */
  readonly bridged: boolean;
  /** What runs inside. */
  readonly argv: readonly string[];
}

/**
 * The argv of bubblewrap for one command. Later mounts lie on top of earlier ones, so the order is the
 * meaning: everything read-only, then what is empty, then what of that is shown, then the workspace, then
 * what in the workspace is protected.
 */
export function bubblewrapArgv(input: BubblewrapInput): string[] {
  const { places, workspace } = input;
  const within = (path: string) => path.startsWith(`${workspace}/`);
  const nested = (path: string) => places.emptied.some((other) => path.startsWith(`${other}/`));
  const empty = (path: string) => ['--size', String(TMPFS_BYTES), '--tmpfs', path];
  const readOnly = (path: string) => ['--ro-bind', path, path];
  return [
    input.program,
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    ...(input.bridged ? [] : ['--unshare-net']),
    // Without user namespaces of its own a command cannot ask the kernel for rights it does not have.
    '--disable-userns',
    ...['--cap-drop', 'ALL', '--die-with-parent', '--new-session', '--hostname', 'sandbox'],
    ...(input.seccompFd === undefined ? [] : ['--seccomp', String(input.seccompFd)]),
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...(input.asRoot ? readOnly('/proc/sys') : []),
    ...places.emptied.filter((path) => !within(path) && !nested(path)).flatMap(empty),
    ...(places.home !== undefined && nested(places.home) ? ['--dir', places.home] : []),
    // A workspace under a shown place, or the other way round: the workspace comes later and wins.
    ...places.shown.filter((path) => !within(path)).flatMap(readOnly),
    ...['--bind', workspace, workspace],
    ...input.masks.flatMap(readOnly),
    // The engine's storage inside a workspace would be a strange choice, but not one that opens it.
    ...places.emptied.filter(within).flatMap(empty),
    ...places.blanked.flatMap((path) => ['--ro-bind', '/dev/null', path]),
    ...['--chdir', input.cwd, '--'],
    ...input.argv,
  ];
}

/** Where the proxy answers inside. Nothing else is there. */
export const BRIDGE_PORT = 3128;

/**
 * `$1`: bubblewrap, `$2`: socat, `$3`: the socket of the proxy outside, then the sandbox. The bridge has the standard
 * descriptors only, and ends with this shell, however that ends. The port is listened on, in hexadecimal in the
 * kernel's list, before the sandbox starts; two seconds at most.
 */
const BRIDGE_SCRIPT = [
  `"$1" --die-with-parent --dev-bind / / -- "$2" TCP-LISTEN:${BRIDGE_PORT},bind=127.0.0.1,reuseaddr,fork,max-children=256 "UNIX-CONNECT:$3" </dev/null >/dev/null 2>&1 3<&- &`,
  'bridge=$! n=0',
  `until grep -q ":${BRIDGE_PORT.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A" /proc/net/tcp || [ $n -ge 200 ]; do n=$((n+1)); sleep 0.01; done`,
  'shift 3; "$@"; status=$?; kill "$bridge"; exit "$status"',
].join('\n');

/**
 * The argv of a sandbox in a network of its own that has nothing but a bridge to a socket outside. The bridge is an
 * outer layer, out of sight of the command, since inside no such socket may be opened.
 */
export function bridgedArgv(
  program: string,
  socat: string,
  socket: string,
  inner: readonly string[],
): string[] {
  return [
    // Not a process namespace too: the inner layer looks itself up in /proc, which is that of the namespace outside.
    ...[program, '--unshare-user', '--unshare-net', '--die-with-parent', '--dev-bind', '/', '/', '--'],
    ...['/bin/sh', '-c', BRIDGE_SCRIPT, 'sh', program, socat, socket],
    ...inner,
  ];
}
