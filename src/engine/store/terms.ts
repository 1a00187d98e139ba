import type { Sqlite } from './sqlite';

const KINDS = ['type', 'user', 'channel', 'task', 'tool', 'effect', 'rule'] as const;
export type TermKind = (typeof KINDS)[number];

interface Term {
  readonly id: number;
  count: number;
}

/** Terms kept in memory between two batches; beyond that they are read again when needed. */
const MAX_CACHED = 20_000;

/** Numbers for texts that occur again and again, with how often they do. */
export class Terms {
  private cache = new Map<string, Term>();
  private byId = new Map<number, Term>();
  private changed = new Set<Term>();
  private nextId: number;

  constructor(private readonly db: Sqlite) {
    this.nextId = Number(db.first('SELECT coalesce(max(id), 0) + 1 FROM term')?.[0] ?? 1);
  }

  static createTables(db: Sqlite): void {
    db.script(
      'CREATE TABLE term(id INTEGER PRIMARY KEY, kind INTEGER, text TEXT, n INTEGER, UNIQUE(kind, text))',
    );
  }

  /** The number of a text, which occurs once more. */
  count(kind: TermKind, text: string): number {
    const term = this.load(kind, text) ?? this.insert(kind, text);
    term.count += 1;
    this.changed.add(term);
    return term.id;
  }

  /** As `count`, for a text of which only the number is at hand. */
  countId(id: number): number {
    const cached = this.byId.get(id);
    if (cached) {
      cached.count += 1;
      this.changed.add(cached);
    } else {
      this.db.run('UPDATE term SET n = n + 1 WHERE id = ?', [id]);
    }
    return id;
  }

  find(kind: TermKind, text: string): { readonly id: number; readonly count: number } | undefined {
    return this.load(kind, text);
  }

  text(id: number): string {
    return String(this.db.first('SELECT text FROM term WHERE id = ?', [id])?.[0] ?? '');
  }

  /** Writes the counts. */
  flush(): void {
    for (const term of this.changed) this.db.run('UPDATE term SET n = ? WHERE id = ?', [term.count, term.id]);
    this.changed.clear();
    if (this.cache.size > MAX_CACHED) this.forget();
  }

  forget(): void {
    this.cache.clear();
    this.byId.clear();
  }

  private load(kind: TermKind, text: string): Term | undefined {
    const key = `${kind} ${text}`;
    const cached = this.cache.get(key);
    if (cached) return cached;
    const row = this.db.first('SELECT id, n FROM term WHERE kind = ? AND text = ?', [
      KINDS.indexOf(kind),
      text,
    ]);
    return row ? this.keep(key, { id: Number(row[0]), count: Number(row[1]) }) : undefined;
  }

  private insert(kind: TermKind, text: string): Term {
    const id = this.nextId;
    this.nextId += 1;
    this.db.run('INSERT INTO term VALUES(?,?,?,0)', [id, KINDS.indexOf(kind), text]);
    return this.keep(`${kind} ${text}`, { id, count: 0 });
  }

  private keep(key: string, term: Term): Term {
    this.cache.set(key, term);
    this.byId.set(term.id, term);
    return term;
  }
}
