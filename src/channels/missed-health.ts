import type { Facts } from '../engine/model/facts';

/** What the Channels view says while some of it cannot be read. */
export function missedHealth({ missedProblem }: Facts): readonly string[] {
  return typeof missedProblem === 'string' && missedProblem !== ''
    ? [`Some of what was said meanwhile could not be read: ${missedProblem}`]
    : [];
}
