import { parentPort } from 'node:worker_threads';
import { StoreHost, type StoreSurroundings } from './host';

/**
 * Serves a store from a worker thread.
 * @throws Error when it is not called in one.
 */
export function runStoreWorker(surroundings: StoreSurroundings): void {
  const port = parentPort;
  if (!port) throw new Error('The store worker runs in a worker thread only.');
  const host = new StoreHost(surroundings, (reply) => port.postMessage(reply));
  port.on('message', (message: unknown) => host.receive(message));
}
