import type { ToolGroup } from '../../model/decision';
import { type ChatContext, type Role, roleAtLeast } from '../../model/identity';
import type { Said, Subject } from '../subject';

const PLACES: Readonly<Record<ChatContext, string>> = {
  dm: 'direct messages',
  group: 'groups',
  public: 'public rooms',
};

/** CTX-1, CTX-2: what is off, and who may ask, in direct messages, groups and public rooms. */
export function context({ snapshot, request, facts, groups }: Subject): readonly Said[] {
  const said: Said[] = [];
  const { context: where, role } = request.principal;
  const area = snapshot.contexts[where];
  const denied =
    firstOf(groups, area.deniedToolGroups) ?? firstOf(groups, facts.contextPolicy.deniedToolGroups);
  if (denied !== undefined) {
    const own = area.deniedToolGroups.includes(denied);
    said.push({
      layer: 'context',
      effect: 'deny',
      ruleId: `context.${where}.${denied}`,
      reason: `Tools of the group "${denied}" are off in ${PLACES[where]}.`,
      remedy: where === 'dm' ? `Change contexts.${where} in your settings.` : 'Ask in a direct message.',
      ...(own
        ? {
            change: {
              path: ['contexts', where, 'deniedToolGroups'],
              value: area.deniedToolGroups.filter((group) => group !== denied),
            },
          }
        : {}),
    });
  }
  for (const needed of [area.requiredRole, facts.contextPolicy.requiredRole]) {
    if (needed === undefined || roleAtLeast(role, needed)) continue;
    said.push(roleVerdict(where, role, needed));
    break;
  }
  return said;
}

function roleVerdict(where: ChatContext, role: Role, needed: Role): Said {
  return {
    layer: 'context',
    effect: 'deny',
    ruleId: `context.${where}.role`,
    reason: `In ${PLACES[where]}, work is done for the role "${needed}" and above; this person's is "${role}".`,
    remedy: 'The owner can change the role in the Users view.',
  };
}

/** The first group of the list that the request belongs to. */
export function firstOf(groups: ReadonlySet<ToolGroup>, list: readonly ToolGroup[]): ToolGroup | undefined {
  return list.find((group) => groups.has(group));
}
