import type { AnalysedCommand, CommandAnalysis, CommandEffects } from '../../../src/engine/model/analysis';
import type { ToolRequest } from '../../../src/engine/model/decision';
import { type ChatContext, identityKey, type Principal, type Role } from '../../../src/engine/model/identity';
import { type Facts, NO_USAGE, type PathFact } from '../../../src/engine/policy/facts';
import type { UserPolicy, WorkspacePolicy } from '../../../src/engine/policy/schema';
import { buildSnapshot, type PolicySnapshot } from '../../../src/engine/policy/snapshot';

export const ROOT = '/home/ada/project';
export const HOME = '/home/ada';
export const NOW = Date.UTC(2026, 10, 23, 12);
export const HASH = 'a'.repeat(64);

export function principal(
  role: Role = 'member',
  context: ChatContext = 'dm',
  channel = 'telegram',
  sender = '42',
): Principal {
  const identity = { channel, account: 'bot', sender };
  return {
    key: identityKey(identity),
    identity,
    displayName: 'Grace',
    role,
    context,
    conversation: { channel, account: 'bot', conversation: 'c1' },
  };
}

export function request(tool: string, more: Partial<ToolRequest> = {}): ToolRequest {
  return { principal: principal(), taskId: 't1', tool, args: {}, cwd: ROOT, taint: [], ...more };
}

export function facts(more: Partial<Facts> = {}): Facts {
  return {
    now: NOW,
    usage: NO_USAGE,
    workspaceTrusted: true,
    paused: false,
    grants: [],
    contextPolicy: { deniedToolGroups: [], requiredRole: 'member' },
    sandbox: { id: 'bubblewrap', isolated: true },
    ...more,
  };
}

export function policy(user: UserPolicy = {}, workspace?: WorkspacePolicy): PolicySnapshot {
  return buildSnapshot({
    user,
    ...(workspace === undefined ? {} : { workspace }),
    workspaceRoot: ROOT,
    home: HOME,
    storage: ['/home/ada/.local/share/cowork-journal'],
  });
}

export function inside(name: string, access: PathFact['access'] = 'write'): PathFact {
  return { path: `${ROOT}/${name}`, access, inside: true };
}

export function outside(path: string, access: PathFact['access'] = 'write'): PathFact {
  return { path, access, inside: false };
}

export const NO_EFFECTS: CommandEffects = {
  reads: [],
  writes: [],
  deletes: [],
  network: [],
  executes: [],
  privilege: false,
  process: false,
  unknown: false,
};

/** An analysis as the guard would give it, for tests of what the policy makes of it. */
export function analysed(
  commands: readonly { argv: readonly string[]; effects?: Partial<CommandEffects> }[],
  more: Partial<CommandAnalysis> = {},
): CommandAnalysis {
  return {
    line: commands.map((one) => one.argv.join(' ')).join(' && '),
    shell: 'bash',
    status: 'parsed',
    commands: commands.map(
      ({ argv, effects }): AnalysedCommand => ({
        words: argv.map((text) => ({ raw: text, text })),
        argv,
        program: argv[0],
        wrappers: [],
        assignments: [],
        effects: { ...NO_EFFECTS, ...effects },
        summary: `runs ${argv[0]}`,
      }),
    ),
    findings: [],
    autoApprovable: true,
    marks: [],
    ...more,
  };
}
