const NOTHING_LEFT: Promise<void> = Promise.resolve();

/** The messages that were looked at lately, and those that are being looked at. Bounded; the oldest go first. */
export class Seen {
  private readonly done = new Set<string>();
  /** What is in `done`, in a ring: the place that is written next holds the oldest. */
  private readonly order: string[] = [];
  private next = 0;
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(
    earlier: Iterable<string> = [],
    private readonly max = 20_000,
  ) {
    for (const key of earlier) this.add(key);
  }

  /**
   * Runs `look` for a key that is new; for one being looked at, gives the same outcome; for one that was,
   * nothing. `look` gives undefined when nothing is left to wait for. A key whose look rejected is new again, so
   * that the platform may deliver it once more.
   */
  once(key: string, look: () => Promise<void> | undefined, onRepeat: () => void): Promise<void> {
    const running = this.underWay.get(key);
    if (running || this.done.has(key)) {
      onRepeat();
      return running ?? NOTHING_LEFT;
    }
    const outcome = look();
    if (outcome === undefined) {
      this.add(key);
      return NOTHING_LEFT;
    }
    const looking = outcome.then(
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
    if (this.done.has(key)) return;
    const oldest = this.order[this.next];
    if (oldest !== undefined) this.done.delete(oldest);
    this.done.add(key);
    this.order[this.next] = key;
    this.next = (this.next + 1) % this.max;
  }
}
