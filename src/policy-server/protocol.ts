import * as z from 'zod';

/**
 * What the language server and its client in the editor say to each other beside the language server protocol. The
 * server has no record and no settings: it asks the client, which asks the engine. Both ends check what arrives.
 */

/** Server to client: what became of the actions of the last `days` that each of these rules is about? */
export const RULE_USE = 'cowork/ruleUse';
/** Server to client: which policy is in force, and where does each value come from? */
export const EFFECTIVE = 'cowork/effective';
/** Client to server: the answers to both may have changed. */
export const CHANGED = 'cowork/changed';

/** A policy has at most 2,000 rules. */
export const ruleUseRequest = z.strictObject({
  rules: z.array(z.unknown()).max(2000),
  days: z.number().int().min(1).max(365),
});
export type RuleUseRequest = z.infer<typeof ruleUseRequest>;

const count = z.number().int().min(0);

const use = z.object({
  matched: count,
  asked: count,
  approved: count,
  blocked: count,
  narrower: z.array(z.string()).readonly(),
});
export type Use = z.infer<typeof use>;

/** Null: there is no engine to ask. */
export const ruleUseAnswer = z
  .object({ days: count, considered: count, uses: z.array(use.nullable()).max(2000).readonly() })
  .nullable();
export type RuleUseAnswer = z.infer<typeof ruleUseAnswer>;

/** Null: there is no engine to ask. */
export const effectiveAnswer = z
  .array(
    z.object({
      path: z.array(z.union([z.string(), z.number()])).readonly(),
      value: z.unknown(),
      origin: z.enum(['default', 'profile', 'user', 'workspace']),
    }),
  )
  .readonly()
  .nullable();
export type EffectiveAnswer = z.infer<typeof effectiveAnswer>;

/** What the client gives the server as it starts: the sentences of the editor's language. */
export const startOptions = z.object({ bundle: z.record(z.string(), z.string()) });
export type StartOptions = z.infer<typeof startOptions>;
