import type { z } from 'zod';
import type { AccessMode, ChannelState } from '../engine/model/events';
import type { ChatContext } from '../engine/model/identity';
import type { Attachment, InboundMessage, OutboundMessage, SentReceipt } from '../engine/model/message';
import type { Clock, Logger } from '../engine/model/ports';

/** A credential of a channel. Kept in the secret store as `<channel id>/<name>`. */
export interface SecretField {
  readonly name: string;
  readonly label: string;
  /** One or two sentences: where a person finds it. */
  readonly help: string;
  /** Undefined when the text may be right; else one sentence on what is wrong with it. Never repeats it. */
  validate?(value: string): string | undefined;
}

export interface ChannelCapabilities {
  /** The most that fits in one message, in UTF-16 code units; `splitMessage` cuts to it. */
  readonly maxLength: number;
  /** Can change a message it sent earlier (`OutboundMessage.edits`). */
  readonly edit: boolean;
  readonly buttons: boolean;
  readonly threads: boolean;
  readonly typing: boolean;
  readonly contexts: readonly ChatContext[];
}

/** All that is known of a channel without loading its adapter. */
export interface ChannelDescriptor {
  /** Lower-case, unique, never changed: it is part of identities and records. */
  readonly id: string;
  readonly name: string;
  /** Name of a codicon, without `$(…)`. */
  readonly icon: string;
  readonly summary: string;
  readonly secrets: readonly SecretField[];
  /** What the channel's settings must look like; every field has a default or the channel is `unconfigured`. */
  readonly settings: z.ZodType;
  readonly capabilities: ChannelCapabilities;
  /** The access modes that this channel may use at all; every one when absent. */
  readonly allowedModes?: readonly AccessMode[];
  /** Steps of the setup guide, in order, as plain text. */
  readonly setup: readonly string[];
  /** Hosts the adapter talks to with these settings, for the egress gate: `host` or `host:port`. */
  hosts?(settings: Readonly<Record<string, unknown>>): readonly string[];
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
}

/** What an adapter may use. It has no other way to the machine: no `process.env`, no files, no global fetch. */
export interface AdapterContext {
  /** Has passed the descriptor's schema; parse with it again to get the type. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Reads one of the descriptor's secrets at the moment it is needed. Not to be kept in a field. */
  secret(name: string): Promise<string | undefined>;
  /**
   * Hands a message over. Resolves when the gateway has it on record or has refused it, so a cursor or an
   * acknowledgement may then move on; waiting for it is the back-pressure. Rejects when it could not be
   * recorded: let the platform deliver it again.
   */
  receive(message: InboundMessage): Promise<void>;
  /** `detail` is a sentence for a person: what happened, why, what to do. No secrets. */
  state(state: ChannelState, detail: string): void;
  readonly clock: Clock;
  readonly log: Logger;
  /** The only way out: refuses hosts that are not on the list. */
  readonly fetch: typeof fetch;
  /** For jitter. In [0, 1). */
  random(): number;
}

export type AdapterFactory = (context: AdapterContext) => ChannelAdapter;

/**
 * rate-limited: wait `retryAfterMs`. temporary: network or server trouble, try again with backoff.
 * refused: the platform will not take this message, others may pass. fatal: nothing will pass until a person acts.
 */
export type ChannelErrorKind = 'rate-limited' | 'temporary' | 'refused' | 'fatal';

/** The one error that adapters throw. The message is for a person: what happened, why, what to do; no secrets. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';

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
