import type { PolicyDocument, RuleNode } from './document';
import { ruleValue } from './document';
import type { RuleUseAnswer, Use } from './protocol';

/** How far back the record is looked at. */
export const DAYS = 30;

/** What is known of the use of rules. A rule keeps its counts while it is moved or others are edited. */
export class Uses {
  private readonly known = new Map<string, Use>();
  private days = DAYS;
  private considered = 0;

  /** Rules of the document whose counts are wanted, as the client asks for them. */
  wanted(document: PolicyDocument): readonly unknown[] {
    return document.rules.slice(0, 2000).map(ruleValue);
  }

  /** Takes the answer to `wanted`; what it does not know is forgotten. */
  take(rules: readonly unknown[], answer: RuleUseAnswer): void {
    this.known.clear();
    this.considered = answer?.considered ?? 0;
    this.days = answer?.days ?? DAYS;
    for (const [at, rule] of rules.entries()) {
      const use = answer?.uses[at];
      if (use !== undefined && use !== null) this.known.set(keyOf(rule), use);
    }
  }

  of(rule: RuleNode): { readonly use: Use; readonly days: number; readonly considered: number } | undefined {
    const use = this.known.get(keyOf(ruleValue(rule)));
    return use === undefined ? undefined : { use, days: this.days, considered: this.considered };
  }
}

/** What a rule is about; neither its id nor its reason changes that. */
function keyOf(rule: unknown): string {
  if (typeof rule !== 'object' || rule === null) return '';
  const conditions = Object.entries(rule).filter(([name]) => name !== 'id' && name !== 'reason');
  return JSON.stringify(conditions.sort(([a], [b]) => (a < b ? -1 : 1)));
}
