import type { AccessMode, ChannelState } from './events';
import type { Facts } from './facts';
import type { ChatContext } from './identity';

/** critical: act now. high: act before relying on it. medium, low: worth mending. info: good to know. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** From the worst to the mildest. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

export type ProfileName = 'development' | 'production' | 'shared';

/** What a rule found: the evidence in one sentence, and what would mend it. */
export interface Found {
  readonly evidence: string;
  readonly fix?: Fix;
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
