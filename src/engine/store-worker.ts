import { runStoreWorker } from './store/worker';

runStoreWorker([]);
