import type { AnyRecord } from '../model/record';
import { readLine } from './line';
import type { Damage, DamageKind } from './port';

/** Where a walk along the chain stands. `hash` is undefined when the record there cannot be read. */
export interface WalkEnd {
  readonly seq: number;
  readonly hash: string | undefined;
  readonly at: number;
}

/** Follows the chain line by line and says of each line what is wrong with it, if anything. */
export class ChainWalk {
  constructor(
    private position: WalkEnd,
    private readonly report: (damage: Damage) => void,
  ) {}

  get end(): WalkEnd {
    return this.position;
  }

  /** Checks one whole line. Returns its record when it can be read, even when something is wrong with it. */
  line(bytes: Buffer, segment: string, line: number): AnyRecord | undefined {
    const { record, fault } = readLine(bytes);
    const { seq: last, hash: lastHash } = this.position;
    const tell = (kind: DamageKind, seq: number, text: string) =>
      this.report({ kind, segment, line, seq, text });
    if (!record) {
      tell('edited', last + 1, `Line ${line} of ${segment} cannot be read: ${fault}.`);
      this.position = { seq: last + 1, hash: undefined, at: this.position.at };
      return undefined;
    }
    if (fault)
      tell('edited', record.seq, `Record ${record.seq} (${segment}, line ${line}) was changed: ${fault}.`);
    if (record.seq > last + 1) {
      const gone =
        record.seq === last + 2 ? `Record ${last + 1} is` : `Records ${last + 1} to ${record.seq - 1} are`;
      tell('missing', last + 1, `${gone} missing before record ${record.seq} (${segment}, line ${line}).`);
    } else if (record.seq <= last) {
      tell(
        'misplaced',
        record.seq,
        `Record ${record.seq} (${segment}, line ${line}) stands where record ${last + 1} belongs.`,
      );
      return record;
    } else if (!fault && lastHash !== undefined && record.prev !== lastHash) {
      tell(
        'unlinked',
        record.seq,
        `Record ${record.seq} (${segment}, line ${line}) was not written after the record that stands before it.`,
      );
    }
    this.position = { seq: record.seq, hash: record.hash, at: Math.max(record.at, this.position.at) };
    return record;
  }
}
