/** What the server takes, and for how long it waits. Sizes in bytes, times in milliseconds. */
export interface WebhookLimits {
  readonly body: number;
  readonly headers: number;
  readonly headerCount: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersWithin: number;
  /** From the first byte of a request to its last. */
  readonly requestWithin: number;
  /** How long a connection may be silent between requests. */
  readonly idle: number;
  readonly connections: number;
  /** From the whole request to the answer. Shorter than the shortest deadline of a platform: Slack's 3 s. */
  readonly answerWithin: number;
  /** Refused requests that one source may make: so many at once, and so many a second afterwards. */
  readonly refusals: { readonly burst: number; readonly perSecond: number };
}

export const DEFAULT_LIMITS: WebhookLimits = {
  body: 1024 * 1024,
  headers: 16 * 1024,
  headerCount: 64,
  headersWithin: 5_000,
  requestWithin: 10_000,
  idle: 5_000,
  connections: 1_000,
  answerWithin: 2_500,
  refusals: { burst: 50, perSecond: 1 },
};
