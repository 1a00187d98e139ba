import type { Damage, Head } from '../journal';

/** What a journal has where the head speaks of. */
export interface AtHead {
  readonly lastSeq: number;
  /** The last record that retention dropped, 0 for none. */
  readonly dropped: number;
  /** Hash of the record that the head names; absent when there is none. */
  readonly hash?: string;
  readonly keyId?: string;
}

/** What is wrong with a journal beside a head that was remembered in a second place: cut off, replaced, another key. */
export function damageAgainst(head: Head, at: AtHead): Damage[] {
  const place = { segment: 'heads.jsonl', line: 1, seq: head.seq };
  if (head.seq > at.lastSeq) {
    const text = `The record ends with ${at.lastSeq}, but ${head.seq} were written: the end was cut off, or an older copy was put back.`;
    return [{ ...place, kind: 'truncated', seq: at.lastSeq + 1, text }];
  }
  if (head.seq <= at.dropped) return [];
  const damage: Damage[] = [];
  if (at.hash !== head.hash) {
    const text = `Record ${head.seq} is not the one that was written: the record was replaced.`;
    damage.push({ ...place, kind: 'replaced', text });
  }
  if (at.keyId !== undefined && head.key !== at.keyId) {
    const text = 'The key that signs the record is not the one that signed it before.';
    damage.push({ ...place, kind: 'key', text });
  }
  return damage;
}
