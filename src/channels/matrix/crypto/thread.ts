import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type AdapterContext, ChannelError } from '../../contract';
import { Exchange, type Post } from './exchange';
import { type Call, nameOf, type Result, resultSchemas, type Service, serviceSchema } from './protocol';

/** Milliseconds that a thread has to finish what it is doing when it is to end. */
const GRACE_MS = 5_000;

/** A thread that was started. */
export interface Port {
  readonly post: Post;
  /** Called once, before anything is posted. `onEnd` may be called more than once, with a word for why. */
  listen(onMessage: (message: unknown) => void, onEnd: (why: string) => void): void;
  /** Ends it at once; `onEnd` is called before it resolves. */
  end(): Promise<void>;
}

export type StartThread = () => Port;

/** The bundle that lies beside the channel's own. It is read, and 8 MB of WebAssembly with it, in its own thread. */
const BUNDLE = 'matrix-crypto-worker.cjs';

/** Starts the thread. It gets neither the environment nor the arguments of this one: it needs none. */
export function startThread(path = join(__dirname, BUNDLE)): Port {
  const worker = new Worker(path, { env: {}, argv: [], execArgv: [], name: 'matrix-crypto' });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen(onMessage, onEnd) {
      worker.on('message', onMessage);
      worker.once('error', (error) => onEnd(nameOf(error)));
      worker.once('messageerror', () => onEnd('a message that cannot be read'));
      worker.once('exit', (code) => onEnd(`code ${code}`));
    },
    async end() {
      await worker.terminate();
    },
  };
}

export interface ThreadParts {
  readonly clock: AdapterContext['clock'];
  /** Does what the thread asks for, until `signal`. */
  readonly serve: (what: Service, signal: AbortSignal) => Promise<unknown>;
  /** The end of the connection: the thread has a grace, then it is ended whatever it does. */
  readonly signal: AbortSignal;
  /** It ended though nobody wanted it to. */
  readonly onDeath: (why: string) => void;
}

/** One thread from its start to its end. */
export class CryptoThread {
  private readonly exchange: Exchange<Call, Service>;
  private readonly over = new AbortController();
  private readonly hurry = () => this.giveGrace();
  private grace: { dispose(): void } | undefined;
  private ending: Promise<void> | undefined;

  constructor(
    private readonly port: Port,
    private readonly parts: ThreadParts,
  ) {
    const { signal, serve } = parts;
    const until = AbortSignal.any([signal, this.over.signal]);
    this.exchange = new Exchange(port.post, serviceSchema, (what) => serve(what, until));
    port.listen(
      (message) => {
        if (!this.exchange.receive(message)) this.lost('a message that is not of the protocol');
      },
      (why) => this.lost(why),
    );
    if (signal.aborted) this.hurry();
    else signal.addEventListener('abort', this.hurry, { once: true });
  }

  /** @throws ChannelError `temporary` also when the thread ends before it has answered */
  async ask<N extends Call['call']>(call: Call & { call: N }): Promise<Result<N>> {
    const result = resultSchemas[call.call].safeParse(await this.exchange.ask(call));
    if (result.success) return result.data as Result<N>;
    throw new ChannelError('temporary', 'The encryption of Matrix answered with something else.');
  }

  /** Resolves when it has ended and nothing is done for it any more: the last of its keys is written. Never rejects. */
  end(): Promise<void> {
    this.ending ??= this.endNow();
    return this.ending;
  }

  private async endNow(): Promise<void> {
    if (!this.over.signal.aborted) {
      this.giveGrace();
      await this.ask({ call: 'close' }).catch(() => undefined);
    }
    await this.port.end().catch(() => undefined);
    this.lost('the end');
    await this.exchange.idle();
  }

  private giveGrace(): void {
    this.grace ??= this.parts.clock.after(GRACE_MS, () => void this.port.end().catch(() => undefined));
  }

  private lost(why: string): void {
    if (this.over.signal.aborted) return;
    const { signal, onDeath } = this.parts;
    this.over.abort();
    this.grace?.dispose();
    signal.removeEventListener('abort', this.hurry);
    this.exchange.breakOff(
      new ChannelError(
        'temporary',
        'The thread that encrypts and decrypts for Matrix ended in the middle. It is started again with the keys that are kept, and what was under way is tried again.',
      ),
    );
    if (!this.ending && !signal.aborted) onDeath(why);
  }
}
