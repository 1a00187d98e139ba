/** What a layer, and in the end the decision, says about an action. Ordered: `allow < ask < deny`. */
export type Effect = 'allow' | 'ask' | 'deny';

const ORDER: Readonly<Record<Effect, number>> = { allow: 0, ask: 1, deny: 2 };

/** True when `a` is stricter than `b`. */
export function isStricter(a: Effect, b: Effect): boolean {
  return ORDER[a] > ORDER[b];
}

/** The strictest of the effects: law 1, "a decision is the maximum of its layers". `allow` for none. */
export function strictest(effects: Iterable<Effect>): Effect {
  let result: Effect = 'allow';
  for (const effect of effects) if (isStricter(effect, result)) result = effect;
  return result;
}
