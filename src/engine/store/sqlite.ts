import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import initSqlJs, { type Database, type SqlJsStatic } from 'sql.js';

export type SqliteModule = SqlJsStatic;
export type SqlValue = string | number | null;

/** Statements kept prepared; a search has its own for each of its filters and for each block of words. */
const MAX_PREPARED = 256;

/**
 * Loads SQLite. In the bundle `sql-wasm.wasm` lies beside the script; when run from sources it is taken from the
 * package.
 */
export function loadSqlite(): Promise<SqliteModule> {
  const bundled = existsSync(join(__dirname, 'sql-wasm.wasm'));
  const directory = bundled ? __dirname : dirname(createRequire(__filename).resolve('sql.js'));
  return initSqlJs({ locateFile: (file) => join(directory, file) });
}

/**
 * A database with its prepared statements. Exporting closes and reopens the database inside sql.js, which frees all
 * statements; they are prepared anew when next used.
 */
export class Sqlite {
  private readonly statements = new Map<string, ReturnType<Database['prepare']>>();

  constructor(private readonly database: Database) {
    this.configure();
  }

  private configure(): void {
    // The database is disposable and in memory: what its own journal would protect from cannot happen.
    this.database.run(
      'PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;',
    );
  }

  script(sql: string): void {
    this.database.run(sql);
  }

  run(sql: string, values: readonly SqlValue[] = []): void {
    this.prepared(sql).run([...values]);
  }

  all(sql: string, values: readonly SqlValue[] = []): SqlValue[][] {
    const statement = this.prepared(sql);
    const rows: SqlValue[][] = [];
    try {
      statement.bind([...values]);
      while (statement.step()) rows.push(statement.get() as SqlValue[]);
    } finally {
      statement.reset();
    }
    return rows;
  }

  first(sql: string, values: readonly SqlValue[] = []): SqlValue[] | undefined {
    return this.all(sql, values)[0];
  }

  /** All or nothing of what `work` does. */
  transaction(work: () => void): void {
    this.script('BEGIN');
    try {
      work();
      this.script('COMMIT');
    } catch (error) {
      this.script('ROLLBACK');
      throw error;
    }
  }

  export(): Uint8Array {
    this.statements.clear();
    const bytes = this.database.export();
    this.configure();
    return bytes;
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }

  private release(): void {
    for (const statement of this.statements.values()) statement.free();
    this.statements.clear();
  }

  private prepared(sql: string): ReturnType<Database['prepare']> {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      if (this.statements.size >= MAX_PREPARED) this.release();
      this.statements.set(sql, statement);
    }
    return statement;
  }
}
