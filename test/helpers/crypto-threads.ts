import { MessageChannel } from 'node:worker_threads';
import { serveCrypto } from '../../src/channels/matrix/crypto/inside/serve';
import type { Port } from '../../src/channels/matrix/crypto/thread';

/** The machine in this thread instead of one of its own, over the same messages: as it must not be. */
export function inThisThread(): Port {
  const { port1: ours, port2: theirs } = new MessageChannel();
  let ended: (why: string) => void = () => undefined;
  theirs.on(
    'message',
    serveCrypto((message, transfer) => theirs.postMessage(message, transfer)),
  );
  return {
    post: (message, transfer) => ours.postMessage(message, transfer),
    listen(onMessage, onEnd) {
      ended = onEnd;
      ours.on('message', onMessage);
    },
    async end() {
      ours.close();
      theirs.close();
      ended('closed');
    },
  };
}
