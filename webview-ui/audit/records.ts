import { type AuditRow, PAGE_SIZE } from '../../src/views/protocol/audit';

/** Pages that are kept; the farthest from what is looked at go first. 60 pages are some megabytes. */
const PAGES_KEPT = 60;

export interface PageRequest {
  readonly page: number;
  readonly beforeSeq: number | undefined;
}

export interface LoadedPage {
  readonly rows: readonly AuditRow[];
  readonly nextBeforeSeq?: number | undefined;
  readonly total: number;
}

/** Where a page of a filtered list begins: its first index, and the number before which its records are. */
interface Start {
  readonly index: number;
  readonly beforeSeq: number | undefined;
}

/**
 * The rows of one query, newest first, of which only the pages that are looked at are held.
 * Without a filter sequence numbers have no gaps, so any page can be asked for at once. With one, a page can be
 * asked for once the page before it has said where it ends; and it may be short, because a search ends after a time.
 */
export class Records {
  private readonly pages = new Map<number, readonly AuditRow[]>();
  private readonly starts: Start[] = [{ index: 0, beforeSeq: undefined }];
  private readonly asked = new Set<number>();
  private loaded = false;
  private end: number | undefined;
  private newest = 0;
  private matching = 0;

  constructor(private readonly dense: boolean) {}

  /** Records that match in all; an upper bound until the end of a filtered list was seen. */
  get total(): number {
    return this.dense ? this.matching : (this.end ?? this.matching);
  }

  get isLoaded(): boolean {
    return this.loaded;
  }

  /** The newest sequence number of this list: what came later is not part of it. */
  get top(): number {
    return this.newest;
  }

  /** Rows that the list offers for scrolling: all of them, or those loaded and one page more. */
  get count(): number {
    if (!this.loaded) return 0;
    if (this.dense) return this.matching;
    if (this.end !== undefined) return this.end;
    return Math.min(this.matching, this.lastStart.index + PAGE_SIZE);
  }

  row(index: number): AuditRow | undefined {
    const page = this.pageOf(index);
    return this.pages.get(page)?.[index - this.firstOf(page)];
  }

  /** Where the record with this number stands among those that are held, or -1. */
  indexOf(seq: number): number {
    for (const [page, rows] of this.pages) {
      const place = rows.findIndex((row) => row.seq === seq);
      if (place >= 0) return this.firstOf(page) + place;
    }
    return -1;
  }

  /** The requests that are needed to show these rows and have not been made. */
  need(from: number, to: number): readonly PageRequest[] {
    const first = this.pageOf(from);
    const last = this.pageOf(Math.max(from, to - 1));
    const requests: PageRequest[] = [];
    for (let page = first; page <= last; page += 1) {
      if (this.pages.has(page) || this.asked.has(page)) continue;
      const request = this.request(page);
      if (request === undefined) continue;
      this.asked.add(page);
      requests.push(request);
    }
    return requests;
  }

  add(page: number, loaded: LoadedPage, lookingAt: number): void {
    this.asked.delete(page);
    this.pages.set(page, loaded.rows);
    if (!this.loaded) {
      this.loaded = true;
      this.matching = loaded.total;
      this.newest = loaded.rows[0]?.seq ?? 0;
    }
    if (!this.dense) {
      const index = this.firstOf(page) + loaded.rows.length;
      if (loaded.nextBeforeSeq === undefined) this.end = index;
      else this.starts[page + 1] ??= { index, beforeSeq: loaded.nextBeforeSeq };
    }
    this.evict(this.pageOf(lookingAt));
  }

  /** A request failed: it may be made again. */
  forget(page: number): void {
    this.asked.delete(page);
  }

  private get lastStart(): Start {
    return this.starts.at(-1) ?? { index: 0, beforeSeq: undefined };
  }

  private firstOf(page: number): number {
    return this.dense ? page * PAGE_SIZE : (this.starts[page]?.index ?? 0);
  }

  /** The page on which a row is, or from which the way to it goes on. */
  private pageOf(index: number): number {
    if (this.dense) return Math.floor(index / PAGE_SIZE);
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      // An empty page has the start of the one after it, and its rows are there.
      if ((this.starts[middle]?.index ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private request(page: number): PageRequest | undefined {
    if (!this.dense) return { page, beforeSeq: this.starts[page]?.beforeSeq };
    if (page === 0) return { page, beforeSeq: undefined };
    if (!this.loaded) return undefined;
    const beforeSeq = this.newest - page * PAGE_SIZE + 1;
    return beforeSeq > 1 ? { page, beforeSeq } : undefined;
  }

  private evict(near: number): void {
    while (this.pages.size > PAGES_KEPT) {
      let farthest = near;
      for (const page of this.pages.keys()) {
        if (Math.abs(page - near) > Math.abs(farthest - near)) farthest = page;
      }
      if (farthest === near) return;
      this.pages.delete(farthest);
    }
  }
}
