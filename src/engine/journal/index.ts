export { CanonicalError, canonicalJson } from './canonical';
export { errorCode, JournalFailedError, JournalHeldError, type LeaseHolder } from './errors';
export { type JournalFs, nodeFs } from './fs';
export { type AppendOutcome, GroupCommit } from './group-commit';
export { type Head, type HeadMemory, type KeyProvider, readPublicKey, Signer } from './heads';
export { type ChainEnd, type Draft, draft, type Seal, toRecord } from './line';
export type {
  Damage,
  DamageKind,
  JournalOpening,
  JournalPort,
  Location,
  Recovery,
  Stored,
  StoredRecord,
} from './port';
export { SegmentJournal, type SegmentJournalOptions } from './segment-journal';
export { type VerifyOptions, type VerifyReport, verifyDirectory } from './verify';
