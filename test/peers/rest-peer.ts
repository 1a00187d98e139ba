import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, HttpPeer, type PeerTrouble } from './http-peer';
import { ToldToWait } from './told-to-wait';

/** The ways in which a platform's API can fail. */

export interface PeerCall {
  readonly method: string;
  /** Without the slash at its beginning. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface PeerAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** A message was taken: this is the answer that can be lost. */
  readonly took?: true;
}

/** Milliseconds between the tries to deliver; each platform has its own, here with seconds for minutes. */
const TRIES_MS = [0, 100, 300, 1_000, 3_000, 10_000];

/** What the peers of platforms with an API of requests, which call us, have in common. */
export abstract class RestPeer extends HttpPeer {
  loseAnswer = false;
  private readonly told = new ToldToWait();
  private delivering: Promise<unknown> = Promise.resolve();

  /** Milliseconds that it asks to wait when it is called too often. */
  protected readonly waitMs: number = 1_000;

  protected abstract answer(call: PeerCall): PeerAnswer | Promise<PeerAnswer>;
  protected abstract refusal(trouble: Exclude<PeerTrouble, 'down'>): PeerAnswer;
  /** Whether the call is one that the platform counts as a message. */
  protected abstract sends(call: PeerCall): boolean;

  /** Calls, and calls again until it is taken: `call` is given how often it was tried before. */
  protected deliver(call: (repetition: number) => Promise<boolean>): void {
    const first = this.delivering.then(() => this.tried(call, 0));
    this.delivering = first;
    void first.then((taken) => (taken ? undefined : this.repeat(call)));
  }

  private async tried(call: (repetition: number) => Promise<boolean>, repetition: number): Promise<boolean> {
    if (!this.isRunning) return true;
    if (this.trouble === 'down') return false;
    return call(repetition).catch(() => false);
  }

  private async repeat(call: (repetition: number) => Promise<boolean>): Promise<void> {
    for (const [index, waitMs] of TRIES_MS.entries()) {
      await new Promise((resolve) => setTimeout(resolve, waitMs / this.speed));
      if (await this.tried(call, index + 1)) return;
    }
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const body = await bodyOf(request);
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://x');
    const call: PeerCall = {
      method: request.method ?? '',
      path: pathname.slice(1),
      query,
      headers: request.headers,
      body,
    };
    const { trouble } = this;
    const sends = this.sends(call);
    if (trouble === 'rate-limit' && sends) this.told.tell(this.waitMs / 2 / this.speed);
    else if (sends && this.told.isTooEarly())
      this.problems.push(`${call.path} before the time that it was told to wait for`);
    const answer =
      trouble === undefined || trouble === 'down' ? await this.answer(call) : this.refusal(trouble);
    if (answer.took && this.loseAnswer) {
      this.loseAnswer = false;
      request.socket.destroy();
      return;
    }
    const bytes = answer.bytes ?? Buffer.from(JSON.stringify(answer.json ?? {}));
    const type = answer.bytes ? 'application/octet-stream' : 'application/json';
    response.writeHead(answer.status, { 'content-type': type, ...answer.headers });
    response.end(bytes);
  }
}

/** The fields of a form with files: what stands in it, byte for byte. */
export function formFields(
  body: Buffer,
  contentType: string,
): ReadonlyMap<string, { readonly fileName?: string; readonly type?: string; readonly bytes: Buffer }> {
  const fields = new Map<string, { fileName?: string; type?: string; bytes: Buffer }>();
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (boundary === undefined) return fields;
  for (const section of body.toString('latin1').split(`--${boundary}`).slice(1, -1)) {
    const end = section.indexOf('\r\n\r\n');
    const head = Buffer.from(section.slice(0, end), 'latin1').toString('utf8');
    const name = / name="([^"]*)"/.exec(head)?.[1] ?? '';
    const fileName = / filename="([^"]*)"/.exec(head)?.[1];
    const type = /content-type: ([^\r\n]+)/i.exec(head)?.[1];
    fields.set(name, {
      ...(fileName === undefined ? {} : { fileName }),
      ...(type === undefined ? {} : { type }),
      bytes: Buffer.from(section.slice(end + 4, -2), 'latin1'),
    });
  }
  return fields;
}
