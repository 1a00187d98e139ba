import type { AdapterFactory, ChannelDescriptor } from '../../src/channels/contract';
import type { ChatContext } from '../../src/engine/model/identity';

/** What a person says on a platform. */
export interface Utterance {
  readonly text: string;
  readonly context: ChatContext;
  /** The platform's id of the person; the bench's first one when absent. */
  readonly from?: string;
  /** What the person calls themselves. */
  readonly displayName?: string;
  /** In a group: whether it is meant for the bot, by mention or whatever the platform has. True when absent. */
  readonly addressed?: boolean;
  /** Our message that it answers. */
  readonly replyTo?: string;
  readonly file?: { readonly name: string; readonly mediaType: string; readonly bytes: Uint8Array };
}

/** A message of ours, as a person on the platform sees it. */
export interface Seen {
  readonly id: string;
  /** The text as it is rendered: no markup of the platform left. */
  readonly text: string;
  /** Runs that are rendered as code. */
  readonly code: readonly string[];
  /** The id of the message that it is linked to as an answer. */
  readonly replyTo?: string;
  readonly buttons: readonly string[];
  readonly edited: boolean;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Things that would reach out or spoof: mentions of everyone, links with another text, previews, HTML. Should be empty. */
  readonly alarms: readonly string[];
}

/** The ways in which a platform can fail. A bench names those that its platform has. */
export type Fault =
  /** All connections are cut; new ones are taken. */
  | 'drop'
  /** All connections are cut, and new ones refused until `heal()`. */
  | 'down'
  /** Connections stay open and nothing comes any more, heartbeats included. */
  | 'stall'
  /** Something that is not of the protocol is sent. */
  | 'garbage'
  /** The next requests are answered with a server error. */
  | 'error'
  /** The next requests are answered with “too many”, and a time to wait of `RATE_LIMIT_MS` at most. */
  | 'rate-limit'
  /** The credentials are no longer good. */
  | 'revoke'
  /** The answer to the next sending is lost, though the message was taken. */
  | 'lose-answer';

/** At most, so that tests with a real clock stay short. */
export const RATE_LIMIT_MS = 1_000;

/** A channel with the platform that it talks to, played by a strict server on this machine. */
export interface ChannelBench {
  readonly descriptor: ChannelDescriptor;
  readonly createAdapter: AdapterFactory;
  /** Two people of the platform, by its own ids; the first is the usual one. */
  readonly people: readonly [string, string];
  /** The conversation of a context, as the platform numbers it. For `dm` that with the first person. */
  conversation(context: ChatContext): string;
  /** Starts the platform. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What to set so that the channel talks to it. */
  settings(): Record<string, unknown>;
  secrets(): Record<string, string>;
  /** Resolves with the platform's id of the message, once the platform has it, delivered or not. */
  say(utterance: Utterance): Promise<string>;
  /** Absent where the platform has no such thing. */
  edit?(id: string, text: string, context: ChatContext): Promise<void>;
  remove?(id: string, context: ChatContext): Promise<void>;
  /** Another bot, and our own account, say something. */
  sayAsBot?(text: string, context: ChatContext): Promise<void>;
  sayAsSelf?(text: string, context: ChatContext): Promise<void>;
  /** Delivers the last message of a person once more. */
  repeatLast(): Promise<void>;
  /** A person presses a button under our message. */
  press?(messageId: string, label: string, context: ChatContext): Promise<void>;
  /** Our messages in a conversation, oldest first, each in its latest state. */
  seen(context: ChatContext): readonly Seen[];
  readonly faults: readonly Fault[];
  inject(fault: Fault): Promise<void>;
  /** Ends every fault. */
  heal(): Promise<void>;
  /** Requests and connections that the platform has counted, for tests that nothing is hammered. */
  requests(): number;
  /** What the platform saw us do wrong: wrong order, missing heartbeat, too fast. Should be empty. */
  violations(): readonly string[];
}
