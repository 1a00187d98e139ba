/** What a channel asks of its door in the webhook server. */
export interface WebhookOptions {
  readonly methods: readonly ('GET' | 'POST')[];
  /** Of requests with a body: media types without parameters, such as `application/json`. */
  readonly contentTypes: readonly string[];
}

/** A request as it came: nothing has been parsed or believed. */
export interface WebhookRequest {
  readonly method: 'GET' | 'POST';
  readonly query: URLSearchParams;
  /** Names in lower case. A header that came twice has been refused already. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes that a signature is over. */
  readonly body: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /**
   * True the first time that this key is seen within `forMs`, across restarts: a replay is one that is not. It counts
   * as seen once the request has been accepted, so that one that failed may come again. Keys are the platform's ids
   * of events, or a hash of the signature.
   */
  firstTime(key: string, forMs: number): boolean;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly body?: string;
  /** `text/plain` when absent. */
  readonly contentType?: string;
  /** For the access log: `accepted`, or why not. Never sent to the caller. */
  readonly reason: string;
  /** What is left to do once the caller has been answered within its deadline. */
  after?(): Promise<void>;
}

/**
 * Verifies first, then parses, and answers soon; what takes long goes into `after`. What it throws is answered with
 * 500, so that the platform delivers again.
 */
export type WebhookHandler = (request: WebhookRequest) => Promise<WebhookAnswer>;

/** A door that is open. */
export interface OpenWebhook {
  /** Where the platform reaches it: the public address when there is one, else the one on this machine. */
  readonly url: string;
  readonly isPublic: boolean;
  close(): Promise<void>;
}
