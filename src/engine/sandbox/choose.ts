import { EngineError } from '../model/error';
import type { SandboxBackend, SandboxId } from './backend';

/** Which sandbox commands run in, and why not another: for the Checklist and for each approval. */
export interface SandboxChoice {
  readonly backend: SandboxBackend;
  /** What the self-test of the chosen one said. */
  readonly why: string;
  /** Those that are stronger or equal and were not taken, each with its reason. */
  readonly rejected: readonly { readonly id: SandboxId; readonly why: string }[];
}

/** From the strongest: a sandbox of the system's own, then a container, which shares the engine's daemon. */
export const SANDBOX_ORDER: readonly SandboxId[] = ['bubblewrap', 'sandbox-exec', 'container', 'process'];

/**
 * With `auto`, the strongest of `candidates` that passes its self-test; otherwise the one asked for, or none:
 * a sandbox that somebody asked for is never replaced by a weaker one.
 * @throws EngineError when the one asked for does not work here, or nothing does.
 */
export async function chooseSandbox(
  want: 'auto' | SandboxId,
  candidates: readonly SandboxBackend[],
): Promise<SandboxChoice> {
  const order = want === 'auto' ? SANDBOX_ORDER : [want];
  const rejected: { id: SandboxId; why: string }[] = [];
  for (const id of order) {
    const backend = candidates.find((candidate) => candidate.id === id);
    if (!backend) {
      if (want !== 'auto') rejected.push({ id, why: 'It does not exist on this system.' });
      continue;
    }
    const test = await backend.selfTest();
    if (test.ok) return { backend, why: test.why, rejected };
    rejected.push({ id, why: test.why });
  }
  const reasons = rejected.map(({ id, why }) => `${id}: ${why}`).join(' ');
  throw new EngineError(
    `No command can run, because the sandbox that is set does not work here. ${reasons} Repair it, or choose another in the settings.`,
  );
}
