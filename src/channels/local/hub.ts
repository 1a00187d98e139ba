import { randomUUID } from 'node:crypto';
import type { OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { PartSender } from '../parts';
import { LOCAL_ACCOUNT, localDescriptor, localSettings } from './descriptor';
import { type LocalMessage, peerName } from './protocol';

/** Replies kept for a conversation that nobody is looking at, until somebody does. */
const WAITING_CAP = 200;
/** Conversations that replies are kept for. */
const CONVERSATION_CAP = 64;

/** Who wants to talk: a name that stays the same is the same person. */
export interface LocalPeerOptions {
  readonly name: string;
  /** Speak in this group instead of alone with the bot. */
  readonly group?: string;
  onMessage(message: LocalMessage): void;
}

export interface LocalPeer {
  /**
   * Says something. Resolves when it is on the record. `id` identifies it when it may have to be said again.
   * @throws ChannelError when the channel is off or it could not be recorded.
   */
  say(text: string, options?: { id?: string; inReplyTo?: string }): Promise<void>;
  dispose(): void;
}

/** Something that lets peers in while the channel is on: the loopback server. */
export interface LocalDoor {
  /** @throws ChannelError */
  open(context: AdapterContext, hub: LocalHub): Promise<void>;
  close(): Promise<void>;
}

/**
 * The room in which the peers of the local channel and the gateway meet. It outlives connections: peers attach to
 * it whether the channel is on or not, and are told when they speak that it is off.
 */
export class LocalHub {
  private readonly peers = new Map<string, Set<LocalPeerOptions>>();
  private readonly waiting = new Map<string, LocalMessage[]>();
  private context: AdapterContext | undefined;

  constructor(private readonly door?: LocalDoor) {}

  /** For the registry: the local channel needs no bundle. */
  readonly createAdapter: AdapterFactory = (context) => new LocalAdapter(context, this, this.door);

  /** @throws RangeError with a sentence when a name is not one. */
  attach(options: LocalPeerOptions): LocalPeer {
    checkName('name', options.name);
    if (options.group !== undefined) checkName('group', options.group);
    const conversation = conversationOf(options);
    const here = this.peers.get(conversation) ?? new Set();
    this.peers.set(conversation, here.add(options));
    for (const message of this.waiting.get(conversation) ?? []) options.onMessage(message);
    this.waiting.delete(conversation);

    return {
      say: (text, extra = {}) => this.say(options, text, extra),
      dispose: () => {
        here.delete(options);
        if (here.size === 0 && this.peers.get(conversation) === here) this.peers.delete(conversation);
      },
    };
  }

  /** Called by the adapter while it is connected. */
  bind(context: AdapterContext | undefined): void {
    this.context = context;
  }

  /** Called by the adapter: to everybody in the conversation, or kept until somebody comes. */
  deliver(conversation: string, message: LocalMessage): void {
    const here = this.peers.get(conversation);
    if (here && here.size > 0) {
      for (const peer of here) peer.onMessage(message);
      return;
    }
    const kept = this.waiting.get(conversation) ?? [];
    this.waiting.delete(conversation);
    this.waiting.set(conversation, [...kept, message].slice(-WAITING_CAP));
    if (this.waiting.size > CONVERSATION_CAP) {
      const oldest = this.waiting.keys().next().value;
      if (oldest !== undefined) this.waiting.delete(oldest);
    }
  }

  private async say(
    peer: LocalPeerOptions,
    written: string,
    { id = randomUUID(), inReplyTo }: { id?: string; inReplyTo?: string },
  ): Promise<void> {
    const { context } = this;
    if (!context) {
      throw new ChannelError(
        'temporary',
        'The local channel is off. Enable “Local chat” in the Channels view of VS Code.',
      );
    }
    const conversation = conversationOf(peer);
    const inGroup = peer.group !== undefined;
    const { text, addressed } = inGroup ? withoutMention(written) : { text: written, addressed: true };
    await context.receive({
      channel: localDescriptor.id,
      account: LOCAL_ACCOUNT,
      conversation,
      context: inGroup ? 'group' : 'dm',
      sender: { id: peer.name, displayName: peer.name, isBot: false, isSelf: false },
      text,
      attachments: [],
      platformId: id,
      receivedAt: context.clock.now(),
      addressed: addressed || inReplyTo !== undefined,
      ...(inReplyTo === undefined ? {} : { inReplyTo }),
    });
    if (!inGroup) return;
    for (const other of this.peers.get(conversation) ?? []) {
      if (other.name !== peer.name) other.onMessage({ id, text: written, format: 'text', from: peer.name });
    }
  }
}

class LocalAdapter implements ChannelAdapter {
  private connected = false;
  private readonly parts = new PartSender(localDescriptor.capabilities);

  constructor(
    private readonly context: AdapterContext,
    private readonly hub: LocalHub,
    private readonly door: LocalDoor | undefined,
  ) {
    localSettings.parse(context.settings);
  }

  async connect(): Promise<ConnectedAccount> {
    this.connected = true;
    await this.door?.open(this.context, this.hub);
    if (!this.connected) {
      await this.door?.close();
      throw new ChannelError('temporary', 'The local chat was switched off while it started.');
    }
    this.hub.bind(this.context);
    this.context.state('online', 'Run “Open Local Chat”, or “npm run chat” in a terminal.');
    return { account: LOCAL_ACCOUNT, name: localDescriptor.name, isBot: true };
  }

  async disconnect(): Promise<void> {
    if (!this.connected) return;
    this.connected = false;
    this.hub.bind(undefined);
    await this.door?.close();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(message, async ({ text, first }) => {
      const id = (first ? message.edits : undefined) ?? randomUUID();
      this.hub.deliver(message.conversation, {
        id,
        text,
        format: message.format,
        ...(first && message.inReplyTo !== undefined ? { inReplyTo: message.inReplyTo } : {}),
        ...(first && message.edits !== undefined ? { edits: message.edits } : {}),
      });
      return id;
    });
  }
}

function conversationOf(peer: Pick<LocalPeerOptions, 'name' | 'group'>): string {
  return peer.group === undefined ? `dm-${peer.name}` : `group-${peer.group}`;
}

/** In a group only a command, or what starts with the bot's name, is meant for the bot. */
function withoutMention(text: string): { text: string; addressed: boolean } {
  const mention = /^@cowork\b[:,]?\s*/i.exec(text);
  if (mention) return { text: text.slice(mention[0].length), addressed: true };
  return { text, addressed: text.startsWith('/') };
}

function checkName(what: string, value: string): void {
  const parsed = peerName.safeParse(value);
  if (!parsed.success)
    throw new RangeError(`The ${what} ${parsed.error.issues[0]?.message ?? 'is not usable'}.`);
}
