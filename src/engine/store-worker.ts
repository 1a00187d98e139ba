import { PROJECTIONS } from './projections';
import { runStoreWorker } from './store/worker';

runStoreWorker(PROJECTIONS);
