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
  /** The connections that are open stay so and nothing comes over them any more, heartbeats included; new ones work. */
  | 'stall'
  /** The platform ends its side of every connection, without a word of the protocol, and does not end the other. */
  | 'half-close'
  /** The next message comes behind the one after it. */
  | 'reorder'
  /** All connections are cut, and the platform no longer knows them: the next ones are not told what was said between. */
  | 'lose-session'
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

/** At most, so that tests stay short. By the channel's clock: divide it by the speed that `start` was given. */
export const RATE_LIMIT_MS = 1_000;

/** A channel with the platform that it talks to, played by a strict server on this machine. */
export interface ChannelBench {
  readonly descriptor: ChannelDescriptor;
  readonly createAdapter: AdapterFactory;
  /** Two people of the platform, by the ids that the adapter gives their messages; the first is the usual one. */
  readonly people: readonly [string, string];
  /** The conversation of a context, as the platform numbers it. For `dm` that with the first person. */
  conversation(context: ChatContext): string;
  /**
   * How many times faster than the machine's the channel's clock runs in these tests; 1 when absent. For platforms
   * with long heartbeats. Timeouts get as much shorter, so no more than it takes.
   */
  readonly speed?: number;
  /** Why the platform cannot be played on this machine: a server that is not installed. */
  readonly absent?: string | undefined;
  /**
   * Who missed a message and asks for it later is given it as it is by then. What was changed meanwhile is not run: it
   * cannot be told from a change.
   */
  readonly keepsNoVersions?: true;
  /** Where what was said while its session was lost can be asked for; everywhere when absent. */
  readonly recovers?: readonly ChatContext[];
  /** The platform keeps nothing: what is said while nobody listens, or was not taken, is gone. */
  readonly forgetful?: true;
  /**
   * Starts the platform. `speed` is that of the channel's clock: heartbeats, waits that are asked for and times within
   * which something must have been done pass as much faster, or the platform would find the channel too fast.
   */
  start(speed: number): Promise<void>;
  stop(): Promise<void>;
  /** For a platform that is a program on this machine: the home folder of who uses it. */
  livesIn?(home: string): void;
  /** For a platform that calls us: where our door is. Called each time that the channel has opened it. */
  calls?(url: string): void;
  /** The account gets another secret, and that of now is no good any more. Absent where secrets stay. */
  changeSecret?(): { readonly name: string; readonly value: string };
  /** What to set so that the channel talks to it. */
  settings(): Record<string, unknown>;
  secrets(): Record<string, string>;
  /** Resolves with the platform's id of the message, once the platform has it, delivered or not. */
  say(utterance: Utterance): Promise<string>;
  /** A file that comes with a message can be fetched. */
  readonly takesFiles?: true;
  /** The file that is sent to it, where the platform does not take one of any kind. */
  readonly sendsFile?: { readonly name: string; readonly mediaType: string };
  /** Secrets that the platform cannot be asked about before somebody calls with them. */
  readonly unproven?: readonly string[];
  /** We hear by being called alone: nothing of ours stands open that would notice that the platform is away. */
  readonly pushOnly?: true;
  /** False where the platform can show nothing as code. */
  readonly showsCode?: false;
  /** Answers in a DM are not linked to their question: there is no other thread in it. */
  readonly flatDm?: true;
  /** The sign that we work is not sent to the platform's server in a request that it counts. */
  readonly quietTyping?: true;
  /** How often people were shown that we work on something; its requests are counted when absent. */
  signs?(context: ChatContext): number;
  /** These are absent where the platform has no such thing. */
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
