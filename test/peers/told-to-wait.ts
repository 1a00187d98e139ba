/** A call may have been on its way already when another one was told to wait. Milliseconds. */
const UNDER_WAY_MS = 25;

/** Whether a client waits as long as it was told to. */
export class ToldToWait {
  private at = Number.NEGATIVE_INFINITY;
  private until = Number.NEGATIVE_INFINITY;

  /** Milliseconds of the machine's clock. Told again while it waits, a client may still have calls on their way. */
  tell(waitMs: number): void {
    this.at = Date.now();
    this.until = this.at + waitMs;
  }

  /** A call that comes now comes too early, and not because it was sent before. */
  isTooEarly(): boolean {
    const now = Date.now();
    return now > this.at + UNDER_WAY_MS && now < this.until;
  }
}
