/**
 * The processor time of each turn of this thread's event loop, garbage collection on it included. Unlike a delay it
 * does not depend on what else the machine does, so that a test may hold it against a limit.
 */
export class Turns {
  private readonly spent: number[] = [];
  private last = 0;
  private on = false;

  /** False before Node 23.9, which cannot tell one thread's time from another's. */
  static get measurable(): boolean {
    return typeof process.threadCpuUsage === 'function';
  }

  start(): void {
    this.on = Turns.measurable;
    this.last = used();
    this.next();
  }

  stop(): void {
    this.on = false;
  }

  /** Milliseconds that `share` of all turns stay below; undefined when nothing was measured. */
  percentile(share: number): number | undefined {
    const sorted = [...this.spent].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  }

  private next(): void {
    setImmediate(() => {
      if (!this.on) return;
      const now = used();
      this.spent.push(now - this.last);
      this.last = now;
      this.next();
    });
  }
}

/** Milliseconds of processor time of this thread so far. */
function used(): number {
  if (!Turns.measurable) return 0;
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
