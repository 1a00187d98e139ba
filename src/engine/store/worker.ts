import { parentPort } from 'node:worker_threads';
import type { Projection } from '../model/projection';
import { StoreHost } from './host';

/**
 * Serves a store from a worker thread.
 * @throws Error when it is not called in one.
 */
export function runStoreWorker(projections: readonly Projection<unknown>[]): void {
  const port = parentPort;
  if (!port) throw new Error('The store worker runs in a worker thread only.');
  const host = new StoreHost(projections, (reply) => port.postMessage(reply));
  port.on('message', (message: unknown) => host.receive(message));
}
