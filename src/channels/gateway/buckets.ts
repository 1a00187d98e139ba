import type { Rate } from './limits';

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets by key. A bucket that is full again is forgotten, and there are never more than `max`: a crowd
 * of keys then pushes out the least recently used, which a limit on all of them together must make good.
 */
export class Buckets {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly rate: Rate,
    private readonly max = 20_000,
  ) {}

  get size(): number {
    return this.buckets.size;
  }

  /** Takes one token; false when there is none. `now` in milliseconds; a clock that goes back gives no tokens. */
  take(key: string, now: number): boolean {
    const bucket = this.buckets.get(key) ?? { tokens: this.rate.burst, at: now };
    bucket.tokens = this.tokensAt(bucket, now);
    bucket.at = Math.max(bucket.at, now);
    // The newest stand last, so that the first are the ones to forget.
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size > this.max) this.forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Whether `take` would be granted, without taking. */
  has(key: string, now: number): boolean {
    const bucket = this.buckets.get(key);
    return bucket === undefined || this.tokensAt(bucket, now) >= 1;
  }

  private tokensAt({ tokens, at }: Bucket, now: number): number {
    return Math.min(this.rate.burst, tokens + (Math.max(0, now - at) / 1000) * this.rate.perSecond);
  }

  private forgetOldest(): void {
    // Several at once: a map passes over the places of keys that have left it, so that its first key is far away.
    let left = Math.max(1, this.max >> 8);
    for (const key of this.buckets.keys()) {
      this.buckets.delete(key);
      if (--left === 0) return;
    }
  }
}
