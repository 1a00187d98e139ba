import type { Found, Severity } from '../model/posture';

/** A pure rule over one family of facts. */
export interface PostureRule<F> {
  /** The control's id, with a suffix for a second rule of one control: `ENV-PROD.mode`. */
  readonly id: string;
  readonly severity: Severity;
  /** What should be so, in a few words. */
  readonly title: string;
  /** Why it matters, in one or two sentences. */
  readonly why: string;
  /** A page of the documentation beside `docs/controls.md`, relative to the root of the product. */
  readonly docs?: string;
  /** Empty when all is well. */
  check(facts: F): readonly Found[];
}

/** A finding for each of `items`. */
export function each<T>(items: readonly T[], found: (item: T) => Found | undefined): readonly Found[] {
  return items.flatMap((item) => found(item) ?? []);
}
