import type { Said, Subject } from '../subject';

/** What the role of the person permits. Rules about one person are in the layer `rule`. */
export function user({ request, traits }: Subject): readonly Said[] {
  const { role } = request.principal;
  if (role === 'observer') {
    return [
      {
        layer: 'user',
        effect: 'deny',
        ruleId: 'user.observer',
        reason: 'An observer may look at the status and the tasks, and have nothing done.',
        remedy: 'The owner can make this person a member in the Users view.',
      },
    ];
  }
  if (traits.personal && role !== 'owner') {
    return [
      {
        layer: 'user',
        effect: 'deny',
        ruleId: 'user.personal',
        reason: 'The clipboard and the screen belong to the person at the desk: only an owner may use them.',
        remedy: 'Ask the owner.',
      },
    ];
  }
  return [];
}
