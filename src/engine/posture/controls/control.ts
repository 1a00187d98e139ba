import type { UpkeepTask } from '../../model/posture';

/**
 * Every sentence of the security guide, and what makes it true. E: enforced by the engine. P: a rule of the Checklist.
 * A: something that a person does in the product. R: a reminder. `docs/controls.md` is written from it, together with
 * the tests whose titles name the control.
 */
export interface Control {
  readonly id: string;
  readonly section: string;
  /** What the guide says; empty where the product goes beyond it. */
  readonly says: string;
  readonly kinds: readonly ('E' | 'P' | 'A' | 'R')[];
  /** What must be true. */
  readonly must: string;
  /** The channel that it is about, by the names that its folder may have. */
  readonly channels?: readonly string[];
  /** Where it is enforced, beside the channel's own folder. */
  readonly by?: readonly string[];
  /** Rules that look after it and are named after another control. */
  readonly rules?: readonly string[];
  readonly reminders?: readonly UpkeepTask[];
}

/** A control within the table of its section. */
export type Row = Omit<Control, 'section'>;
