import { PROJECTIONS } from './projections';
import { runStoreWorker } from './store/worker';
import { Masking } from './vault/masking';

runStoreWorker({ projections: PROJECTIONS, maskerOf: (secrets) => Masking.of(secrets) });
