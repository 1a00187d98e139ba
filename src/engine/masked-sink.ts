import type { EventType } from './model/events';
import type { Masker } from './model/ports';
import type { JournalRecord, NewRecord, RecordSink } from './model/record';

/** Masks every text of a record before the journal sees it, so that no room can forget to (law 6). */
export class MaskedSink implements RecordSink {
  constructor(
    private readonly sink: RecordSink,
    private readonly masker: Masker,
  ) {}

  append<T extends EventType>(record: NewRecord<T>): Promise<JournalRecord<T>> {
    return this.sink.append({ ...record, data: this.masked(record.data) as NewRecord<T>['data'] });
  }

  private masked(value: unknown): unknown {
    if (typeof value === 'string') return this.masker.mask(value);
    if (Array.isArray(value)) return value.map((one) => this.masked(one));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.masked(one)]));
  }
}
