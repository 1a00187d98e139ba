import { runStoreWorker } from '../../../src/engine/store/worker';
import { tally } from './support';

runStoreWorker([tally]);
