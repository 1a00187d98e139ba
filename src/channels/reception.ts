import { ChannelError } from './contract';

/** How a channel hears: by asking, by a standing connection, or by being called. */
export interface Receiver {
  /** Resolves once it hears. @throws ChannelError */
  start(): Promise<void>;
  /** Frees every socket and timer. Never throws; may be called while it starts. */
  stop(): Promise<void>;
}

/** The receiving half of one connection: begun once, and not begun at all when it was ended before. */
export class Reception {
  private ended = false;
  private receiver: Receiver | undefined;

  constructor(private readonly platform: string) {}

  /** Makes the receiver and starts it. @throws ChannelError */
  async begin(make: () => Receiver): Promise<void> {
    if (this.ended) throw this.gone();
    const receiver = make();
    this.receiver = receiver;
    await receiver.start();
    if (this.ended) throw this.gone();
  }

  async end(): Promise<void> {
    this.ended = true;
    const { receiver } = this;
    this.receiver = undefined;
    await receiver?.stop();
  }

  private gone(): ChannelError {
    return new ChannelError('temporary', `${this.platform} was disconnected while it was connecting.`);
  }
}

/** `run`, with whatever it throws as the one error that adapters throw. */
export async function asChannelError<T>(
  run: () => Promise<T>,
  toChannelError: (error: unknown) => ChannelError,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toChannelError(error);
  }
}
