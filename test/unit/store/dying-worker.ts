import { existsSync, rmSync } from 'node:fs';
import { runStoreWorker } from '../../../src/engine/store/worker';
import { tally, withTally } from './support';

/** A worker that ends at a record which names a file, once: the file is gone afterwards. */
runStoreWorker(
  withTally({
    ...tally,
    reduce(state, record) {
      tally.reduce(state as ReturnType<typeof tally.initial>, record);
      if (record.type !== 'engine.notice' || !existsSync(record.data.text)) return;
      rmSync(record.data.text);
      process.exit(7);
    },
  }),
);
