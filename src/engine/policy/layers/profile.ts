import type { Said, Subject } from '../subject';

/** ENV-*: ceilings of the environment. They do not depend on anything else that is set. */
export function profile({ snapshot, request, facts, paths, groups }: Subject): readonly Said[] {
  const said: Said[] = [];
  const { ceiling, profile: name } = snapshot;
  const deny = (ruleId: string, reason: string, remedy: string): void =>
    void said.push({
      layer: 'profile',
      effect: 'deny',
      ruleId,
      reason,
      remedy,
      change: { path: ['profile'], value: 'development' },
    });
  if (!ceiling.outsideWorkspace) {
    for (const path of paths) {
      if (path.inWorkspace) continue;
      deny(
        'profile.outside-workspace',
        `${path.path} is outside the workspace, and the profile "${name}" keeps to it.`,
        'Open that folder, or use the profile "development".',
      );
    }
  }
  if (ceiling.isolationRequired && request.tool === 'run' && !facts.sandbox.isolated) {
    deny(
      'profile.isolation',
      `The profile "${name}" runs commands only in an isolating sandbox, and there is none ("${facts.sandbox.id}").`,
      'Install Docker, Podman or bubblewrap, or use another profile.',
    );
  }
  if (!ceiling.memoryWithOthers && groups.has('memory') && request.principal.context !== 'dm') {
    deny(
      'profile.memory',
      `The profile "${name}" keeps clipboard, history and memory out of rooms that others read.`,
      'Ask in a direct message.',
    );
  }
  return said;
}
