import { randomBytes } from 'node:crypto';
import type { ConversationRef, IdentityKey } from '../../engine/model/identity';
import type { Clock, Disposable } from '../../engine/model/ports';
import type { ChannelAdapter, ChannelCapabilities } from '../contract';
import type { Outbox } from './outbox';

/** Milliseconds between two signs of typing; they fade after five seconds on most platforms. */
const TYPING_EVERY_MS = 4_000;
/** Milliseconds until a message says that it takes longer. Each next change of it takes twice as long to come. */
const FIRST_WORD_MS = 15_000;
const LONGEST_WAIT_MS = 300_000;

export interface WorkSignDeps {
  readonly clock: Clock;
  readonly outbox: Outbox;
  /** The channel's connection of now. */
  link(
    channel: string,
  ): { readonly adapter: ChannelAdapter; readonly capabilities: ChannelCapabilities } | undefined;
  mayReply(to: IdentityKey): boolean;
}

/** A piece of work that somebody waits for. */
export interface Work extends ConversationRef {
  readonly to: IdentityKey;
  readonly taskId: string;
}

/**
 * Shows in a conversation that work is under way: by the platform's sign of typing where it has one, else by one
 * message that is changed as time goes on. Nothing is shown to who has lost access.
 */
export class WorkSigns implements Disposable {
  private readonly under = new Set<Disposable>();

  constructor(private readonly deps: WorkSignDeps) {}

  /** Dispose when the work has ended, or waits for a person. */
  show(work: Work): Disposable {
    const capabilities = this.deps.link(work.channel)?.capabilities;
    const sign = capabilities?.typing
      ? this.type(work)
      : capabilities?.edit
        ? this.tell(work)
        : { dispose() {} };
    this.under.add(sign);
    return {
      dispose: () => {
        this.under.delete(sign);
        sign.dispose();
      },
    };
  }

  dispose(): void {
    for (const sign of this.under) sign.dispose();
    this.under.clear();
  }

  private type({ channel, conversation, to }: Work): Disposable {
    let timer: Disposable | undefined;
    const again = () => {
      timer = this.deps.clock.after(TYPING_EVERY_MS, again);
      if (!this.deps.mayReply(to)) return;
      // A sign that does not get through is not worth another word.
      void this.deps
        .link(channel)
        ?.adapter.typing?.(conversation)
        .catch(() => undefined);
    };
    again();
    return { dispose: () => timer?.dispose() };
  }

  private tell(work: Work): Disposable {
    const { clock, outbox } = this.deps;
    const { to, taskId, ...place } = work;
    const began = clock.now();
    let timer: Disposable | undefined;
    let shown: string | undefined;
    let asked = '';
    const listening = outbox.onSent(({ replyId, platformIds }) => {
      if (replyId === asked) shown = platformIds[0] ?? shown;
    });
    const say = (text: string) => {
      asked = `w${randomBytes(8).toString('hex')}`;
      const reply = { ...place, to, text, format: 'text', replyId: asked } as const;
      void outbox.say(shown === undefined ? reply : { ...reply, edits: shown }).catch(() => undefined);
    };
    const wait = (ms: number) => {
      timer = clock.after(ms, () => {
        // The first word is still on its way: a second would be another message.
        if (asked === '' || shown !== undefined)
          say(`${taskId} is still at work (${span(clock.now() - began)}).`);
        wait(Math.min(LONGEST_WAIT_MS, ms * 2));
      });
    };
    wait(FIRST_WORD_MS);
    return {
      dispose: () => {
        timer?.dispose();
        if (shown !== undefined) say(`${taskId} was at work for ${span(clock.now() - began)}.`);
        listening.dispose();
      },
    };
  }
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
