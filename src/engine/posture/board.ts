import type { Finding } from '../model/posture';
import { FAMILIES, type FactFamilies, type FamilyName, type RulesOfChannel } from './facts';
import type { ChecklistChunk } from './ports';

/** What is found now, family by family. A family is evaluated only when its facts are others than before. */
export class Board {
  private readonly seen = new Map<FamilyName, string>();
  private readonly found = new Map<FamilyName, readonly Finding[]>();
  /** How often each family was evaluated, for tests and the log. */
  readonly evaluations = new Map<FamilyName, number>();

  constructor(
    private readonly evaluate: ChecklistChunk['evaluate'],
    private readonly rulesOf: RulesOfChannel = () => [],
  ) {}

  /** @returns whether the family was evaluated. `undefined`: its facts are unknown. */
  update<F extends FamilyName>(family: F, facts: FactFamilies[F] | undefined): boolean {
    if (facts === undefined) {
      this.found.delete(family);
      return this.seen.delete(family);
    }
    const text = JSON.stringify(facts);
    if (this.seen.get(family) === text) return false;
    this.seen.set(family, text);
    this.found.set(family, this.evaluate(family, facts, this.rulesOf));
    this.evaluations.set(family, (this.evaluations.get(family) ?? 0) + 1);
    return true;
  }

  /** Each id once; in the order of the families. */
  findings(): readonly Finding[] {
    const byId = new Map<string, Finding>();
    for (const family of FAMILIES) for (const one of this.found.get(family) ?? []) byId.set(one.id, one);
    return [...byId.values()];
  }

  /** Families whose facts are not known: what they would show is not among the findings. */
  unknown(): readonly FamilyName[] {
    return FAMILIES.filter((family) => !this.seen.has(family));
  }
}
