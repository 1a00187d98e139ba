/** Which rows of a long list are drawn. All lengths in CSS pixels. */

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

/** How many of `count` rows can be reached by scrolling; the older ones need a filter. */
export function reachable(count: number, rowHeight: number): number {
  return Math.min(count, Math.floor(TALLEST_PX / rowHeight));
}
