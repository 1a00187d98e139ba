import type { SandboxBackend } from './backend';
import { BubblewrapBackend } from './bubblewrap-backend';
import type { ContainerSettings } from './container-argv';
import { ContainerBackend } from './container-backend';
import type { IsolationOptions } from './isolating-backend';
import { ProcessBackend } from './process-backend';
import { SandboxExecBackend } from './sandbox-exec';

export interface SandboxesOptions extends IsolationOptions {
  /** Undefined when the user has set no container engine. */
  readonly container?: ContainerSettings;
  /** Absolute path of `bwrap`, when it is not `/usr/bin/bwrap`. */
  readonly bubblewrap?: string;
}

/** Every backend that this platform could have; `chooseSandbox` finds out which of them work. */
export function createSandboxes(options: SandboxesOptions): SandboxBackend[] {
  const { container, bubblewrap, ...isolation } = options;
  const backends: SandboxBackend[] = [];
  if (process.platform === 'linux') {
    backends.push(new BubblewrapBackend({ ...isolation, ...(bubblewrap ? { program: bubblewrap } : {}) }));
  }
  if (process.platform === 'darwin') backends.push(new SandboxExecBackend(isolation));
  if (container) backends.push(new ContainerBackend({ ...isolation, settings: container }));
  backends.push(new ProcessBackend(options.hostEnv));
  return backends;
}
