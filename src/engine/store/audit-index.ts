import type { Location } from '../journal';
import type { AnyRecord } from '../model/record';
import type { Group } from './audit-tally';
import { columnsOf } from './columns';
import type { FullAuditQuery, StoreFilter } from './query';
import { Sqlite, type SqliteModule, type SqlValue } from './sqlite';
import { type TermKind, Terms } from './terms';
import { matchExpression, Words } from './words';

/** Raise it when the tables or their meaning change: an older index is then thrown away and made anew. */
export const INDEX_VERSION = 4;

const HOUR_MS = 3_600_000;
/** Records that the first step of a search looks at; later steps take more or fewer, so that each lasts `STEP_MS`. */
const FIRST_WINDOW = 4_096;
const STEP_MS = 6;
/** Milliseconds after which a search gives what it has; one step more, on a busy machine, stays far below 50. */
const SEARCH_MS = 12;

const SCHEMA = `
CREATE TABLE rec(seq INTEGER PRIMARY KEY, at INTEGER, type INTEGER, usr INTEGER, chan INTEGER, task INTEGER,
  tool INTEGER, eff INTEGER, rule INTEGER, seg INTEGER, off INTEGER, len INTEGER);
CREATE INDEX rec_type ON rec(type);
CREATE INDEX rec_usr ON rec(usr) WHERE usr IS NOT NULL;
CREATE INDEX rec_chan ON rec(chan) WHERE chan IS NOT NULL;
CREATE INDEX rec_task ON rec(task) WHERE task IS NOT NULL;
CREATE INDEX rec_tool ON rec(tool) WHERE tool IS NOT NULL;
CREATE INDEX rec_eff ON rec(eff) WHERE eff IS NOT NULL;
CREATE INDEX rec_rule ON rec(rule) WHERE rule IS NOT NULL;
CREATE TABLE owner(task INTEGER PRIMARY KEY, usr INTEGER, chan INTEGER);
`;

export interface Found {
  readonly locations: readonly Location[];
  readonly next?: number;
  readonly total: { readonly count: number; readonly exact: boolean };
}

/**
 * What the audit view searches in. Rows hold numbers only: terms are numbered, and the record itself stays in the
 * journal. Disposable: made anew from the journal when it is missing.
 */
export class AuditIndex {
  private readonly terms: Terms;
  private readonly words: Words;
  private last = 0;
  private first = 1;

  private constructor(
    private readonly db: Sqlite,
    private readonly now: () => number,
  ) {
    this.terms = new Terms(db);
    this.words = new Words(db);
    const range = db.first('SELECT min(seq), max(seq) FROM rec');
    this.first = Number(range?.[0] ?? 1);
    this.last = Number(range?.[1] ?? 0);
  }

  static create(sqlite: SqliteModule, now: () => number): AuditIndex {
    const db = new Sqlite(new sqlite.Database());
    db.script(SCHEMA);
    Terms.createTables(db);
    return new AuditIndex(db, now);
  }

  /** @throws when the bytes are not such a database. */
  static load(sqlite: SqliteModule, bytes: Uint8Array, now: () => number): AuditIndex {
    return new AuditIndex(new Sqlite(new sqlite.Database(bytes)), now);
  }

  /** Sequence number of the newest record in it; 0 when empty. */
  get lastSeq(): number {
    return this.last;
  }

  /** Adds records in order. */
  add(records: readonly { record: AnyRecord; at: Location }[]): void {
    if (records.length === 0) return;
    this.db.transaction(() => {
      for (const { record, at } of records) this.addOne(record, at);
      this.terms.flush();
    });
  }

  private addOne(record: AnyRecord, location: Location): void {
    const columns = columnsOf(record);
    const type = this.terms.count('type', record.type);
    const effect = this.counted('effect', columns.effect);
    const tool = this.counted('tool', columns.tool);
    const rule = this.counted('rule', columns.rule);
    const task = this.counted('task', columns.task);
    let user = this.counted('user', columns.user);
    let channel = this.counted('channel', columns.channel);
    if (task !== null) {
      // What a task does belongs to whoever asked for it, though most of its records name the task only.
      if (record.type === 'task.created')
        this.db.run('INSERT OR IGNORE INTO owner VALUES(?,?,?)', [task, user, channel]);
      else if (user === null || channel === null) {
        const [owner, home] = this.db.first('SELECT usr, chan FROM owner WHERE task = ?', [task]) ?? [];
        if (user === null && typeof owner === 'number') user = this.terms.countId(owner);
        if (channel === null && typeof home === 'number') channel = this.terms.countId(home);
      }
    }
    this.db.run('INSERT OR REPLACE INTO rec VALUES(?,?,?,?,?,?,?,?,?,?,?,?)', [
      record.seq,
      record.at,
      type,
      user,
      channel,
      task,
      tool,
      effect,
      rule,
      location.segment,
      location.offset,
      location.length,
    ]);
    this.words.add(record.seq, columns.text);
    if (this.last === 0) this.first = record.seq;
    this.last = record.seq;
  }

  private counted(kind: TermKind, text: string | undefined): number | null {
    return text === undefined ? null : this.terms.count(kind, text);
  }

  /** Forgets records up to `seq`, which retention dropped. */
  dropThrough(seq: number): void {
    this.db.run('DELETE FROM rec WHERE seq <= ?', [seq]);
    this.words.dropThrough(seq);
    this.first = seq + 1;
  }

  location(seq: number): Location | undefined {
    const row = this.db.first('SELECT seq, seg, off, len FROM rec WHERE seq = ?', [seq]);
    return row ? toLocation(row) : undefined;
  }

  /** Newest first. Looks at windows of records, from the newest back, until the page is full or time is up. */
  find(query: FullAuditQuery): Found {
    const search = this.searchFor(query);
    if (!search) return { locations: [], total: { count: 0, exact: true } };
    const { bound, narrowing, high, match } = search;
    const rows = this.search(search, Math.min(high, query.before ?? high), query.limit);
    const total = { count: bound, exact: match === undefined && (narrowing <= 1 || bound === 0) };
    return {
      locations: rows.found.map(toLocation),
      total,
      ...(rows.next === undefined ? {} : { next: rows.next }),
    };
  }

  /** Undefined when nothing can match. */
  private searchFor(filter: StoreFilter): Search | undefined {
    const where: string[] = [];
    const values: SqlValue[] = [];
    let bound = this.last - this.first + 1;
    let narrowing = 0;
    for (const [kind, column, wanted] of this.wanted(filter)) {
      const terms = wanted.map((text) => this.terms.find(kind, text)).filter((term) => term !== undefined);
      if (terms.length === 0) return undefined;
      where.push(`${column} IN (${terms.map(() => '?').join(',')})`);
      values.push(...terms.map((term) => term.id));
      bound = Math.min(
        bound,
        terms.reduce((sum, term) => sum + term.count, 0),
      );
      narrowing += 1;
    }
    const match = filter.text === undefined ? undefined : matchExpression(filter.text);
    if (match === '') return undefined;
    const low = filter.from === undefined ? this.first : this.firstAtOrAfter(filter.from);
    const high = filter.to === undefined ? this.last + 1 : this.firstAtOrAfter(filter.to + 1);
    if (filter.from !== undefined || filter.to !== undefined) {
      bound = Math.min(bound, Math.max(high - low, 0));
      narrowing += 1;
    }
    const and = where.map((clause) => ` AND ${clause}`).join('');
    return { and, match, values, low, high, bound, narrowing };
  }

  private wanted(query: StoreFilter): [TermKind, string, readonly string[]][] {
    const types = query.type === undefined ? undefined : [query.type].flat();
    const all: [TermKind, string, readonly string[] | undefined][] = [
      ['type', 'type', types],
      ['user', 'usr', query.user === undefined ? undefined : [query.user]],
      ['channel', 'chan', query.channel === undefined ? undefined : [query.channel]],
      ['task', 'task', query.task === undefined ? undefined : [query.task]],
      ['tool', 'tool', query.tool === undefined ? undefined : [query.tool]],
      ['effect', 'eff', query.effect === undefined ? undefined : [query.effect]],
      ['rule', 'rule', query.rule === undefined ? undefined : [query.rule]],
    ];
    return all.filter((part): part is [TermKind, string, readonly string[]] => part[2] !== undefined);
  }

  private search(search: Search, top: number, limit: number): { found: SqlValue[][]; next?: number } {
    const found: SqlValue[][] = [];
    const started = this.now();
    for (const step of this.steps(search, top)) {
      // One more than asked for tells whether there is a next page.
      found.push(
        ...step.rows('seq, seg, off, len', `ORDER BY ${step.key} DESC LIMIT ?`, [limit + 1 - found.length]),
      );
      if (found.length > limit) return { found: found.slice(0, limit), next: Number(found[limit - 1]?.[0]) };
      if (this.now() - started >= SEARCH_MS)
        return step.lower > search.low ? { found, next: step.lower } : { found };
    }
    return { found };
  }

  /** What a search has to look at, from below `top` back, in steps of about `STEP_MS`. */
  private *steps({ match, and, values, low }: Search, top: number): Generator<Step> {
    const window = new Window(this.now);
    let upper = top;
    while (upper > low) {
      const words = match === undefined ? undefined : this.words.below(upper);
      const lower = Math.max(low, words?.first ?? low, upper - window.size);
      const key = words ? 'docid' : 'seq';
      const from = words
        ? `${words.table} JOIN rec ON rec.seq = docid WHERE ${words.table} MATCH ? AND`
        : 'rec WHERE';
      const given = [...(match === undefined ? [] : [match]), lower, upper, ...values];
      const rows = (select: string, rest: string, more: readonly SqlValue[] = []) =>
        window.timed(() =>
          this.db.all(`SELECT ${select} FROM ${from} ${key} >= ? AND ${key} < ?${and} ${rest}`, [
            ...given,
            ...more,
          ]),
        );
      if (!words || words.table !== undefined) yield { lower, key, rows };
      upper = lower;
    }
  }

  /**
   * Counts the records that a filter takes, a window of records a step; whoever iterates may let others have a turn
   * between two steps. Records added meanwhile are not counted.
   */
  *groups(filter: StoreFilter): Generator<readonly Group[]> {
    const search = this.searchFor(filter);
    if (!search) return;
    const names = new Map<SqlValue, string>();
    const name = (id: SqlValue | undefined) => {
      if (typeof id !== 'number') return undefined;
      const known = names.get(id) ?? this.terms.text(id);
      names.set(id, known);
      return known;
    };
    for (const step of this.steps(search, search.high)) {
      const rows = step.rows(
        `at / ${HOUR_MS} AS hour, type, chan, eff, usr, rule, count(*)`,
        'GROUP BY hour, type, chan, eff, usr, rule',
      );
      yield rows.map(([hour, type, channel, effect, user, rule, count]) => ({
        hour: Number(hour),
        type: name(type) ?? '',
        channel: name(channel),
        effect: name(effect),
        user: name(user),
        rule: name(rule),
        count: Number(count),
      }));
    }
  }

  /** Sequence number of the first record at or after a time; times never run backwards. */
  private firstAtOrAfter(at: number): number {
    let low = this.first;
    let high = this.last + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.db.first('SELECT at FROM rec WHERE seq >= ? ORDER BY seq LIMIT 1', [middle]);
      if (row && Number(row[0]) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  export(): Uint8Array {
    const bytes = this.db.export();
    this.terms.forget();
    return bytes;
  }

  close(): void {
    this.db.close();
  }
}

/** Some of the records that a search looks at. */
interface Step {
  /** Sequence number of the first of them. */
  readonly lower: number;
  /** The column with their sequence numbers. */
  readonly key: string;
  /** Those that match; `rest` follows the conditions and takes `more`. */
  rows(select: string, rest: string, more?: readonly SqlValue[]): SqlValue[][];
}

/** What to look for. */
interface Search {
  /** Words, as full-text search takes them. */
  readonly match: string | undefined;
  /** Further conditions as SQL, which take `values`. */
  readonly and: string;
  readonly values: readonly SqlValue[];
  readonly low: number;
  readonly high: number;
  /** No more than so many match. */
  readonly bound: number;
  readonly narrowing: number;
}

/** How many records a step looks at, so that each lasts about `STEP_MS`. */
class Window {
  size = FIRST_WINDOW;

  constructor(private readonly now: () => number) {}

  timed<T>(step: () => T): T {
    const from = this.now();
    const result = step();
    const took = Math.max(this.now() - from, 0.1);
    this.size = Math.ceil(this.size * Math.min(Math.max(STEP_MS / took, 0.25), 4));
    return result;
  }
}

function toLocation([seq, segment, offset, length]: SqlValue[]): Location {
  return { seq: Number(seq), segment: Number(segment), offset: Number(offset), length: Number(length) };
}
