/** The timers of a peer whose time may pass faster than the machine's. */
export class PeerTimers {
  private readonly running = new Set<NodeJS.Timeout>();

  constructor(
    /** How many times faster. */
    private readonly speed: () => number,
  ) {}

  /** `ms` of the peer's time. */
  after(ms: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.running.delete(timer);
      run();
    }, ms / this.speed());
    this.running.add(timer);
    return timer;
  }

  stop(): void {
    for (const timer of this.running) clearTimeout(timer);
    this.running.clear();
  }
}
