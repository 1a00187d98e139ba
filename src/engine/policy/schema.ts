import * as z from 'zod';
import { TOOL_GROUPS } from '../model/decision';
import { CHAT_CONTEXTS, ROLES } from '../model/identity';
import { CAPABILITIES, type Capability, TOOL_NAMES } from './tool-groups';

/** From the strictest to the most permissive; the strictest of all that apply is in force. */
export const MODES = ['plan', 'ask', 'accept-edits', 'trusted'] as const;
export type Mode = (typeof MODES)[number];

export const PROFILES = ['development', 'production', 'shared'] as const;
export type Profile = (typeof PROFILES)[number];

const effect = z.enum(['allow', 'ask', 'deny']);
const tightening = z.enum(['ask', 'deny']);
const text = z.string().trim().min(1).max(2000);
const when = z
  .string()
  .refine((value) => !Number.isNaN(Date.parse(value)), 'is not a date; write it as 2026-12-31T18:00:00Z')
  .describe('Until when it holds, as an ISO 8601 date and time.');

/** What a rule may ask of an action, by the names of its fields. */
export const RULE_CONDITIONS: readonly string[] = [
  'tool',
  'group',
  'path',
  'domain',
  'command',
  'finding',
  'channel',
  'context',
  'user',
];

const ruleFields = {
  id: z.string().trim().min(1).max(80).optional().describe('Name of the rule in decisions and in the audit.'),
  tool: z.enum(TOOL_NAMES).optional().describe('The tool it is about; all when left out.'),
  group: z.enum(TOOL_GROUPS).optional().describe('The group of tools it is about.'),
  path: text.optional().describe('Glob of files: `src/**`, `*.pem` at any depth, `~/notes/*`, or absolute.'),
  domain: text.optional().describe('Host: `example.com`, `*.example.com` for what is below it, or `*`.'),
  command: text.optional().describe('Words a command starts with: `git push *`; `*` at the end is any rest.'),
  finding: text
    .optional()
    .describe('Id of what the guard finds in a command: `git.lose-history`, or `git.*` for a family.'),
  channel: text.optional().describe('Id of the channel: `telegram`, `slack`, …'),
  context: z.enum(CHAT_CONTEXTS).optional().describe('Where it was said.'),
  user: text.optional().describe('Identity key of the person.'),
  reason: text.optional().describe('The sentence that people see when the rule applies.'),
};

/** A rule that a workspace file may carry: it asks or denies. */
export const workspaceRuleSchema = z
  .strictObject({ effect: tightening.describe('ask or deny; a workspace cannot allow.'), ...ruleFields })
  .describe('A restriction. Without any condition it applies to everything.');

/** A rule of the person at the desk. `allow` does what a standing grant does: it answers an ask with yes. */
export const userRuleSchema = z
  .strictObject({
    effect: effect.describe('The strictest rule that matches wins, in any order.'),
    ...ruleFields,
    until: when.optional(),
  })
  .refine(
    (rule) =>
      rule.effect !== 'allow' ||
      rule.command !== undefined ||
      rule.path !== undefined ||
      rule.domain !== undefined,
    {
      path: ['effect'],
      message: 'allows too much: add a command, a path or a domain to say what it allows',
    },
  )
  .refine((rule) => rule.effect !== 'allow' || rule.tool !== 'run' || rule.command !== undefined, {
    path: ['command'],
    message: 'is missing: a rule that allows commands says which ones, for instance "git status *"',
  })
  .refine((rule) => rule.effect !== 'allow' || rule.finding === undefined, {
    path: ['finding'],
    message: 'is for rules that ask or deny: what the guard finds is never allowed beforehand',
  });

const CAPABILITY_TEXTS: Readonly<Record<Capability, string>> = {
  read: 'Reading and searching files.',
  write: 'Writing, editing and moving files.',
  delete: 'Deleting files, by commands too.',
  shell: 'Running commands.',
  network: 'Reaching other machines, by commands too.',
  clipboard: 'Reading and setting the clipboard.',
  system: 'Opening programs and pages, taking screenshots.',
};

const capabilities = <E extends typeof effect | typeof tightening>(allowed: E) =>
  z.strictObject(
    Object.fromEntries(
      CAPABILITIES.map((name) => [name, allowed.optional().describe(CAPABILITY_TEXTS[name])]),
    ) as Record<Capability, z.ZodOptional<E>>,
  );

const positive = z.number().positive().finite();
const count = z.number().int().min(1).max(1_000_000);

const budgetFields = (value: z.ZodType<number | null | undefined>) => ({
  tokensPerTask: value.describe('Language-model tokens that one task may use.'),
  costPerTask: value.describe('US dollars that one task may cost.'),
  tokensPerUserDay: value.describe('Tokens that one person may use in 24 hours.'),
  costPerUserDay: value.describe('US dollars that one person may cost in 24 hours.'),
});

const limitFields = {
  iterationsPerTask: count.optional().describe('Times that the agent may think again within one task.'),
  toolCallsPerStep: count.optional().describe('Tool calls in one of those times.'),
  repeatCalls: z
    .number()
    .int()
    .min(2)
    .max(1000)
    .optional()
    .describe('The same call this many times in one task is a loop and is stopped.'),
  taskTimeoutMs: z
    .number()
    .int()
    .min(1000)
    .max(7 * 86_400_000)
    .optional()
    .describe('Milliseconds that one task may last.'),
};

const area = {
  deniedToolGroups: z.array(z.enum(TOOL_GROUPS)).optional().describe('Groups of tools that are off here.'),
  requiredRole: z.enum(ROLES).optional().describe('The least role that may have work done here.'),
};

const contexts = z
  .strictObject({
    dm: z.strictObject(area).optional().describe('In direct messages.'),
    group: z.strictObject(area).optional().describe('In groups.'),
    public: z.strictObject(area).optional().describe('In rooms that anyone may join.'),
  })
  .optional()
  .describe('What is off, and who may ask, where others read along.');

const protectedEntries = z
  .array(
    z.strictObject({
      path: text.describe(
        'A name or relative path counts at every depth; `~/…` and absolute ones only there.',
      ),
      access: z.enum(['read', 'write']).describe('read: neither read nor written. write: not written.'),
    }),
  )
  .max(500)
  .optional()
  .describe('Files that tools may not touch, beside the built-in ones.');

const trustedEntry = z.union([
  text,
  z.strictObject({
    pattern: text.describe('Words of the command: `npm run test:*`, `git log *`.'),
    folder: text.optional().describe('Only when the command runs in this folder or below it.'),
    user: text.optional().describe('Only for this identity key.'),
    channel: text.optional().describe('Only on this channel.'),
    until: when.optional(),
  }),
]);

/** The policy of the person at the desk, at user or machine scope. Everything may be left out. */
export const userPolicySchema = z.strictObject({
  $schema: z.string().optional(),
  profile: z.enum(PROFILES).optional().describe('A ceiling that nothing below it can raise.'),
  mode: z
    .enum(MODES)
    .optional()
    .describe(
      'plan: read only. ask: every change is asked about. accept-edits: edits in the workspace run. trusted: what the rest of the policy allows runs.',
    ),
  capabilities: capabilities(effect).optional().describe('What the agent may do at all.'),
  rules: z
    .array(userRuleSchema)
    .max(2000)
    .optional()
    .describe('The strictest that matches wins, in any order.'),
  trusted: z.array(trustedEntry).max(2000).optional().describe('Commands that need no approval.'),
  defaultTrusted: z.boolean().optional().describe('Also trust the built-in set of plain reading commands.'),
  budgets: z
    .strictObject(budgetFields(positive.nullable().optional()))
    .partial()
    .optional()
    .describe('null switches a budget off.'),
  limits: z.strictObject(limitFields).optional().describe('Where the agent is stopped.'),
  protectedPaths: z
    .strictObject({
      add: protectedEntries,
      exceptions: z
        .array(text)
        .max(100)
        .optional()
        .describe('Paths taken off the built-in table, absolute or `~/…`.'),
    })
    .optional()
    .describe('Files that tools may not touch.'),
  allowedPaths: z
    .array(
      z.strictObject({
        path: text.describe('A folder, or a glob: `~/notes`, `/srv/data/*.csv`.'),
        access: z.enum(['read', 'write']).describe('write includes read.'),
      }),
    )
    .max(500)
    .optional()
    .describe('Folders and files outside the workspace that count as inside.'),
  contexts,
  channels: z
    .record(
      z.string(),
      z.strictObject({ ...area, mode: z.enum(MODES).optional().describe('A stricter mode.') }),
    )
    .optional()
    .describe('What is off, and who may ask, on one channel; by its id.'),
});

/** `.cowork/policy.jsonc`: nothing that can be written here lets more happen than without the file (law 2). */
export const workspacePolicySchema = z.strictObject({
  $schema: z.string().optional(),
  mode: z.enum(['plan', 'ask']).optional().describe('A stricter mode for this folder.'),
  capabilities: capabilities(tightening).optional().describe('Ask about, or switch off, in this folder.'),
  rules: z
    .array(workspaceRuleSchema)
    .max(2000)
    .optional()
    .describe('Restrictions. The strictest that matches wins, in any order.'),
  budgets: z
    .strictObject(budgetFields(positive.optional()))
    .partial()
    .optional()
    .describe('Smaller budgets; larger ones change nothing.'),
  limits: z.strictObject(limitFields).optional().describe('Smaller limits; larger ones change nothing.'),
  protectedPaths: z
    .strictObject({ add: protectedEntries })
    .optional()
    .describe('Files that tools may not touch.'),
  contexts,
});

export type UserPolicy = z.infer<typeof userPolicySchema>;
export type WorkspacePolicy = z.infer<typeof workspacePolicySchema>;
export type UserRule = z.infer<typeof userRuleSchema>;
export type WorkspaceRule = z.infer<typeof workspaceRuleSchema>;
export type TrustedEntry = z.infer<typeof trustedEntry>;

/** The JSON Schema of the workspace file, for completion and hover in editors; made from the same source. */
export function policyJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(workspacePolicySchema, { io: 'input' }), title: 'CoWork OS workspace policy' };
}

/** The JSON Schema of the policy at user or machine scope. */
export function userPolicyJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(userPolicySchema, { io: 'input' }), title: 'CoWork OS policy' };
}
