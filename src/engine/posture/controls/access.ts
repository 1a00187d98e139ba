import type { Row } from './control';

/** Who gets in, and what a kind of conversation may do. */
export const ACCESS: readonly Row[] = [
  {
    id: 'CTX-1',
    says: '',
    kinds: ['E'],
    must: 'Tool group `memory` (clipboard read/write, history search, memory read/write) denied in group and public contexts by default.',
    by: ['src/engine/policy/layers/context.ts'],
  },
  {
    id: 'CTX-2',
    says: '',
    kinds: ['E'],
    must: 'Per channel: one policy for `dm`, one for `group`, one for `public`: mode, denied tool groups, role needed.',
    by: ['src/engine/access/config.ts'],
  },
  {
    id: 'ACC-1',
    says: '',
    kinds: ['E'],
    must: 'Pairing code: CSPRNG, 6 characters from a 32-symbol alphabet without look-alikes, TTL 300 s, single use, stored only as a salted hash, compared in constant time.',
    by: ['src/engine/access/codes.ts'],
  },
  {
    id: 'ACC-2',
    says: '',
    kinds: ['E'],
    must: 'Five wrong codes per identity ⇒ 15 min lockout, doubling; **and** a global cap per code so that many identities cannot guess together: after 20 wrong tries by anyone the code dies. Survives restarts.',
    by: ['src/engine/access/door.ts'],
  },
  {
    id: 'ACC-3',
    says: '',
    kinds: ['E'],
    must: 'Only a message that is exactly a code counts as an attempt; unknown senders get at most one reply per window.',
    by: ['src/engine/access/door.ts'],
  },
  {
    id: 'ACC-4',
    says: '',
    kinds: ['E'],
    must: "Identity is the platform's immutable id, never a display name, username, suffix or email local part.",
    by: ['src/engine/model/identity.ts'],
  },
  {
    id: 'ACC-5',
    says: '',
    kinds: ['E'],
    must: 'Switching from `open` to another mode un-admits everyone the open mode let in.',
    by: ['src/engine/access/people.ts'],
  },
  {
    id: 'ACC-6',
    says: '',
    kinds: ['E'],
    must: 'Bots and self-messages are never admitted.',
    by: ['src/engine/access/door.ts'],
  },
];
