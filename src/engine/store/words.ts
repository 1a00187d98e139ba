import type { Sqlite } from './sqlite';

/**
 * Records whose words share one full-text table. Within a table a search may have to walk through all that a word
 * occurs in, so this bounds how long one step of it takes, however long the history is.
 */
const BLOCK_RECORDS = 32_768;

/** Words of records by blocks of their sequence numbers, one full-text table a block. */
export class Words {
  private readonly blocks: Set<number>;

  constructor(private readonly db: Sqlite) {
    const names = db.all(
      "SELECT name FROM sqlite_master WHERE name GLOB 'words_[0-9]*' AND sql LIKE 'CREATE VIRTUAL%'",
    );
    this.blocks = new Set(names.map(([name]) => Number(String(name).slice('words_'.length))));
  }

  add(seq: number, text: string): void {
    if (text === '') return;
    const block = blockOf(seq);
    if (!this.blocks.has(block)) {
      // Contentless: the words lead to a record, the record itself stays in the journal.
      this.db.script(
        `CREATE VIRTUAL TABLE words_${block} USING fts4(content="", text, tokenize=unicode61, order=desc)`,
      );
      this.blocks.add(block);
    }
    this.db.run(`INSERT INTO words_${block}(docid, text) VALUES(?,?)`, [seq, text]);
  }

  /** The table with the words of the records just below `upper`, and the first of them; no table if they have none. */
  below(upper: number): { readonly table: string | undefined; readonly first: number } {
    const block = blockOf(upper - 1);
    return {
      table: this.blocks.has(block) ? `words_${block}` : undefined,
      first: block * BLOCK_RECORDS,
    };
  }

  /** Forgets the blocks that end before or with `seq`. */
  dropThrough(seq: number): void {
    for (const block of this.blocks) {
      if ((block + 1) * BLOCK_RECORDS - 1 > seq) continue;
      this.db.script(`DROP TABLE words_${block}`);
      this.blocks.delete(block);
    }
  }
}

function blockOf(seq: number): number {
  return Math.floor(seq / BLOCK_RECORDS);
}

/**
 * A search as FTS4 understands it, made of the words alone: whatever else a person types has no meaning there.
 * Empty when there are no words.
 */
export function matchExpression(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return words.map((word, i) => (i === words.length - 1 ? `"${word}*"` : `"${word}"`)).join(' ');
}
