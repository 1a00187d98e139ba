import { strictestMode } from '../merge';
import type { Mode } from '../schema';
import type { Said, Subject } from '../subject';

/** The mode always speaks: when nobody else does, its word is the reason that people read. */
export function mode(subject: Subject): readonly Said[] {
  const { value, where } = modeInForce(subject);
  if (subject.request.tool === 'run') return runVerdicts(subject, value, where);
  const verdict = fileVerdict(subject, value);
  if (verdict === 'allow') return [say('allow', value, `The mode "${value}" lets this run.`)];
  if (verdict === 'deny') return [planDenial(value, where)];
  const about = subject.groups.has('network')
    ? 'network'
    : subject.paths.length === 0
      ? 'tool'
      : subject.groups.has('destructive') && subject.request.tool === 'delete'
        ? 'delete'
        : 'write';
  return [
    {
      ...say('ask', value, `In the mode "${value}" ${whatIsAsked(subject)} asked about.`),
      about,
      ...changeTo(subject, value),
    },
  ];
}

/** The strictest of the modes that the policy, the channel and the profile name. */
export function modeInForce({ snapshot, request }: Subject): { value: Mode; where: string } {
  const { value: general, source } = snapshot.mode;
  const value = strictestMode(general, snapshot.channels.get(request.principal.identity.channel)?.mode);
  if (value !== general) return { value, where: `channels.${request.principal.identity.channel}.mode` };
  const where = { user: 'mode in your settings', workspace: '.cowork/policy.jsonc', profile: 'the profile' }[
    source
  ];
  return { value, where };
}

function say(effect: 'allow' | 'ask' | 'deny', value: Mode, reason: string): Said {
  return { layer: 'mode', effect, ruleId: `mode.${value}`, reason };
}

function planDenial(value: Mode, where: string): Said {
  return {
    ...say('deny', value, 'The mode "plan" only reads: nothing is changed, sent or started.'),
    remedy: `Change ${where}.`,
    change: { path: ['mode'], value: 'ask' },
  };
}

function fileVerdict({ traits, readOnly }: Subject, value: Mode): 'allow' | 'ask' | 'deny' {
  if (readOnly || value === 'trusted') return 'allow';
  if (value === 'plan') return 'deny';
  return value === 'accept-edits' && traits.edits ? 'allow' : 'ask';
}

function whatIsAsked({ traits, request }: Subject): string {
  if (traits.edits) return 'each change of a file is';
  return request.tool === 'delete' ? 'each deletion is' : `"${request.tool}" is`;
}

function runVerdicts(subject: Subject, value: Mode, where: string): readonly Said[] {
  const { readOnly, groups } = subject;
  if (value === 'trusted') return [say('allow', value, 'The mode "trusted" lets commands run.')];
  if (value === 'plan' && !readOnly) return [planDenial(value, where)];
  const said: Said[] = [
    {
      ...say('ask', value, `In the mode "${value}" each command is asked about.`),
      about: 'shell',
      ...changeTo(subject, value),
    },
  ];
  if (groups.has('write') && value === 'ask') {
    said.push({
      ...say('ask', value, 'The command writes files, and in the mode "ask" each change is asked about.'),
      about: 'write',
      ...changeTo(subject, value),
    });
  }
  return said;
}

function changeTo({ traits, request }: Subject, value: Mode): Pick<Said, 'remedy' | 'change'> {
  const next: Mode = value === 'ask' && traits.edits && request.tool !== 'run' ? 'accept-edits' : 'trusted';
  const remedy =
    next === 'accept-edits' ? 'Approve it, or set mode to "accept-edits" in your settings.' : 'Approve it.';
  return { remedy, change: { path: ['mode'], value: next } };
}
