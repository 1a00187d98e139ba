import type { LookupFunction } from 'node:net';
import type { z } from 'zod';
import type { AccessMode, ChannelState } from '../engine/model/events';
import type { Facts } from '../engine/model/facts';
import type { ChatContext } from '../engine/model/identity';
import type { Attachment, InboundMessage, OutboundMessage, SentReceipt } from '../engine/model/message';
import type { BlobStore, Clock, Logger } from '../engine/model/ports';
import type { OpenWebhook, WebhookHandler, WebhookOptions } from './webhook-contract';

/** What is set for a channel, unchecked or after its schema, as the place says. */
export type ChannelSettings = Readonly<Record<string, unknown>>;

/** A credential of a channel. Kept in the secret store as `<channel id>/<name>`. */
export interface SecretField {
  readonly name: string;
  readonly label: string;
  /** One or two sentences: where a person finds it. */
  readonly help: string;
  /** Undefined when the text may be right; else one sentence on what is wrong with it. Never repeats it. */
  validate?(value: string): string | undefined;
  /** Whether it is needed under these settings, which have not been parsed; always when absent. */
  neededWith?(settings: ChannelSettings): boolean;
  /** Whether it can be of use although it is not needed: it is asked for, and may be left out. Never when absent. */
  usefulWith?(settings: ChannelSettings): boolean;
}

export interface ChannelCapabilities {
  /** The most that fits in one message, in UTF-16 code units; `splitMessage` cuts to it. */
  readonly maxLength: number;
  /** Can change a message it sent earlier (`OutboundMessage.edits`). */
  readonly edit: boolean;
  readonly buttons: boolean;
  readonly threads: boolean;
  /** Shows that work is under way (`ChannelAdapter.typing`). */
  readonly typing: boolean;
  /** The largest file that can be sent, in bytes; 0 when none can. */
  readonly fileBytes: number;
  readonly contexts: readonly ChatContext[];
}

/**
 * What the page of a channel says beyond what follows from the rest of its descriptor. Plain sentences. It is
 * `<id>Guide` of the channel's `guide.ts`, which no bundle carries: pages are written when the product is built.
 */
export interface ChannelGuide {
  /** What is listened to, and what never is. */
  readonly hears: readonly string[];
  /** What its credentials open, and what they do not. */
  readonly reach: string;
  readonly limits: readonly { readonly what: string; readonly is: string }[];
  /** What the Channels view may say, and what to do then. */
  readonly troubles: readonly { readonly says: string; readonly do: string }[];
}

/**
 * All that is known of a channel without loading its adapter. It is there before any channel is enabled, so what is
 * not needed then has a file of its own in the folder: `guide.ts` and `rules.ts`, which are found by their names.
 */
export interface ChannelDescriptor {
  /** Lower-case, unique, never changed: it is part of identities and records. */
  readonly id: string;
  readonly name: string;
  /** Name of a codicon, without `$(…)`. */
  readonly icon: string;
  readonly summary: string;
  readonly secrets: readonly SecretField[];
  /**
   * What the channel's settings must look like; every field has a default or the channel is `unconfigured`.
   * The manifest's settings are generated from it, so each field carries a `.describe(…)` for the Settings editor.
   */
  readonly settings: z.ZodType;
  readonly capabilities: ChannelCapabilities;
  /** The access modes that this channel may use at all under its settings; every one when absent. */
  allowedModes?(settings: ChannelSettings): readonly AccessMode[];
  /** Steps of the setup guide, in order, as plain text, in the platform's own words for its buttons and rights. */
  readonly setup: readonly string[];
  /** The platform's pages that the steps speak of. */
  readonly links: readonly { readonly label: string; readonly url: string }[];
  /** The platform has no notion of a bot: that the account is a dedicated one is acknowledged by the owner. */
  readonly noBots?: true;
  /** A sentence on the setting that must be set before it can run; undefined when all are. The channel waits for it. */
  missing?(settings: ChannelSettings): string | undefined;
  /** The systems it works on; all when absent. */
  readonly platforms?: readonly NodeJS.Platform[];
  /** Sentences on health and quota for the tree, from what the adapter reported. */
  health?(reported: Facts): readonly string[];
  /**
   * Hosts the adapter talks to with these settings, for the egress gate: `host`, `host:port`, or `*.host` for every
   * name below one.
   */
  hosts?(settings: ChannelSettings): readonly string[];
  /** Full paths of the programs that the adapter may start with these settings. None when absent. */
  programs?(settings: ChannelSettings): readonly string[];
  /** Folders, relative to the home folder, in which the platform keeps the files that come with messages. */
  readonly folders?: readonly string[];
  /** A link or QR content by which a person sends `code` to the bot, where the platform has one. */
  pairingLink?(account: ConnectedAccount, code: string): string | undefined;
}

/** Who the platform says we are. */
export interface ConnectedAccount {
  /** The platform's immutable id of the account: the middle part of every identity key. */
  readonly account: string;
  readonly name: string;
  /** Public user name, for links; decoration. */
  readonly handle?: string;
  /** Null where the platform has no notion of a bot. */
  readonly isBot: boolean | null;
}

/** One connection of one channel. A new one is made for each connection; it is not connected twice. */
export interface ChannelAdapter {
  /**
   * Proves the credentials, then starts to receive. Reconnects by itself afterwards, with jittered backoff,
   * and reports each change through `AdapterContext.state`.
   * @throws ChannelError `fatal` when a person must act, `temporary` when trying again may help.
   */
  connect(): Promise<ConnectedAccount>;
  /** Stops receiving and frees every socket and timer. Never throws; may be called at any time, twice too. */
  disconnect(): Promise<void>;
  /**
   * Sends one message, cut to the platform's limit, and resolves once the platform took all of it.
   * It does not try again: the outbox does, by the kind of the error.
   * @throws ChannelError
   */
  send(message: OutboundMessage): Promise<SentReceipt>;
  /** Asks the platform whether the stored credentials are good, without starting to receive. @throws ChannelError */
  check?(): Promise<ConnectedAccount>;
  /** The bytes of an attachment, for the quarantine. @throws ChannelError, also when it is over `limitBytes`. */
  download?(attachment: Attachment, limitBytes: number): Promise<Uint8Array>;
  /** Shows that work is under way in a conversation. It fades by itself; a failure is passed over. */
  typing?(conversation: string): Promise<void>;
}

/**
 * What an adapter may use. It has no other way to the machine: no `process.env`, no global fetch, no files and no
 * programs but those that its descriptor names.
 */
export interface AdapterContext {
  /** Has passed the descriptor's schema; parse with it again to get the type. */
  readonly settings: ChannelSettings;
  /** Reads one of the descriptor's secrets at the moment it is needed. Not to be kept in a field. */
  secret(name: string): Promise<string | undefined>;
  /** Keeps a secret that the platform has renewed by itself: a refreshed token. Durable when it resolves. */
  renewSecret(name: string, value: string): Promise<void>;
  /**
   * Hands a message over. Resolves when the gateway has it on record or has refused it, so a cursor or an
   * acknowledgement may then move on; waiting for it is the back-pressure. Rejects when it could not be
   * recorded: let the platform deliver it again.
   */
  receive(message: InboundMessage): Promise<void>;
  /**
   * `detail` is a sentence for a person: what happened, why, what to do. No secrets. `nextTryAt`, in milliseconds since
   * the epoch, is when a channel that waits tries again by itself.
   */
  state(state: ChannelState, detail: string, nextTryAt?: number): void;
  /** What the platform says of itself or of us, for the Checklist and the tree. Merged with what was reported before. */
  report(facts: Facts): void;
  /** Puts something on the record that the owner may want to look up. Resolves when it is durable. */
  note(event: ChannelNote): Promise<void>;
  readonly people: ChannelPeople;
  /** Survives restarts, sealed by the vault: cursors, session keys. */
  readonly store: BlobStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The only way out: refuses hosts that are not on the list. */
  readonly fetch: typeof fetch;
  /**
   * For libraries that open a socket of their own: proves beforehand that it may go there. Give the `lookup` of the
   * answer to the library, if it takes one, so that it connects to the address that was looked at.
   * @throws ChannelError `fatal`
   */
  admit(destination: Destination): Promise<Admitted>;
  /** Opens this channel's door in the webhook server. @throws ChannelError */
  webhook(options: WebhookOptions, handler: WebhookHandler): Promise<OpenWebhook>;
  readonly machine: Machine;
  /**
   * Starts one of the programs that the descriptor names, without a shell and without the editor's environment. Its
   * start, with all its arguments, and its end are put on record. `heard` gets each line that it writes.
   * @throws ChannelError `fatal` when it is not one of them or cannot be started
   */
  program(path: string, args: readonly string[], heard: (line: string) => void): Promise<RunningProgram>;
  /** The bytes of a file in one of the descriptor's folders. @throws ChannelError `refused` for every other one. */
  readFile(path: string, limitBytes: number): Promise<Uint8Array>;
  /**
   * Puts bytes into a file for a program that takes no other form, and gives `use` its path. It is called `name` as far
   * as a file can be, only the owner may read it, and it is gone when `use` has ended, whatever its outcome.
   */
  withFile<T>(name: string, bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T>;
  /** For jitter. In [0, 1). */
  random(): number;
}

/** A program that was started for a channel. */
export interface RunningProgram {
  readonly pid: number;
  /** Writes one line; nothing happens when it has ended. */
  write(line: string): void;
  /** Resolves when it and all that it has started are gone. Never rejects. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Ends it with all that it has started. May be called twice. */
  stop(): void;
}

/** What an adapter may know of the machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Who else may look into a folder, and where it lies; undefined when it cannot be looked at. Nothing is read. */
  rightsOf(folder: string): Promise<FolderRights | undefined>;
}

export interface FolderRights {
  /** Its real path. */
  readonly path: string;
  /**
   * The folder and what lies directly in it or one step deeper, as far as others on this machine may open it. What
   * lies in a folder that nobody else may enter is closed. 0 on Windows, whose rights are not looked at.
   */
  readonly openToOthers: number;
  readonly insideWorkspace: boolean;
  /** The service that copies it to other machines, by its path. */
  readonly syncedBy?: string;
}

export interface Destination {
  readonly host: string;
  readonly port: number;
  /** Encrypted from the first byte, or before anything else is said (STARTTLS that is insisted on). */
  readonly tls: boolean;
}

export interface Admitted {
  /** As `net.connect`, `tls.connect`, `https.request` and `ws` take it. */
  readonly lookup: LookupFunction;
}

export interface ChannelNote {
  /** Lower-case words with dashes, the same for the same kind of event: `member-joined`. */
  readonly code: string;
  /** A sentence. No secrets, no text of messages. */
  readonly text: string;
  /** Whom it is about, as the platform numbers them. */
  readonly sender?: string;
  readonly conversation?: string;
}

/** Who is let in on this channel's account, and how to shut somebody out. */
export interface ChannelPeople {
  isKnown(account: string, sender: string): boolean;
  /** Until the owner lets them in again: what is under way for them ends. No effect on strangers. */
  suspend(account: string, sender: string, reason: string): Promise<void>;
  isOpen(account: string, conversation: string): boolean;
  /** Nobody is answered there any more until it is let in again. No effect on rooms that are not let in. */
  closeConversation(account: string, conversation: string, reason: string): Promise<void>;
}

export type AdapterFactory = (context: AdapterContext) => ChannelAdapter;

/**
 * rate-limited: wait `retryAfterMs`. temporary: network or server trouble, try again with backoff.
 * refused: the platform will not take this message, others may pass. fatal: nothing will pass until a person acts.
 */
export type ChannelErrorKind = 'rate-limited' | 'temporary' | 'refused' | 'fatal';

/** The same in every bundle that has this class. */
const BRAND = Symbol.for('cowork.ChannelError');

/**
 * The one error that adapters throw. The message is for a person: what happened, why, what to do; no secrets. Each
 * channel's bundle has a class of its own by this name, so it is known by its brand: `instanceof` holds across bundles.
 */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  readonly [BRAND] = true;

  /** `retryAfterMs` belongs to `rate-limited`, and is what the platform asked for. */
  constructor(
    readonly kind: ChannelErrorKind,
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

Object.defineProperty(ChannelError, Symbol.hasInstance, {
  // Classes that extend it inherit this, and are told apart as classes are.
  value(this: unknown, value: unknown): boolean {
    if (this !== ChannelError) return Function.prototype[Symbol.hasInstance].call(this as () => void, value);
    return value instanceof Error && BRAND in value;
  },
});
