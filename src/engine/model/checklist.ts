/** The words of the Checklist that records use too. */

/** critical: act now. high: act before relying on it. medium, low: worth mending. info: good to know. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** From the worst to the mildest. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

export type OpenCounts = Readonly<Record<Severity, number>>;

/** The seed's three lists. */
export const CHECKLISTS = ['first-use', 'external', 'maintenance'] as const;
export type ChecklistName = (typeof CHECKLISTS)[number];

/** Regular work, each with a due date that follows from the record. */
export const UPKEEP_TASKS = ['updates', 'users', 'audit', 'permissions', 'credentials', 'drill'] as const;
export type UpkeepTask = (typeof UPKEEP_TASKS)[number];

/** A thing that the owner has to say once, by name. */
export const ACKNOWLEDGEMENTS = [
  'dedicated-account',
  'open-access',
  'connect',
  'contexts',
  'mode',
  'defaults',
] as const;
export type Acknowledgement = (typeof ACKNOWLEDGEMENTS)[number];

/** current: the installed one is the newest. unknown: nobody could be asked, or the answer is not believed. */
export type UpdateVerdict = 'current' | 'newer' | 'unknown';

/** What is unusual in the record itself. */
export const PATTERNS = [
  'task-burst',
  'new-hour',
  'denial-spike',
  'many-failed-pairings',
  'new-host',
] as const;
export type PatternName = (typeof PATTERNS)[number];
