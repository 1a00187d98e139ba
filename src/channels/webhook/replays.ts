import { createHash } from 'node:crypto';
import type { Clock } from '../../engine/model/ports';

/** Keys remembered of one channel; the oldest go first. */
const REMEMBERED = 50_000;
/** So many go at once: a map passes over the places of keys that have left it, so that its first key is far away. */
const FORGOTTEN_AT_ONCE = 256;

interface Entry {
  until: number;
  /** Its request is still being worked on. */
  pending: boolean;
}

/** What was seen of one channel: a request counts as seen once it is accepted, so that a failed one may come again. */
export class Replays {
  private readonly seen = new Map<string, Entry>();

  constructor(private readonly clock: Clock) {}

  /** What an earlier run accepted, by its hash, until a time in milliseconds since the epoch. */
  learn(hash: string, until: number): void {
    this.seen.set(hash, { until, pending: false });
    if (this.seen.size < REMEMBERED + FORGOTTEN_AT_ONCE) return;
    let left = FORGOTTEN_AT_ONCE;
    for (const oldest of this.seen.keys()) {
      this.seen.delete(oldest);
      if (--left === 0) return;
    }
  }

  /** One request: the keys that it claims are kept when it is accepted and given back when it is not. */
  begin(channel: string): ReplayClaim {
    const claimed: string[] = [];
    return {
      firstTime: (key, forMs) => {
        const hash = createHash('sha256').update(`${channel}\n${key}`).digest('base64url');
        const known = this.seen.get(hash);
        const now = this.clock.now();
        if (known && (known.pending || known.until > now)) return false;
        this.seen.delete(hash);
        this.learn(hash, now + forMs);
        const entry = this.seen.get(hash);
        if (entry) entry.pending = true;
        claimed.push(hash);
        return true;
      },
      accept: () => {
        for (const hash of claimed) {
          const entry = this.seen.get(hash);
          if (entry) entry.pending = false;
        }
      },
      release: () => {
        for (const hash of claimed) this.seen.delete(hash);
      },
      hashes: () => claimed,
    };
  }
}

export interface ReplayClaim {
  /** False when it was seen within its time, or is being worked on by another request. */
  firstTime(key: string, forMs: number): boolean;
  accept(): void;
  release(): void;
  /** Of the keys that were claimed, for the record. */
  hashes(): readonly string[];
}
