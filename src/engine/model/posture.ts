import type { ChecklistName, OpenCounts, Severity, UpdateVerdict, UpkeepTask } from './checklist';
import type { AccessMode, ChannelState } from './events';
import type { Facts } from './facts';
import type { ChatContext } from './identity';

export * from './checklist';

export type ProfileName = 'development' | 'production' | 'shared';

/** What a rule found: the evidence in one sentence, and what would mend it. */
export interface Found {
  readonly evidence: string;
  readonly fix?: Fix;
  /** Tells several findings of one rule apart: a channel, a file, a pattern. A risk is accepted for one of them. */
  readonly subject?: string;
  /** When it weighs differently from what the rule says. */
  readonly severity?: Severity;
  /** The file it stands in, relative to the folder, with the line from 1. */
  readonly place?: { readonly file: string; readonly line?: number };
}

/** A change that mends a finding. `title` says what will be changed, as a button would. */
export type Fix =
  /** Sets one of the product's settings; `key` without `cowork.`. Undone by putting the old value back. */
  | { readonly kind: 'setting'; readonly title: string; readonly key: string; readonly value: unknown }
  | {
      readonly kind: 'mode';
      readonly title: string;
      readonly channel: string;
      readonly context: ChatContext;
      readonly mode: AccessMode;
    }
  /** Takes everybody else's rights to a file or folder away. Undone by putting the old ones back. */
  | { readonly kind: 'permissions'; readonly title: string; readonly path: string; readonly mode: number }
  /** Opens the place where a person does it; `command` is one of the product's own. */
  | {
      readonly kind: 'command';
      readonly title: string;
      readonly command: string;
      readonly arguments?: readonly string[];
    };

/** All that is known of one channel, for its rules. */
export interface ChannelFacts {
  readonly channel: string;
  readonly name: string;
  readonly profile: ProfileName;
  readonly enabled: boolean;
  readonly state: ChannelState;
  readonly account?: { readonly account: string; readonly name: string; readonly isBot: boolean | null };
  /** What is set, after the descriptor's schema; empty when that refused it. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly modes: Partial<Readonly<Record<ChatContext, AccessMode>>>;
  /** What the adapter last reported. Absent keys are unknown, which is never the same as fine. */
  readonly reported: Facts;
  /** Ages in milliseconds since the value was last changed; only what is stored. */
  readonly secrets: readonly { readonly name: string; readonly ageMs: number }[];
  /** People who have access now. */
  readonly users: number;
  /** Rooms that are let in now, as the platform numbers them. */
  readonly conversations: readonly string[];
}

/** A pure rule about one channel. Evaluated only while the channel is enabled. */
export interface ChannelRule {
  /** The control's id; a second rule of one control has a suffix: `TG-2.privacy`. */
  readonly id: string;
  readonly severity: Severity;
  /** What should be so, in a few words: `Groups are listed`. */
  readonly title: string;
  /** Why it matters, in one or two sentences. */
  readonly why: string;
  /** Undefined when all is well. */
  check(facts: ChannelFacts): Found | undefined;
}

/** One thing that is not as it should be. */
export interface Finding extends Found {
  /** `<rule>` or `<rule>:<subject>`: the same for the same thing, also after a restart. */
  readonly id: string;
  readonly rule: string;
  /** Of the facts that the rule looks at. */
  readonly family: string;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  /** A page of the product's documentation, relative to its root. */
  readonly docs: string;
  /** Present while the owner has accepted the risk. It still counts for the score. */
  readonly accepted?: AcceptedRisk;
}

/** Times in milliseconds since the epoch. */
export interface AcceptedRisk {
  readonly reason: string;
  readonly at: number;
  readonly until: number;
  /** As bad as it was when it was accepted; worse is not accepted. */
  readonly severity: Severity;
}

/** The score at one moment: 100 when nothing is found. `open` counts accepted findings too. */
export interface ScorePoint {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly score: number;
  readonly open: OpenCounts;
  /** How many of those that are counted were accepted. */
  readonly accepted: number;
}

/** waiting: not due yet. due: do it now. snoozed: put off by the owner. */
export interface Reminder {
  readonly task: UpkeepTask;
  readonly state: 'waiting' | 'due' | 'snoozed';
  /** Milliseconds since the epoch; absent when it was never done. */
  readonly doneAt?: number;
  readonly dueAt: number;
  readonly snoozedUntil?: number;
  /** One sentence: what is known. */
  readonly detail: string;
  /** What does it; one of the product's commands. */
  readonly command: string;
}

/** One line of a checklist. `unknown` is never the same as done. */
export interface ChecklistItem {
  readonly id: string;
  readonly list: ChecklistName;
  readonly title: string;
  readonly state: 'done' | 'open' | 'unknown';
  readonly evidence: string;
  readonly command: string;
  readonly arguments?: readonly string[];
}

/** What a fix would change, before it does. `before` and `after` are what a person would find in the place named. */
export interface FixPreview {
  readonly title: string;
  /** What is changed: `cowork.mode`, `Telegram, group`, a path. */
  readonly place: string;
  readonly before: string;
  readonly after: string;
}

/** A fix that was applied and can be undone. */
export interface AppliedFix extends FixPreview {
  readonly id: string;
  readonly finding: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One line of what another profile changes. */
export interface ProfileChange {
  readonly what: string;
  readonly before: string;
  readonly after: string;
  /** Less would be possible than now. */
  readonly stricter: boolean;
}

export interface UpdateStatus {
  readonly status: UpdateVerdict;
  readonly source: string;
  readonly installed: string;
  readonly latest?: string;
  /** valid: by the key that was set. offered: there is one that this product does not check. none: there is none. */
  readonly signature: 'valid' | 'offered' | 'none';
  readonly detail: string;
}

/** All that the Checklist shows. */
export interface PostureReport {
  readonly profile: ProfileName;
  /** 0 to 100; accepted findings count in full. */
  readonly score: number;
  readonly open: OpenCounts;
  /** The worst first; those whose risk is accepted among them. */
  readonly findings: readonly Finding[];
  /** What could not be looked at: rules about it found nothing because nothing is known. */
  readonly unknown: readonly string[];
  readonly reminders: readonly Reminder[];
  readonly checklists: readonly ChecklistItem[];
  /** Changes that were made here and can be undone, oldest first. */
  readonly fixes: readonly AppliedFix[];
  readonly update: { readonly status: UpdateVerdict; readonly detail: string; readonly at: number } | null;
}
