import { type Key, signToken } from '../peers/jwt';
import { type Letter, post } from './letter';
import { type BenchPeer, FAULTS_OF_CALLERS, PeerBench } from './peer-bench';

/** Milliseconds between two tries to deliver; the platforms take minutes. */
const REPEAT_MS = 100;

type Json = Record<string, unknown>;

/** What benches have in common whose platform calls us with a token that it signs for each call. */
export abstract class TokenPeerBench<
  Peer extends BenchPeer & { readonly keys: readonly Key[] },
> extends PeerBench<Peer> {
  readonly pushOnly = true;
  readonly faults = FAULTS_OF_CALLERS;
  /** What people said, by its id. */
  protected readonly said = new Map<string, Json>();
  protected last: Json | undefined;
  private door = '';
  private stopped = false;
  private queue: Promise<void> = Promise.resolve();

  /** What a genuine token says, and these changes. */
  abstract claims(extra?: Json): Json;

  override async stop(): Promise<void> {
    this.stopped = true;
    await super.stop();
  }

  calls(url: string): void {
    this.door = url;
  }

  /** Where the door is, for tokens that are for its address. */
  get address(): string {
    return this.door;
  }

  async repeatLast(): Promise<void> {
    if (this.last) this.deliver(this.last);
  }

  signingKey(): Key {
    const [key] = this.peer.keys;
    if (!key) throw new Error('no key');
    return key;
  }

  letter(content: unknown, claims: Json = this.claims(), key: Key = this.signingKey()): Letter {
    return {
      method: 'POST',
      url: this.door,
      headers: [
        ['Content-Type', 'application/json; charset=utf-8'],
        ['Authorization', `Bearer ${signToken(key, claims)}`],
      ],
      body: Buffer.from(JSON.stringify(content)),
    };
  }

  /** Calls until it is taken, one message after the other, as such platforms do for some minutes. */
  protected deliver(content: Json): void {
    this.queue = this.queue.then(async () => {
      while (!this.stopped) {
        const up = this.peer.trouble !== 'down' && this.door !== '';
        const answer = up ? await post(this.letter(content)).catch(() => undefined) : undefined;
        if (answer && answer.status < 500) return;
        await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
      }
    });
  }
}
