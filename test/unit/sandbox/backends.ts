import type { SandboxBackend } from '../../../src/engine/sandbox/backend';
import { ProcessBackend } from '../../../src/engine/sandbox/process-backend';

/** Every backend that can be driven on this machine. `skip` says why one is listed but not run. */
export function availableBackends(): { backend: SandboxBackend; skip?: string }[] {
  return [{ backend: new ProcessBackend() }];
}
