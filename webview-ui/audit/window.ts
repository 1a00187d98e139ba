/** Which rows of a long list are drawn, and where. All lengths in CSS pixels. */

export interface Range {
  /** First row, from 0. */
  readonly from: number;
  /** One past the last row. */
  readonly to: number;
}

/** Rows drawn above and below what is seen, so that a small scroll has them ready. */
const OVERSCAN = 8;

/** Tallest element that Chromium lays out is 33,554,428 px; some room is left for zoom. */
const TALLEST_PX = 30_000_000;

/** The rows to draw for a scroll position. */
export function visibleRange(scrollTop: number, height: number, rowHeight: number, count: number): Range {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const shown = Math.ceil(Math.max(0, height) / rowHeight) + 1;
  const from = Math.max(0, Math.min(count, first - OVERSCAN));
  return { from, to: Math.max(from, Math.min(count, first + shown + OVERSCAN)) };
}

/**
 * Positions in a list that may be taller than an element can be. Where it fits, places are places; where it does not,
 * the scroll bar stands for the whole list and one of its pixels for several of the list's.
 */
export class ScrollMap {
  /** Height of the list if an element could have it. */
  private readonly whole: number;
  /** Height of the element that is scrolled. */
  readonly height: number;

  constructor(
    count: number,
    private readonly rowHeight: number,
    private readonly view: number,
  ) {
    this.whole = count * rowHeight;
    this.height = Math.min(this.whole, TALLEST_PX);
  }

  /** True when rows have to be put in their place again after each scroll. */
  get isScaled(): boolean {
    return this.whole > this.height;
  }

  /** Where in the whole list a scroll position is. */
  placeAt(scrollTop: number): number {
    return this.isScaled ? scrollTop * this.ratio : scrollTop;
  }

  /** The scroll position that shows a place of the whole list at the top. */
  scrollTo(place: number): number {
    const wanted = Math.max(0, Math.min(this.whole - this.view, place));
    return this.isScaled ? wanted / this.ratio : wanted;
  }

  /** Where in the scrolled element a row stands now. */
  topOf(index: number, scrollTop: number): number {
    return index * this.rowHeight - this.placeAt(scrollTop) + scrollTop;
  }

  private get ratio(): number {
    return Math.max(1, this.whole - this.view) / Math.max(1, this.height - this.view);
  }
}
