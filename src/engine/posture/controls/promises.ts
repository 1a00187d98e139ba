import type { Row } from './control';

/** What its questions and answers promise. */
export const PROMISES: readonly Row[] = [
  {
    id: 'FAQ-1',
    says: 'Data goes only to the configured LLM provider',
    kinds: ['E'],
    must: "The extension's own outbound hosts are exactly: the LLM provider, and the platforms of the enabled channels. Enforced by one egress gate that every client uses; test: every socket opened during the whole end-to-end run is on the list. No telemetry.",
    by: ['src/engine/egress/egress.ts'],
  },
  {
    id: 'FAQ-2',
    says: 'Keys encrypted: OS keychain, AES-256 fallback; decrypted only when needed; never passed to shells or subprocesses',
    kinds: ['E'],
    must: 'Vault order: SecretStorage → OS keychain → AES-256-GCM with a passphrase-derived key (never a key file beside the ciphertext). Test: canary secrets appear in no child environment, argv, file, log, journal, chat reply, or LLM request body.',
    by: ['src/engine/vault/vault.ts', 'src/engine/vault/masking.ts'],
  },
  {
    id: 'FAQ-3',
    says: 'Clipboard blocked in groups; private in DM',
    kinds: ['E'],
    must: 'CTX-1',
    by: ['src/engine/access/config.ts'],
  },
  {
    id: 'FAQ-4',
    says: 'No Docker ⇒ process isolation with timeouts; macOS prefers sandbox-exec',
    kinds: ['E'],
    must: 'Fallback is announced in the approval and in the journal; never silent.',
    by: ['src/engine/sandbox/choose.ts'],
  },
  {
    id: 'FAQ-5',
    says: 'Pairing codes valid 5 minutes, configurable',
    kinds: ['E'],
    must: '300 s default, per channel.',
    by: ['src/engine/access/config.ts'],
  },
  {
    id: 'FAQ-6',
    says: 'Different modes for DMs and groups of one channel',
    kinds: ['E'],
    must: 'CTX-2',
    by: ['src/engine/access/config.ts'],
  },
  {
    id: 'FAQ-7',
    says: 'Shell commands and outputs are logged',
    kinds: ['E'],
    must: 'Command, cwd, exit code, duration, output (secret-masked, size-capped with the hash of the whole) in the journal before the reply is sent.',
    by: ['src/engine/tasks/actions.ts'],
  },
  {
    id: 'FAQ-8',
    says: 'Trusted patterns auto-approve specific safe commands',
    kinds: ['E'],
    must: 'Patterns match parsed arguments, not text; every sub-command must match; never lifts a deny.',
    by: ['src/engine/guard/trusted.ts'],
  },
];
