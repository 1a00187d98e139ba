/** Requests of one kind that are taken within a second. https://docs.discord.com/developers/topics/rate-limits */
export class Buckets {
  private readonly open = new Map<string, { left: number; until: number }>();

  /** The headers of the answer; undefined when none is left. `bucket` undefined: no limit, and no headers. */
  spend(
    kind: string,
    { bucket: size, speed }: { readonly bucket: number | undefined; readonly speed: number },
  ): Record<string, string> | undefined {
    if (size === undefined) return {};
    const now = Date.now();
    let bucket = this.open.get(kind);
    if (!bucket || now >= bucket.until) bucket = { left: size, until: now + 1_000 / speed };
    this.open.set(kind, bucket);
    if (bucket.left === 0) return undefined;
    bucket.left -= 1;
    const seconds = ((bucket.until - now) * speed) / 1_000 + 0.05 * speed;
    return { 'x-ratelimit-remaining': String(bucket.left), 'x-ratelimit-reset-after': seconds.toFixed(3) };
  }
}
