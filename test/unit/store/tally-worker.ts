import { runStoreWorker } from '../../../src/engine/store/worker';
import { withTally } from './support';

runStoreWorker(withTally());
