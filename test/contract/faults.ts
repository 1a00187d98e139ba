import type { Fault } from './bench';

/** A peer, as far as it can be made to fail. What it has not cannot be asked of it. */
export interface FaultyPeer {
  trouble: 'down' | 'error' | 'rate-limit' | 'revoked' | undefined;
  loseAnswer: boolean;
  cut(): void;
  stall?(): void;
  /** Ends its side of every connection. */
  halfClose?(): void;
  garble?(): void;
  /** Withdraws the credentials, where that is another thing than `trouble` and a cut. */
  revoke?(): void;
  /** Gives up the session: who connects again begins a new one. */
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
      needed(peer.stall, fault).call(peer);
      break;
    case 'half-close':
      needed(peer.halfClose, fault).call(peer);
      break;
    case 'lose-session':
      needed(peer.forget, fault).call(peer);
      break;
    case 'garbage':
      needed(peer.garble, fault).call(peer);
      break;
    case 'error':
    case 'rate-limit':
      peer.trouble = fault;
      break;
    case 'revoke':
      if (peer.revoke) peer.revoke();
      else {
        peer.trouble = 'revoked';
        peer.cut();
      }
      break;
    case 'lose-answer':
      peer.loseAnswer = true;
      break;
    case 'reorder':
      needed<() => void>(undefined, fault);
  }
}

function needed<T>(way: T | undefined, fault: Fault): T {
  if (way === undefined) throw new Error(`this peer cannot be made to “${fault}”`);
  return way;
}
