// The extension imports `./remote` alone: everything else here brings SQLite along, which belongs to the worker.
export type { StoreOptions } from './client';
export { createInProcessStore, type InProcessStoreOptions } from './local';
export type { AggregateQuery, Aggregates, AuditPage, AuditQuery } from './query';
export { createStore, type WorkerStoreOptions } from './remote';
export { EXPORT_FORMATS, type ExportFormat, type ExportRequest, type RetainRequest } from './requests';
export { keyInDirectory, restoreBackup } from './restore';
export type { OpenReport, Progress, RetainReport, Store, StoreState } from './types';
export { runStoreWorker } from './worker';
