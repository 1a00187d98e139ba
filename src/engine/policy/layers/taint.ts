import type { ToolGroup } from '../../model/decision';
import type { Said, Subject } from '../subject';

/** What text that was read could make an agent do to others: run, send, reach out. */
const RAISED: readonly ToolGroup[] = ['shell', 'network', 'export', 'system'];

/** Untrusted content read in this task raises execution and export to *ask*. */
export function taint({ request, groups }: Subject): readonly Said[] {
  if (request.taint.length === 0 || !RAISED.some((group) => groups.has(group))) return [];
  return [
    {
      layer: 'taint',
      effect: 'ask',
      about: 'taint',
      ruleId: 'taint.untrusted-content',
      reason: `This task has read content that others can write (${request.taint.join(', ')}), which may be what asks for this.`,
      remedy: 'Look at it and approve it, or start a new task.',
    },
  ];
}
