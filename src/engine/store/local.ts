import type { Projection } from '../model/projection';
import { StoreClient, type StoreOptions, type Transport } from './client';
import { type CoreParts, StoreHost } from './host';
import type { MaskerOf } from './maintenance';
import type { Store } from './types';

export interface InProcessStoreOptions extends StoreOptions {
  readonly projections: readonly Projection<unknown>[];
  readonly maskerOf: MaskerOf;
  /** For tests: another clock or disk. */
  readonly parts?: CoreParts;
}

/** The same store in the caller's thread: for the command line and for tests. */
export function createInProcessStore(options: InProcessStoreOptions): Store {
  return new StoreClient(options, () => localTransport(options));
}

function localTransport({ projections, maskerOf, parts }: InProcessStoreOptions): Transport {
  let onMessage: (message: unknown) => void = () => {};
  const host = new StoreHost(
    { projections, maskerOf },
    // Copied, as a thread boundary would: both sides reduce their own state.
    (reply) => onMessage(structuredClone(reply)),
    parts,
  );
  return {
    // In a turn of its own, as between threads: a writer who never rests does not keep the event loop for itself.
    post: (message) => {
      const copy: unknown = structuredClone(message);
      setImmediate(() => host.receive(copy));
    },
    listen(listener) {
      onMessage = listener;
    },
    end: async () => {},
  };
}
