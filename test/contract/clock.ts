import type { Clock, Disposable } from '../../src/engine/model/ports';

/** The machine's clock, `speed` times faster, which knows how many of its timers are still to come. */
export class ScaledClock implements Clock {
  private readonly began = Date.now();
  private readonly timers = new Set<NodeJS.Timeout>();

  /** Timers of `keepMs` and more keep their time: they only end what hangs, and would end what is merely slow. */
  constructor(
    private readonly speed: number,
    private readonly keepMs = Number.POSITIVE_INFINITY,
  ) {}

  get pending(): number {
    return this.timers.size;
  }

  now(): number {
    return Math.round(this.began + (Date.now() - this.began) * this.speed);
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        run();
      },
      delayMs >= this.keepMs ? delayMs : delayMs / this.speed,
    );
    this.timers.add(timer);
    return {
      dispose: () => {
        this.timers.delete(timer);
        clearTimeout(timer);
      },
    };
  }
}
