import type { AskAbout, Said, Subject, TouchedPath } from '../subject';
import type { Capability } from '../tool-groups';

const ABOUT: Readonly<Record<Capability, AskAbout>> = {
  read: 'rule',
  write: 'write',
  delete: 'delete',
  shell: 'shell',
  network: 'network',
  clipboard: 'tool',
  system: 'tool',
};

const NAMES: Readonly<Record<Capability, string>> = {
  read: 'Reading files',
  write: 'Writing files',
  delete: 'Deleting files',
  shell: 'Running commands',
  network: 'Using the network',
  clipboard: 'Using the clipboard',
  system: 'Opening programs and taking screenshots',
};

/** INI-4: trust of the folder, what the agent may do in it at all, and the border of the folder. */
export function workspace(subject: Subject): readonly Said[] {
  const { snapshot, facts, capabilities, paths } = subject;
  const said: Said[] = [];
  if (!facts.workspaceTrusted) {
    said.push({
      layer: 'workspace',
      effect: 'deny',
      ruleId: 'workspace.restricted',
      reason: 'This folder is not trusted in VS Code, so nothing is done in it.',
      remedy: 'Trust the workspace in VS Code.',
    });
  }
  for (const name of capabilities) {
    const { effect, source } = snapshot.capabilities[name];
    if (effect === 'allow') continue;
    const where = source === 'workspace' ? 'the policy file of this folder' : 'your settings';
    said.push({
      layer: 'workspace',
      effect,
      ruleId: `capabilities.${name}`,
      reason: `${NAMES[name]} is ${effect === 'ask' ? 'asked about' : 'off'} in ${where}.`,
      remedy: `Set capabilities.${name} in ${where}.`,
      ...(effect === 'ask' ? { about: ABOUT[name] } : {}),
      ...(source === 'user'
        ? { change: { path: ['capabilities', name], value: effect === 'deny' ? 'ask' : 'allow' } }
        : {}),
    });
  }
  const outside = paths.find((path) => !path.inside);
  if (outside !== undefined) said.push(outsideVerdict(outside));
  return said;
}

function outsideVerdict(path: TouchedPath): Said {
  return {
    layer: 'workspace',
    effect: 'ask',
    about: 'outside',
    ruleId: 'workspace.outside',
    reason: `${path.path} is outside the workspace.`,
    remedy: 'Add its folder to allowedPaths in your settings.',
    change: {
      path: ['allowedPaths', '-'],
      value: { path: path.path, access: path.access === 'read' ? 'read' : 'write' },
    },
  };
}
