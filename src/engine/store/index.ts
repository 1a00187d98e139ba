import { Worker } from 'node:worker_threads';
import type { Projection } from '../model/projection';
import { StoreClient, type StoreOptions, type Transport } from './client';
import { type CoreParts, StoreHost } from './host';
import type { Store } from './types';

export type { StoreOptions } from './client';
export type { AggregateQuery, Aggregates, AuditPage, AuditQuery } from './query';
export { EXPORT_FORMATS, type ExportFormat, type ExportRequest, type RetainRequest } from './requests';
export type { OpenReport, Progress, RetainReport, Store, StoreState } from './types';
export { runStoreWorker } from './worker';

export interface WorkerStoreOptions extends StoreOptions {
  /** The bundled `store-worker.cjs`, or `store-worker.ts` with `execArgv` that can load it. */
  readonly workerPath: string;
  readonly execArgv?: readonly string[];
}

/** The store in a worker thread of its own, so that neither disk nor SQL holds up the caller's event loop. */
export function createStore(options: WorkerStoreOptions): Store {
  return new StoreClient(options, () => workerTransport(options));
}

export interface InProcessStoreOptions extends StoreOptions {
  readonly projections: readonly Projection<unknown>[];
  /** For tests: another clock or disk. */
  readonly parts?: CoreParts;
}

/** The same store in the caller's thread: for the command line and for tests. */
export function createInProcessStore(options: InProcessStoreOptions): Store {
  return new StoreClient(options, () => localTransport(options));
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

function localTransport({ projections, parts }: InProcessStoreOptions): Transport {
  let onMessage: (message: unknown) => void = () => {};
  const host = new StoreHost(
    projections,
    // Copied, as a thread boundary would: both sides reduce their own state.
    (reply) => onMessage(structuredClone(reply)),
    parts,
  );
  return {
    post: (message) => host.receive(structuredClone(message)),
    listen(listener) {
      onMessage = listener;
    },
    end: async () => {},
  };
}

export { keyInDirectory, restoreBackup } from './restore';
