import type { Fault } from './bench';
import { type FaultyPeer, injectInto } from './faults';

/** A platform's part in a test, as far as a bench reports of it. */
export interface BenchPeer extends FaultyPeer {
  readonly requests: number;
  readonly problems: readonly string[];
  stop(): Promise<void>;
}

/** What can be done to a platform that calls us and keeps no connection of ours open. */
export const FAULTS_OF_CALLERS: readonly Fault[] = ['down', 'error', 'rate-limit', 'revoke', 'lose-answer'];

/** What can be done to a platform to which a connection of ours stands. */
export const FAULTS_OF_LINES: readonly Fault[] = ['drop', 'stall', 'garbage', ...FAULTS_OF_CALLERS];

/** What all benches have in common whose platform is played by one peer. */
export abstract class PeerBench<Peer extends BenchPeer> {
  abstract readonly peer: Peer;

  stop(): Promise<void> {
    return this.peer.stop();
  }

  async inject(fault: Fault): Promise<void> {
    injectInto(this.peer, fault);
  }

  async heal(): Promise<void> {
    this.peer.trouble = undefined;
  }

  requests(): number {
    return this.peer.requests;
  }

  violations(): readonly string[] {
    return this.peer.problems;
  }
}
