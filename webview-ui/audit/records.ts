import type { AuditRow } from '../../src/views/protocol/audit';

/** Records in one request. */
export const PAGE_SIZE = 100;
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

/**
 * The rows of one query, newest first, of which only the pages that are looked at are held.
 * Without a filter sequence numbers have no gaps, so any page can be asked for at once. With one, a page can be
 * asked for once the page before it has said where it ends.
 */
export class Records {
  private readonly pages = new Map<number, readonly AuditRow[]>();
  /** `cursors[n]` is where page n starts. The first has none. */
  private readonly cursors: (number | undefined)[] = [undefined];
  private readonly asked = new Set<number>();
  private loaded = false;
  private end: number | undefined;
  private newest = 0;
  private matching = 0;

  constructor(private readonly dense: boolean) {}

  /** Records that match in all. */
  get total(): number {
    return this.matching;
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
    return Math.min(this.matching, this.cursors.length * PAGE_SIZE);
  }

  row(index: number): AuditRow | undefined {
    return this.pages.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE];
  }

  /** The requests that are needed to show these rows and have not been made. */
  need(from: number, to: number): readonly PageRequest[] {
    const first = Math.floor(from / PAGE_SIZE);
    const last = Math.floor(Math.max(from, to - 1) / PAGE_SIZE);
    const requests: PageRequest[] = [];
    for (let page = first; page <= last; page += 1) {
      if (this.pages.has(page) || this.asked.has(page)) continue;
      const request = this.request(page);
      if (request === undefined || this.asked.has(request.page)) continue;
      this.asked.add(request.page);
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
    if (loaded.nextBeforeSeq === undefined) this.end = page * PAGE_SIZE + loaded.rows.length;
    else this.cursors[page + 1] = loaded.nextBeforeSeq;
    this.evict(Math.floor(lookingAt / PAGE_SIZE));
  }

  /** A request failed: it may be made again. */
  forget(page: number): void {
    this.asked.delete(page);
  }

  private request(page: number): PageRequest | undefined {
    if (page === 0) return { page, beforeSeq: undefined };
    if (this.dense && this.loaded) {
      const beforeSeq = this.newest - page * PAGE_SIZE + 1;
      return beforeSeq > 1 ? { page, beforeSeq } : undefined;
    }
    if (this.cursors[page] !== undefined) return { page, beforeSeq: this.cursors[page] };
    const known = this.cursors.length - 1;
    return this.end === undefined && known > 0 ? { page: known, beforeSeq: this.cursors[known] } : undefined;
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
