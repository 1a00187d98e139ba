import type { Damage, Recovery, VerifyReport } from '../journal';
import type { Receipt } from '../journal/receipt';
import type { Event } from '../model/emitter';
import type { AnyRecord, RecordSink } from '../model/record';
import type { AggregateQuery, Aggregates, AuditPage, AuditQuery } from './query';
import type { ExportRequest, ExportResult, RetainRequest } from './requests';

/** What opening found. */
export interface OpenReport {
  /** 1 unless retention dropped older records. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Records that were read to come to the states. */
  readonly replayed: number;
  /** What a crash left behind and was cut off, never acknowledged. */
  readonly recovered?: Recovery;
  /** Signs of tampering or of a faulty disk. With any, nothing should run before a person has looked. */
  readonly damage: readonly Damage[];
  /** By name of the projection. */
  readonly states: Readonly<Record<string, unknown>>;
}

/** `failed`: nothing can be recorded, so nothing may happen. It ends by itself when the fault goes. */
export type StoreState =
  | { readonly state: 'ready' }
  | { readonly state: 'failed'; readonly reason: string; readonly code: string };

/** For work that takes a while: the share done, 0 to 1, and a way to stop it. */
export interface Progress {
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

export interface RetainReport {
  /** The oldest record that is left. */
  readonly firstSeq: number;
  readonly dropped: number;
}

/** The record of everything, as the rest of the engine sees it. */
export interface Store extends RecordSink {
  /** @throws JournalHeldError when another window has it. */
  open(): Promise<OpenReport>;
  /** Each durable record, in order, before the `append` that wrote it resolves. */
  readonly onRecord: Event<AnyRecord>;
  readonly onState: Event<StoreState>;
  readonly state: StoreState;
  query(query: AuditQuery): Promise<AuditPage>;
  aggregates(query?: AggregateQuery, signal?: AbortSignal): Promise<Aggregates>;
  record(seq: number): Promise<AnyRecord | undefined>;
  /** `onProgress` gets the number of records checked and the share done, 0 to 1. Rejects when `signal` aborts. */
  verify(onProgress?: (checked: number, share: number) => void, signal?: AbortSignal): Promise<VerifyReport>;
  /** Proof, for someone without the journal, that a record is in it. Undefined when there is no such record. */
  receipt(seq: number): Promise<Receipt | undefined>;
  /** Drops whole segments of old records; a signed checkpoint with the states stands for them. */
  retain(request: RetainRequest): Promise<RetainReport>;
  /** One encrypted file with everything that cannot be made anew. `restoreBackup` reads it. */
  backup(target: string, passphrase: string, progress?: Progress): Promise<void>;
  /** Writes the records that a query finds, oldest first, to a file. */
  export(request: ExportRequest, progress?: Progress): Promise<ExportResult>;
  /** Writes what was handed in, signs a head and gives the journal back. */
  close(): Promise<void>;
}
