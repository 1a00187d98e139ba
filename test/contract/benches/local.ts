import { randomUUID } from 'node:crypto';
import { localDescriptor } from '../../../src/channels/local/descriptor';
import { LocalHub } from '../../../src/channels/local/hub';
import type { LocalMessage } from '../../../src/channels/local/protocol';
import type { ChatContext } from '../../../src/engine/model/identity';
import type { ChannelBench, Fault, Seen, Utterance } from '../bench';

const GROUP = 'team';

/** The local chat: people who sit at this machine. There is no platform beyond it that could fail. */
export class LocalBench implements ChannelBench {
  readonly descriptor = localDescriptor;
  readonly people = ['ann', 'bob'] as const;
  readonly forgetful = true;
  readonly showsCode = false;
  readonly faults: readonly Fault[] = [];
  readonly createAdapter;
  private readonly got = new Map<ChatContext, LocalMessage[]>();
  private readonly edited = new Set<string>();
  private readonly attached: { dispose(): void }[] = [];
  private count = 0;
  private last: (() => Promise<void>) | undefined;

  constructor(private readonly hub = new LocalHub()) {
    this.createAdapter = hub.createAdapter;
  }

  async start(): Promise<void> {
    this.listen('dm', 'ann');
    this.listen('group', 'watcher');
  }

  async stop(): Promise<void> {
    for (const peer of this.attached) peer.dispose();
  }

  settings(): Record<string, unknown> {
    return {};
  }

  secrets(): Record<string, string> {
    return {};
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? 'dm-ann' : `group-${GROUP}`;
  }

  async say({ text, context, from = 'ann', addressed = true, replyTo }: Utterance): Promise<string> {
    const id = randomUUID();
    const named = context === 'group' && addressed && !text.startsWith('/') ? `@cowork ${text}` : text;
    const said = () => this.speak(context, from, named, { id, ...(replyTo ? { inReplyTo: replyTo } : {}) });
    this.last = said;
    await said();
    return id;
  }

  async repeatLast(): Promise<void> {
    await this.last?.();
  }

  seen(context: ChatContext): readonly Seen[] {
    return (this.got.get(context) ?? []).map(({ id, text, inReplyTo }) => ({
      id,
      text,
      code: [],
      ...(inReplyTo === undefined ? {} : { replyTo: inReplyTo }),
      buttons: [],
      edited: this.edited.has(id),
      files: [],
      alarms: [],
    }));
  }

  async inject(): Promise<void> {}

  async heal(): Promise<void> {}

  requests(): number {
    return this.count;
  }

  violations(): readonly string[] {
    return [];
  }

  private async speak(
    context: ChatContext,
    name: string,
    text: string,
    options: { id: string; inReplyTo?: string },
  ): Promise<void> {
    const peer = this.hub.attach({
      name,
      ...(context === 'group' ? { group: GROUP } : {}),
      onMessage: () => {},
    });
    try {
      await peer.say(text, options);
    } finally {
      peer.dispose();
    }
  }

  private listen(context: ChatContext, name: string): void {
    const got: LocalMessage[] = [];
    this.got.set(context, got);
    const onMessage = (message: LocalMessage) => {
      if (message.from !== undefined) return;
      this.count += 1;
      const earlier = got.findIndex(({ id }) => id === message.edits);
      if (earlier < 0) got.push(message);
      else {
        got[earlier] = { ...message, id: message.edits ?? message.id };
        this.edited.add(message.edits ?? '');
      }
    };
    this.attached.push(
      this.hub.attach({ name, ...(context === 'group' ? { group: GROUP } : {}), onMessage }),
    );
  }
}

export const makeBench = (): ChannelBench => new LocalBench();
