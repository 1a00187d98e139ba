/** A token bucket: `burst` at once, then `perSecond`. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** How much the gateway takes. `known` are people who are let in; strangers have their own, smaller share. */
export interface GatewayLimits {
  /** Of one message's text, in bytes of UTF-8. */
  readonly textBytes: number;
  /** Of one attachment. */
  readonly attachmentBytes: number;
  /** Attachments of one message. */
  readonly attachments: number;
  readonly knownIdentity: Rate;
  readonly knownChannel: Rate;
  readonly strangerIdentity: Rate;
  readonly strangerChannel: Rate;
  /** Waiting messages of one conversation. */
  readonly conversationQueue: number;
  /** Waiting messages of all known people; a conversation with nothing waiting may go over it, to twice as many. */
  readonly knownQueue: number;
  readonly strangerQueue: number;
  /** Characters of all waiting messages together. */
  readonly queuedCharacters: number;
  /** Messages that the engine is given at the same time. */
  readonly knownAtOnce: number;
  readonly strangersAtOnce: number;
}

/**
 * A person who pastes twenty commands is not too fast, a script that goes on is. Strangers together get about
 * what a person could read; whatever they send, the known have the rest for themselves.
 */
export const DEFAULT_LIMITS: GatewayLimits = {
  textBytes: 64 * 1024,
  attachmentBytes: 20 * 1024 * 1024,
  attachments: 10,
  knownIdentity: { burst: 20, perSecond: 1 },
  knownChannel: { burst: 2_000, perSecond: 100 },
  strangerIdentity: { burst: 6, perSecond: 0.2 },
  strangerChannel: { burst: 60, perSecond: 10 },
  conversationQueue: 50,
  knownQueue: 2_000,
  strangerQueue: 200,
  queuedCharacters: 16 * 1024 * 1024,
  knownAtOnce: 8,
  strangersAtOnce: 2,
};
