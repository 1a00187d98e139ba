import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { foldSegments } from '../../../src/engine/policy/paths';
import { compileProtected, protectedMatch } from '../../../src/engine/policy/protected-paths';
import type { SandboxBackend, SandboxId } from '../../../src/engine/sandbox/backend';
import { BubblewrapBackend } from '../../../src/engine/sandbox/bubblewrap-backend';
import { ProcessBackend } from '../../../src/engine/sandbox/process-backend';
import type { ProtectedPredicate } from '../../../src/engine/sandbox/workspace-scan';

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
  readonly skip?: string;
}

export const BACKENDS: readonly BackendUnderTest[] = [
  { id: 'process', make: () => new ProcessBackend() },
  {
    id: 'bubblewrap',
    make: (ground) =>
      new BubblewrapBackend({ storageDir: ground.storage, isProtected: protectedIn(ground.workspace) }),
    ...(existsSync('/usr/bin/bwrap') ? {} : { skip: 'bwrap is not installed' }),
  },
];
