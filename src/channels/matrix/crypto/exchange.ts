import type * as z from 'zod';
import { ChannelError } from '../../contract';
import { fromFailure, type Message, messageSchema, toFailure } from './protocol';

/** Puts a message on its way. What is in `transfer` is gone here afterwards. */
export type Post = (message: Message, transfer: ArrayBuffer[]) => void;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One end of the line between the channel and its thread: it asks, and answers what the other end asks. */
export class Exchange<Out, In> {
  private readonly waiting = new Map<number, Waiting>();
  private readonly serving = new Set<Promise<void>>();
  private next = 1;
  private broken: ChannelError | undefined;

  constructor(
    private readonly post: Post,
    private readonly schema: z.ZodType<In>,
    private readonly serve: (what: In) => Promise<unknown>,
  ) {}

  /** What the other end answers, unchecked. @throws ChannelError as the other end did, or as `breakOff` says */
  ask(what: Out, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.broken) return Promise.reject(this.broken);
    const id = this.next;
    this.next += 1;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.post({ ask: id, what }, transfer);
    });
  }

  /** Takes one message. False when it is not of the protocol. */
  receive(message: unknown): boolean {
    const parsed = messageSchema.safeParse(message);
    if (!parsed.success) return false;
    if ('ask' in parsed.data) this.answer(parsed.data.ask, parsed.data.what);
    else {
      const { answer, value, failure } = parsed.data;
      const waiting = this.waiting.get(answer);
      this.waiting.delete(answer);
      if (failure) waiting?.reject(fromFailure(failure));
      else waiting?.resolve(value);
    }
    return true;
  }

  /** Nothing will be answered any more, nor does anybody wait for what we would answer. */
  breakOff(error: ChannelError): void {
    this.broken ??= error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  /** Resolves when what was asked of this end has been done. Never rejects. */
  async idle(): Promise<void> {
    while (this.serving.size > 0) await Promise.all(this.serving);
  }

  private answer(id: number, what: unknown): void {
    const parsed = this.schema.safeParse(what);
    const work = parsed.success
      ? this.serve(parsed.data)
      : Promise.reject(
          new ChannelError('temporary', 'The encryption of Matrix was asked for what it is not.'),
        );
    const done = work.then(
      // Bytes that are handed over were made for it: see `ownCopy`.
      (value) => this.reply({ answer: id, value }, value instanceof Uint8Array ? [value.buffer] : []),
      (error: unknown) => this.reply({ answer: id, failure: toFailure(error) }, []),
    );
    this.serving.add(done);
    void done.finally(() => this.serving.delete(done));
  }

  private reply(message: Message, transfer: unknown[]): void {
    if (!this.broken) this.post(message, transfer as ArrayBuffer[]);
  }
}

/**
 * The bytes in memory of their own. Small buffers of Node share a piece of memory, and all of that would be copied to
 * the other thread with one of them, whatever else is in it.
 */
export function ownCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
