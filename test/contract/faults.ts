import type { Fault } from './bench';

/** A peer with a standing connection, as far as it can be made to fail. */
export interface FaultyPeer {
  trouble: 'down' | 'error' | 'rate-limit' | 'revoked' | undefined;
  loseAnswer: boolean;
  cut(): void;
  stall(): void;
  garble(): void;
  forget?(): void;
}

/** What each fault is to such a peer. */
export function injectInto(peer: FaultyPeer, fault: Fault): void {
  switch (fault) {
    case 'drop':
      peer.cut();
      break;
    case 'down':
      peer.trouble = 'down';
      peer.cut();
      break;
    case 'stall':
      peer.stall();
      break;
    case 'lose-session':
      peer.forget?.();
      break;
    case 'garbage':
      peer.garble();
      break;
    case 'error':
    case 'rate-limit':
      peer.trouble = fault;
      break;
    case 'revoke':
      peer.trouble = 'revoked';
      peer.cut();
      break;
    case 'lose-answer':
      peer.loseAnswer = true;
  }
}
