import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { foldSegments } from '../../../src/engine/policy/paths';
import { compileProtected, protectedMatch } from '../../../src/engine/policy/protected-paths';
import type { SandboxBackend, SandboxId } from '../../../src/engine/sandbox/backend';
import { BubblewrapBackend } from '../../../src/engine/sandbox/bubblewrap-backend';
import { type ContainerSettings, DEFAULT_CONTAINER } from '../../../src/engine/sandbox/container-argv';
import { ContainerBackend } from '../../../src/engine/sandbox/container-backend';
import { ProcessBackend } from '../../../src/engine/sandbox/process-backend';
import type { ProtectedPredicate } from '../../../src/engine/sandbox/workspace-scan';
import { FULL } from './helpers';

/** What policy protects in a workspace, as the sandbox asks for it. */
export function protectedIn(workspace: string): ProtectedPredicate {
  const table = compileProtected({ home: homedir(), workspace });
  const root = foldSegments(workspace);
  return (parts) => protectedMatch(table, [...root, ...foldSegments(parts.join('/'))], 'write') !== undefined;
}

/** A workspace, the engine's storage and a secret outside, all fresh; beside each other in a folder. */
export interface Ground {
  readonly base: string;
  readonly workspace: string;
  readonly storage: string;
  readonly outside: string;
  remove(): void;
}

/** Under `/var/tmp` by default: a place that a container can be given and that is not the home. */
export function makeGround(parent = process.platform === 'linux' ? '/var/tmp' : '/tmp'): Ground {
  const base = realpathSync(mkdtempSync(join(parent, 'cowork-ground-')));
  const [workspace, storage, outside] = ['workspace', 'storage', 'outside'].map((name) =>
    join(base, name),
  ) as [string, string, string];
  for (const folder of [workspace, storage, outside]) mkdirSync(folder);
  return { base, workspace, storage, outside, remove: () => rmSync(base, { recursive: true, force: true }) };
}

export interface BackendUnderTest {
  readonly id: SandboxId;
  make(ground: Ground): SandboxBackend;
  /** Why it cannot be driven on this machine. */
  readonly missing?: string;
}

/** Podman without a daemon; `facts` of such machines: crun fails on hybrid cgroups, so runc. */
export const PODMAN: ContainerSettings = {
  ...DEFAULT_CONTAINER,
  cli: '/usr/bin/podman',
  cliOptions: ['--storage-driver=vfs', '--cgroup-manager=cgroupfs', '--runtime', 'runc'],
  image: 'cowork/busybox:test',
};

/** Makes the test image from this machine's own busybox and bash, once; false when that cannot be done. */
export function makePodmanImage(): boolean {
  if (!['/usr/bin/podman', '/usr/sbin/runc', '/bin/busybox', '/bin/bash'].every((path) => existsSync(path))) {
    return false;
  }
  const podman = (...args: string[]) =>
    spawnSync(PODMAN.cli, [...(PODMAN.cliOptions ?? []), ...args], { encoding: 'utf8' });
  if (podman('image', 'exists', PODMAN.image).status === 0) return true;
  const root = mkdtempSync('/var/tmp/cowork-image-');
  try {
    for (const folder of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'var/tmp', 'usr/bin']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    for (const name of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n')) {
      if (name !== '' && name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name));
    }
    const libraries = execFileSync('ldd', ['/bin/bash'], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    for (const file of ['/bin/bash', ...libraries]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      copyFileSync(file, join(root, file));
    }
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/tmp:/bin/bash\n');
    execFileSync('tar', ['-C', root, '-cf', `${root}.tar`, '.']);
    return podman('import', `${root}.tar`, PODMAN.image).status === 0;
  } finally {
    rmSync(root, { recursive: true, force: true });
    rmSync(`${root}.tar`, { force: true });
  }
}

export const BACKENDS: readonly BackendUnderTest[] = [
  { id: 'process', make: () => new ProcessBackend() },
  {
    id: 'bubblewrap',
    make: (ground) =>
      new BubblewrapBackend({ storageDir: ground.storage, isProtected: protectedIn(ground.workspace) }),
    ...(existsSync('/usr/bin/bwrap') ? {} : { missing: 'bwrap is not installed' }),
  },
  // A container takes a quarter of a second to start: these are driven in the full run.
  ...(FULL ? [podman()] : []),
];

function podman(): BackendUnderTest {
  return {
    id: 'container',
    make: (ground) =>
      new ContainerBackend({
        storageDir: ground.storage,
        isProtected: protectedIn(ground.workspace),
        settings: PODMAN,
      }),
    ...(makePodmanImage() ? {} : { missing: 'podman, runc or busybox is not installed' }),
  };
}
