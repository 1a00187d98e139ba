import type { Memento } from 'vscode';

export interface SavedFilter {
  readonly name: string;
  readonly filter: string;
}

const KEY = 'cowork.audit.filters';
/** More would not be found again in a row of chips. */
const MOST = 50;
/** As long as what the page may ask for. In UTF-16 units. */
const LONGEST_FILTER = 2000;
const LONGEST_NAME = 60;

/** Filters of the audit that a person gave a name, for this workspace. A name stands for one filter. */
export class SavedFilters {
  constructor(private readonly memento: Memento) {}

  list(): readonly SavedFilter[] {
    const stored: unknown = this.memento.get(KEY);
    return Array.isArray(stored) ? stored.filter(isSaved) : [];
  }

  /** Undefined when the name can be taken; else a reason by which the caller finds a sentence. */
  fault(name: string, instead?: string): 'empty' | 'long' | 'taken' | undefined {
    const wanted = name.trim();
    if (wanted === '') return 'empty';
    if (wanted.length > LONGEST_NAME) return 'long';
    return wanted !== instead && this.list().some((saved) => saved.name === wanted) ? 'taken' : undefined;
  }

  /** The newest stands last; the oldest makes room when there are too many. */
  async save(name: string, filter: string): Promise<void> {
    const others = this.list().filter((saved) => saved.name !== name.trim());
    await this.keep([...others, { name: name.trim(), filter }].slice(-MOST));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.keep(
      this.list().map((saved) => (saved.name === from ? { ...saved, name: to.trim() } : saved)),
    );
  }

  async remove(name: string): Promise<void> {
    await this.keep(this.list().filter((saved) => saved.name !== name));
  }

  private async keep(filters: readonly SavedFilter[]): Promise<void> {
    await this.memento.update(KEY, filters);
  }
}

function isSaved(value: unknown): value is SavedFilter {
  if (typeof value !== 'object' || value === null) return false;
  const { name, filter } = value as Readonly<Record<string, unknown>>;
  return (
    typeof name === 'string' &&
    name.length <= LONGEST_NAME &&
    typeof filter === 'string' &&
    filter.length <= LONGEST_FILTER
  );
}
