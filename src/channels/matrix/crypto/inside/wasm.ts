/**
 * The library, in one place. In the bundle it finds a copy of IndexedDB of its own, and nothing is put into the
 * globals that all extensions share: see `cryptoInside` in scripts/crypto-inside.mjs.
 */
export * from '@matrix-org/matrix-sdk-crypto-wasm';

import type {
  KeysBackupRequest,
  KeysClaimRequest,
  KeysQueryRequest,
  KeysUploadRequest,
  RoomMessageRequest,
  SignatureUploadRequest,
  ToDeviceRequest,
} from '@matrix-org/matrix-sdk-crypto-wasm';

/** What the library wants asked. */
export type OutgoingRequest =
  | KeysUploadRequest
  | KeysQueryRequest
  | KeysClaimRequest
  | ToDeviceRequest
  | SignatureUploadRequest
  | RoomMessageRequest
  | KeysBackupRequest;
