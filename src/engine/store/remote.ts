import { Worker } from 'node:worker_threads';
import { StoreClient, type StoreOptions, type Transport } from './client';
import type { Store } from './types';

export interface WorkerStoreOptions extends StoreOptions {
  /** The bundled `store-worker.cjs`, or `store-worker.ts` with `execArgv` that can load it. */
  readonly workerPath: string;
  readonly execArgv?: readonly string[];
}

/** The store in a worker thread of its own, so that neither disk nor SQL holds up the caller's event loop. */
export function createStore(options: WorkerStoreOptions): Store {
  return new StoreClient(options, () => workerTransport(options));
}

function workerTransport({ workerPath, execArgv }: WorkerStoreOptions): Transport {
  // The worker gets neither the environment nor the arguments of its parent: it needs none.
  const worker = new Worker(workerPath, {
    env: {},
    argv: [],
    ...(execArgv ? { execArgv: [...execArgv] } : {}),
  });
  return {
    post: (message) => worker.postMessage(message),
    listen(onMessage, onEnd) {
      worker.on('message', onMessage);
      worker.once('error', onEnd);
      worker.once('messageerror', onEnd);
      worker.once('exit', (code) => onEnd(new Error(`its thread ended with code ${code}`)));
    },
    async end() {
      await worker.terminate();
    },
  };
}
