import * as z from 'zod/mini';
import { FINAL_TASK_STATES, type GrantScope } from '../model/events';
import type { IdentityKey } from '../model/identity';
import type { Projection } from '../model/projection';
import type { AnyRecord } from '../model/record';

const text = z.string().check(z.minLength(1), z.maxLength(100_000));

const matcherSchema = z.discriminatedUnion('kind', [
  /** Exactly what was approved: `hash` is the binding hash of the action. */
  z.strictObject({ kind: z.literal('exact'), tool: text, hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }),
  /** Commands that the pattern, or one of `also`, covers, in `cwd` or below; `hosts` are those that were shown beside it. */
  z.strictObject({
    kind: z.literal('command'),
    pattern: text,
    also: z.optional(z.array(text).check(z.maxLength(20))),
    cwd: z.optional(text),
    hosts: z.optional(z.array(text)),
  }),
  z.strictObject({ kind: z.literal('path'), tool: text, glob: text }),
  z.strictObject({ kind: z.literal('host'), tool: text, domain: text }),
]);

export const grantSchema = z.strictObject({
  id: text,
  scope: z.enum(['once', 'task', 'until', 'always']),
  user: z.optional(text),
  channel: z.optional(text),
  taskId: z.optional(text),
  /** Milliseconds since the epoch. */
  until: z.optional(z.int().check(z.positive())),
  /** The untrusted content that was named when it was given: it answers the layer `taint` for no other. */
  taint: z.optional(z.array(z.string())),
  matcher: matcherSchema,
});

export type GrantMatcher = z.infer<typeof matcherSchema>;

/** A person's standing yes. It turns *ask* into *allow* and nothing else. */
export type Grant = z.infer<typeof grantSchema>;

/** A grant with what happened to it since, for the review of grants that nobody uses (INI-4). */
export interface HeldGrant {
  readonly grant: Grant;
  readonly addedAt: number;
  lastUsedAt: number | null;
  uses: number;
}

export interface GrantsState {
  readonly held: Record<string, HeldGrant>;
}

/** Grants in force, from `grant.*`, revocations and the ends of tasks. */
export const grantsProjection: Projection<GrantsState> = {
  name: 'grants',
  version: 1,
  initial: () => ({ held: {} }),
  reduce(state, record) {
    switch (record.type) {
      case 'grant.added':
        add(state, record);
        break;
      case 'grant.used':
        use(state, record.data.grantId, record.at);
        break;
      case 'grant.removed':
        delete state.held[record.data.grantId];
        break;
      case 'access.revoked':
        removeWhere(state, ({ grant }) => grant.user === record.data.user);
        break;
      case 'task.state': {
        const { taskId, state: reached } = record.data;
        if (!FINAL_TASK_STATES.includes(reached)) break;
        removeWhere(state, ({ grant }) => isOfTask(grant.scope) && grant.taskId === taskId);
        break;
      }
      default:
        break;
    }
  },
};

function isOfTask(scope: GrantScope): boolean {
  return scope === 'task' || scope === 'once';
}

/** What the record's own columns say outranks the text of the grant; a grant that is not understood is none. */
function add(state: GrantsState, record: Extract<AnyRecord, { type: 'grant.added' }>): void {
  const { data } = record;
  let content: unknown;
  try {
    content = JSON.parse(data.grant);
  } catch {
    return;
  }
  const parsed = grantSchema.safeParse(content);
  if (!parsed.success) return;
  const grant: Grant = { ...parsed.data, id: data.grantId, scope: data.scope, user: data.user };
  if (data.taskId !== undefined) grant.taskId = data.taskId;
  if (data.until !== undefined) grant.until = data.until;
  // A scope without its limit would be wider than what was shown.
  if (grant.scope === 'until' && grant.until === undefined) return;
  if (isOfTask(grant.scope) && grant.taskId === undefined) return;
  removeWhere(state, (held) => held.grant.until !== undefined && held.grant.until <= record.at);
  state.held[grant.id] = { grant, addedAt: record.at, lastUsedAt: null, uses: 0 };
}

function use(state: GrantsState, id: string, at: number): void {
  const held = Object.hasOwn(state.held, id) ? state.held[id] : undefined;
  if (held === undefined) return;
  if (held.grant.scope === 'once') delete state.held[id];
  else {
    held.lastUsedAt = at;
    held.uses += 1;
  }
}

function removeWhere(state: GrantsState, test: (held: HeldGrant) => boolean): void {
  for (const [id, held] of Object.entries(state.held)) if (test(held)) delete state.held[id];
}

/** The grants that could apply to this person now, for `Facts.grants`. */
export function grantsOf(state: GrantsState, user: IdentityKey, now: number): readonly Grant[] {
  return Object.values(state.held)
    .map((held) => held.grant)
    .filter((grant) => grant.user === user && (grant.until === undefined || now < grant.until));
}

/** INI-4: grants that stand for long and were last used, or given, more than `idleMs` ago. */
export function unusedGrants(state: GrantsState, now: number, idleMs: number): readonly HeldGrant[] {
  return Object.values(state.held).filter((held) => now - (held.lastUsedAt ?? held.addedAt) > idleMs);
}
