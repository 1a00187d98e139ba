import type { Clock } from '../model/ports';
import type { RecordSink } from '../model/record';
import type { RandomBytes } from './codes';
import type { AccessConfig } from './config';
import type { AccessState } from './state';

export interface AccessDeps {
  /** Resolves once the record is durable and reduced into what `state()` returns. */
  readonly records: RecordSink;
  readonly clock: Clock;
  state(): AccessState;
  config(): AccessConfig;
  /** For codes, salts and ids; the system's own when absent. */
  readonly random?: RandomBytes;
  /** log2 of scrypt's N for new codes; `CODE_HASH_COST` when absent. Lower only in tests. */
  readonly codeCost?: number;
}

/** Runs jobs one after the other, in the order they came; one that fails does not stop the next. */
export class Serial {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.last.then(job, job);
    this.last = result.catch(() => undefined);
    return result;
  }
}
