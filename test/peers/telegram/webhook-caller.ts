interface Update {
  readonly update_id: number;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Milliseconds before a call that was not taken is repeated. */
const REPEAT_MS = 500;

/** Calls a webhook with one update after the other, each until it is taken. */
export class WebhookCaller {
  /** Updates that were delivered more than once. */
  repeated = 0;
  url: string | undefined;
  secret = '';
  private running = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly next: () => Update | undefined,
    private readonly taken: () => void,
    private readonly speed: () => number,
  ) {}

  set(url: string, secret: string): void {
    this.url = url;
    this.secret = secret;
    this.wake();
  }

  stop(): void {
    this.url = undefined;
    clearTimeout(this.timer);
  }

  wake(): void {
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    for (let update = this.next(); update && this.url; update = this.next()) {
      const { update_id, kind, body } = update;
      const answer = await fetch(this.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-telegram-bot-api-secret-token': this.secret,
          connection: 'close',
        },
        body: JSON.stringify({ update_id, [kind]: body }),
      }).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.ok) this.taken();
      else {
        this.repeated += 1;
        await new Promise((resolve) => {
          this.timer = setTimeout(resolve, REPEAT_MS / this.speed());
        });
      }
    }
    this.running = false;
  }
}
