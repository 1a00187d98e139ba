import type { EventType } from './model/events';
import { masked } from './model/masked';
import type { Masker } from './model/ports';
import type { JournalRecord, NewRecord, RecordSink } from './model/record';

/** Masks every text of a record before the journal sees it, so that no room can forget to (law 6). */
export class MaskedSink implements RecordSink {
  constructor(
    private readonly sink: RecordSink,
    private readonly masker: Masker,
  ) {}

  append<T extends EventType>(record: NewRecord<T>): Promise<JournalRecord<T>> {
    return this.sink.append({ ...record, data: masked(record.data, this.masker) });
  }
}
