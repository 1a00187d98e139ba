import type { Socket } from 'node:net';

/** Milliseconds until the end of a connection is noticed, at most. */
const GOODBYE_MS = 40;

/** How a call for updates that was held open has ended. */
export type PollEnd = 'over' | 'conflict' | 'garbled' | 'dead';

/** The one call for updates that may be open at a time. */
export class LongPoll {
  private open: { readonly socket: Socket; readonly end: (how: PollEnd) => void } | undefined;

  constructor(private readonly problems: string[]) {}

  /** Holds the call open until something ends it, or for so many milliseconds. */
  hold(socket: Socket, forMs: number): Promise<PollEnd> {
    return new Promise((resolve) => {
      const end = (how: PollEnd) => {
        clearTimeout(timer);
        if (this.open === own) this.open = undefined;
        resolve(how);
      };
      const timer = setTimeout(end, forMs, 'over');
      const own = { socket, end };
      this.open = own;
      socket.once('close', () => end('over'));
    });
  }

  get isOpen(): boolean {
    return this.open !== undefined;
  }

  end(how: PollEnd): void {
    this.open?.end(how);
  }

  /** Another call has come. */
  replace(): void {
    const { open } = this;
    if (!open) return;
    open.end('conflict');
    // A client that has given the call up may not have been heard to yet.
    setTimeout(() => {
      if (!open.socket.destroyed) this.problems.push('asked for updates twice at the same time');
    }, GOODBYE_MS);
  }
}
