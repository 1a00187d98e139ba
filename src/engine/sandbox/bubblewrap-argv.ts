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
    ...['--unshare-user', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts'],
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
