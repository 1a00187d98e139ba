import { parentPort } from 'node:worker_threads';
import { serveCrypto } from './inside/serve';

/** Encrypts and decrypts for Matrix in a thread of its own. It has a bundle of its own too. */

const port = parentPort;
if (!port) throw new Error('The encryption of Matrix runs in a thread of its own only.');
port.on(
  'message',
  serveCrypto((message, transfer) => port.postMessage(message, transfer)),
);
