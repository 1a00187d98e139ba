import type { Clock, Disposable } from '../../engine/model/ports';
import { ENGINE, type RecordSink } from '../../engine/model/record';

/** Why a message was not looked at. The names are part of the records. */
export type DropReason =
  | 'bot'
  | 'no-sender'
  | 'no-id'
  | 'changed'
  | 'duplicate'
  | 'rate-identity'
  | 'rate-channel'
  | 'queue-full'
  | 'revoked';

/** How long drops are added up before the next record, in milliseconds. */
const FLUSH_MS = 10_000;

/**
 * Counts what was dropped and records it: the first of its kind at once, the rest in sums, so that a flood
 * does not become a flood of records. Nothing of the messages themselves is kept.
 */
export class DropLog implements Disposable {
  private readonly counts = new Map<string, { channel: string; reason: DropReason; count: number }>();
  private timer: Disposable | undefined;

  constructor(
    private readonly records: RecordSink,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  count(channel: string, reason: DropReason, count = 1): void {
    if (count < 1) return;
    const key = `${reason} ${channel}`;
    const known = this.counts.get(key);
    if (known) {
      known.count += count;
      return;
    }
    this.counts.set(key, { channel, reason, count: 0 });
    void this.write(channel, reason, count);
    this.timer ??= this.clock.after(FLUSH_MS, () => {
      this.timer = undefined;
      void this.flush();
    });
  }

  /** Writes what has been added up. To be called before the end. */
  async flush(): Promise<void> {
    const pending = [...this.counts.values()].filter(({ count }) => count > 0);
    this.counts.clear();
    await Promise.all(pending.map(({ channel, reason, count }) => this.write(channel, reason, count)));
  }

  dispose(): void {
    this.timer?.dispose();
    this.timer = undefined;
  }

  private async write(channel: string, reason: DropReason, count: number): Promise<void> {
    try {
      await this.records.append({
        type: 'message.dropped',
        actor: ENGINE,
        subject: channel,
        data: { channel, reason, count },
      });
    } catch (error) {
      // Kept for the next flush, so that the sum is right once the journal can be written again.
      const key = `${reason} ${channel}`;
      const known = this.counts.get(key);
      if (known) known.count += count;
      else this.counts.set(key, { channel, reason, count });
      this.timer ??= this.clock.after(FLUSH_MS, () => {
        this.timer = undefined;
        void this.flush();
      });
      this.onError(error);
    }
  }
}
