/** The messages that were looked at lately, and those that are being looked at. Bounded; the oldest go first. */
export class Seen {
  private readonly done = new Set<string>();
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(
    earlier: Iterable<string> = [],
    private readonly max = 20_000,
  ) {
    for (const key of earlier) this.add(key);
  }

  /**
   * Runs `look` for a key that is new; for one being looked at, gives the same outcome; for one that was,
   * nothing. A key whose look rejected is new again, so that the platform may deliver it once more.
   */
  once(key: string, look: () => Promise<void>, onRepeat: () => void): Promise<void> {
    const running = this.underWay.get(key);
    if (running || this.done.has(key)) onRepeat();
    if (running) return running;
    if (this.done.has(key)) return Promise.resolve();
    const looking = look().then(
      () => {
        this.underWay.delete(key);
        this.add(key);
      },
      (error: unknown) => {
        this.underWay.delete(key);
        throw error;
      },
    );
    this.underWay.set(key, looking);
    return looking;
  }

  private add(key: string): void {
    this.done.add(key);
    if (this.done.size <= this.max) return;
    for (const oldest of this.done) {
      this.done.delete(oldest);
      return;
    }
  }
}
