import { roleAtLeast } from '../../model/identity';
import type { Said, Subject } from '../subject';
import { firstOf } from './context';

/** What the user's policy says of the one channel that the request came through. */
export function channel({ snapshot, request, groups }: Subject): readonly Said[] {
  const { principal } = request;
  const name = principal.identity.channel;
  const area = snapshot.channels.get(name);
  if (area === undefined) return [];
  const said: Said[] = [];
  const denied = firstOf(groups, area.deniedToolGroups);
  if (denied !== undefined) {
    said.push({
      layer: 'channel',
      effect: 'deny',
      ruleId: `channel.${name}.${denied}`,
      reason: `Tools of the group "${denied}" are off on the channel "${name}".`,
      remedy: `Change channels.${name}.deniedToolGroups in your settings.`,
      change: {
        path: ['channels', name, 'deniedToolGroups'],
        value: area.deniedToolGroups.filter((group) => group !== denied),
      },
    });
  }
  if (area.requiredRole !== undefined && !roleAtLeast(principal.role, area.requiredRole)) {
    said.push({
      layer: 'channel',
      effect: 'deny',
      ruleId: `channel.${name}.role`,
      reason: `On the channel "${name}", work is done for the role "${area.requiredRole}" and above.`,
      remedy: 'The owner can change the role in the Users view.',
    });
  }
  return said;
}
