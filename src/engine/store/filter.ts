import type { AnyRecord } from '../model/record';
import { type Columns, columnsOf } from './columns';
import type { ExportFilter } from './requests';

/** A record with what it can be found by, its task's owner included. */
export interface Described {
  readonly record: AnyRecord;
  readonly columns: Columns;
}

/** Finds records while reading a journal from its start, with the meaning that the audit index gives a query. */
export class RecordFilter {
  private readonly owners = new Map<string, { user?: string; channel?: string }>();
  private readonly types: ReadonlySet<string> | undefined;
  private readonly words: readonly string[] | undefined;

  constructor(private readonly filter: ExportFilter) {
    this.types = filter.type === undefined ? undefined : new Set([filter.type].flat());
    this.words = filter.text === undefined ? undefined : tokens(filter.text);
  }

  /** Must be given every record, in order. Undefined when the record is not looked for. */
  take(record: AnyRecord): Described | undefined {
    let columns = columnsOf(record);
    if (columns.task !== undefined) {
      const { user, channel } = columns;
      const owner = this.owners.get(columns.task);
      if (record.type === 'task.created' && !owner) {
        this.owners.set(columns.task, {
          ...(user === undefined ? {} : { user }),
          ...(channel === undefined ? {} : { channel }),
        });
      }
      if (owner) columns = { ...owner, ...columns };
    }
    return this.matches(record, columns) ? { record, columns } : undefined;
  }

  private matches(record: AnyRecord, columns: Columns): boolean {
    const { filter } = this;
    for (const key of ['user', 'channel', 'task', 'tool', 'effect', 'rule'] as const) {
      if (filter[key] !== undefined && filter[key] !== columns[key]) return false;
    }
    if (this.types && !this.types.has(record.type)) return false;
    if (filter.from !== undefined && record.at < filter.from) return false;
    if (filter.to !== undefined && record.at > filter.to) return false;
    return this.words === undefined || this.hasWords(columns.text);
  }

  private hasWords(text: string): boolean {
    const words = this.words ?? [];
    if (words.length === 0) return false;
    const there = tokens(text);
    return words.every((word, i) =>
      i === words.length - 1 ? there.some((other) => other.startsWith(word)) : there.includes(word),
    );
  }
}

/** Words as the index takes them: letters and digits, without case and marks. */
function tokens(text: string): string[] {
  return (
    text
      .normalize('NFD')
      .replace(/\p{M}+/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}
