import type { Clock, Disposable } from '../../src/engine/model/ports';

/** A clock that stands still until a test turns it. Timers fire in order of their time, then of their making. */
export class ManualClock implements Clock {
  private timers: { at: number; order: number; run: () => void }[] = [];
  private made = 0;

  constructor(private time = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.time;
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer = { at: this.time + Math.max(0, delayMs), order: this.made++, run };
    this.timers.push(timer);
    return {
      dispose: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  }

  get pendingTimers(): number {
    return this.timers.length;
  }

  /** Turns the clock, firing what comes due on the way. Promises that the timers settle are not awaited. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers
        .filter((timer) => timer.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = end;
  }

  /** As `advance`, letting promises settle after each timer and at the end. */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const next = this.timers
        .filter((timer) => timer.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next) break;
      this.advance(next.at - this.time);
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** Lets everything that waits on already settled promises run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
