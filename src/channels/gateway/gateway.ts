import {
  type ChatContext,
  type ConversationKey,
  conversationKey,
  type IdentityKey,
  identityKey,
} from '../../engine/model/identity';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import type { Clock, Disposable, Logger } from '../../engine/model/ports';
import type { RecordSink } from '../../engine/model/record';
import type { ChannelAdapter, ChannelDescriptor, ChannelError, ConnectedAccount } from '../contract';
import type { KeptFile } from './able';
import { Buckets } from './buckets';
import { DropLog, type DropReason } from './drops';
import { Lane, type Waiting } from './lanes';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits';
import { type EarlierReply, Outbox, type Reply } from './outbox';
import type { Quarantine } from './quarantine';
import { screenText } from './screen';
import { Seen } from './seen';
import { type Work, WorkSigns } from './working';

export interface GatewayDeps {
  /** The engine's `receive`: admits, answers or is silent; resolves once it is on record. */
  deliver(message: InboundMessage): Promise<void>;
  readonly records: RecordSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  random(): number;
  readonly access: GatewayAccess;
  /** What an earlier run has seen and left unsent, from the messages projection. */
  readonly earlier?: { readonly seen: Iterable<string>; readonly unsent: Iterable<EarlierReply> };
  /** Without one, attachments are named to the engine but not fetched. */
  readonly quarantine?: Quarantine;
  /** The bytes of a file of a reply that an earlier run left unsent. */
  readFile?(file: KeptFile): Promise<Uint8Array>;
  readonly limits?: Partial<GatewayLimits>;
}

/** What the gateway asks of access. */
export interface GatewayAccess {
  /** True for people who are let in: they have the larger share. */
  isKnown(key: IdentityKey): boolean;
  mentionRequired(channel: string, context: ChatContext, conversation: ConversationKey): boolean;
  mayReply(to: IdentityKey, queuedAt: number): boolean;
}

/** How long the end waits for replies that are on their way, in milliseconds: the editor gives five seconds in all. */
const SETTLE_MS = 1_500;
/** Ids are short on every platform; what is longer is not an id. */
const ID_MAX = 512;
const DROPPED: Promise<void> = Promise.resolve();
/** How often someone who is too fast is told so. */
const TOO_FAST_TOLD = { burst: 1, perSecond: 1 / 60 };
const TOO_FAST =
  'You are sending faster than messages are taken, so some of the last ones were left out. Wait a few seconds and send them again.';

/**
 * Between the channels and the engine. Inbound it drops what nobody should have to look at, and keeps the rest
 * in order and in bounds; outbound it gets replies to where they belong. It decides nothing about who may
 * talk, apart from giving the known and the strangers their own share.
 */
export class Gateway implements Disposable {
  private readonly limits: GatewayLimits;
  private readonly seen: Seen;
  private readonly drops: DropLog;
  private readonly lanes: Readonly<Record<'known' | 'stranger', Lane>>;
  private readonly identities: Readonly<Record<'known' | 'stranger', Buckets>>;
  private readonly channels: Readonly<Record<'known' | 'stranger', Buckets>>;
  private readonly tooFast = new Buckets(TOO_FAST_TOLD);
  private readonly outbox: Outbox;
  private readonly signs: WorkSigns;
  private closed = false;

  constructor(private readonly deps: GatewayDeps) {
    const limits = { ...DEFAULT_LIMITS, ...deps.limits };
    this.limits = limits;
    this.seen = new Seen(deps.earlier?.seen);
    this.drops = new DropLog(deps.records, deps.clock, (error) =>
      deps.log.error(`Dropped messages could not be recorded: ${String(error)}`),
    );
    const work = (waiting: Waiting): Promise<void> => this.work(waiting);
    const lane = (atOnce: number, total: number): Lane =>
      new Lane(
        {
          atOnce,
          total,
          perConversation: limits.conversationQueue,
          characters: limits.queuedCharacters,
        },
        work,
      );
    this.lanes = {
      known: lane(limits.knownAtOnce, limits.knownQueue),
      stranger: lane(limits.strangersAtOnce, limits.strangerQueue),
    };
    this.identities = {
      known: new Buckets(limits.knownIdentity),
      stranger: new Buckets(limits.strangerIdentity),
    };
    this.channels = {
      known: new Buckets(limits.knownChannel),
      stranger: new Buckets(limits.strangerChannel),
    };
    this.outbox = new Outbox({
      records: deps.records,
      clock: deps.clock,
      log: deps.log,
      random: () => deps.random(),
      mayReply: (to, queuedAt) => deps.access.mayReply(to, queuedAt),
      ...(deps.readFile ? { readFile: deps.readFile } : {}),
    });
    this.signs = new WorkSigns({
      clock: deps.clock,
      outbox: this.outbox,
      link: (channel) => {
        const link = this.outbox.link(channel);
        return link && { adapter: link.adapter, capabilities: link.descriptor.capabilities };
      },
      mayReply: (to) => deps.access.mayReply(to, deps.clock.now()),
    });
    this.outbox.resume(deps.earlier?.unsent ?? []);
  }

  /** Fires when the platform has taken a reply, with its ids there. */
  get onSent() {
    return this.outbox.onSent;
  }

  /** Messages that wait for the engine, and replies that wait for a channel. */
  get waiting(): { readonly inbound: number; readonly outbound: number } {
    return { inbound: this.lanes.known.size + this.lanes.stranger.size, outbound: this.outbox.pending };
  }

  /** Replies that wait for this channel. */
  waitingFor(channel: string): number {
    return this.outbox.pendingOn(channel);
  }

  /** `onFatal` is told when a sending finds that nothing will pass until a person acts. */
  attach(
    descriptor: ChannelDescriptor,
    account: ConnectedAccount,
    adapter: ChannelAdapter,
    onFatal?: (error: ChannelError) => void,
  ): void {
    this.outbox.attach(descriptor, account, adapter, onFatal);
  }

  detach(channel: string): void {
    this.outbox.detach(channel);
  }

  /** Shows that work is under way, until what is returned is disposed of. */
  working(work: Work): Disposable {
    return this.signs.show(work);
  }

  /** Resolves once the reply is on record; it is sent from then on. */
  say(reply: Reply): Promise<void> {
    return this.outbox.say(reply);
  }

  /**
   * Takes a message from an adapter. Resolves when the engine has it on record or it was dropped, rejects when
   * it could not be recorded and should be delivered again.
   */
  receive(message: InboundMessage): Promise<void> {
    if (this.closed) return Promise.reject(new Error('The gateway is closed.'));
    return this.look(message) ?? DROPPED;
  }

  /** Undefined when nothing is left to wait for: of a flood, almost all. */
  private look(message: InboundMessage): Promise<void> | undefined {
    const { channel, account, conversation, context, sender, platformId } = message;
    // An echo of what is on record as a reply already.
    if (sender.isSelf) return undefined;
    if (![channel, account, conversation].every(isId)) return this.drop(channel, 'no-sender');
    if (context !== 'dm' && !message.addressed) {
      // Not said to us: it is not ours to count, let alone to keep.
      if (this.deps.access.mentionRequired(channel, context, conversationKey(message))) return undefined;
    }
    if (sender.isBot) return this.drop(channel, 'bot');
    if (!isId(sender.id)) return this.drop(channel, 'no-sender');
    if (message.change) return this.drop(channel, 'changed');
    if (!isId(platformId)) return this.drop(channel, 'no-id');
    const key = JSON.stringify([channel, account, conversation, platformId]);
    return this.seen.once(
      key,
      () => this.take(message, identityKey({ channel, account, sender: sender.id })),
      () => this.drop(channel, 'duplicate'),
    );
  }

  /** Stops everything that waits for or from these identities. */
  async revoked(keys: readonly IdentityKey[]): Promise<void> {
    const gone = new Set(keys);
    for (const lane of [this.lanes.known, this.lanes.stranger]) {
      for (const { message, done } of lane.purge(gone)) {
        this.drop(message.channel, 'revoked');
        done();
      }
    }
    await this.outbox.stop(gone);
  }

  /** Takes nothing more and records what was dropped. */
  async close(): Promise<void> {
    this.closed = true;
    await this.outbox.settle(SETTLE_MS);
    await this.drops.flush();
    this.dispose();
  }

  dispose(): void {
    this.closed = true;
    this.drops.dispose();
    this.signs.dispose();
    this.outbox.dispose();
  }

  private drop(channel: string, reason: DropReason): undefined {
    // The name of a channel is ours, but an adapter that has it wrong must not fill the journal.
    this.drops.count(channel.slice(0, 64), reason);
  }

  private take(message: InboundMessage, sender: IdentityKey): Promise<void> | undefined {
    const { channel } = message;
    const share = this.deps.access.isKnown(sender) ? 'known' : 'stranger';
    const now = this.deps.clock.now();
    if (!this.identities[share].take(sender, now))
      return this.overRate(message, sender, share, 'rate-identity');
    if (!this.channels[share].take(channel, now))
      return this.overRate(message, sender, share, 'rate-channel');
    const screened = screenText(message.text, this.limits.textBytes);
    if (screened.kind === 'refused' && share === 'known') {
      return this.refuse(message, sender, screened.reason, screened.sentence);
    }
    // What a stranger says beyond a code does not matter: access sees that they wrote, and no more.
    const { text, marks } = screened.kind === 'ok' ? screened : { text: '', marks: [] };
    const attachments = share === 'known' ? message.attachments.slice(0, this.limits.attachments) : [];
    const clean: InboundMessage = { ...message, text, attachments, marks };
    // Until what they said as a stranger is done, what they say next waits behind it.
    const lane = this.lanes.stranger.has(sender) ? this.lanes.stranger : this.lanes[share];
    const conversation = conversationKey(message);
    return new Promise((done, failed) => {
      if (lane.offer({ message: clean, sender, conversation, done, failed })) return;
      (this.overRate(message, sender, share, 'queue-full') ?? DROPPED).then(done, failed);
    });
  }

  private overRate(
    message: InboundMessage,
    sender: IdentityKey,
    share: 'known' | 'stranger',
    reason: DropReason,
  ): Promise<void> | undefined {
    this.drop(message.channel, reason);
    return share === 'known' && this.tooFast.take(sender, this.deps.clock.now())
      ? this.answer(message, sender, TOO_FAST)
      : undefined;
  }

  private async refuse(
    message: InboundMessage,
    sender: IdentityKey,
    reason: string,
    sentence: string,
  ): Promise<void> {
    const { channel, conversation, platformId } = message;
    await this.deps.records.append({
      type: 'message.refused',
      actor: sender,
      subject: sender,
      data: { channel, conversation, sender, platformId, reason },
    });
    await this.answer(message, sender, sentence);
  }

  private answer(message: InboundMessage, to: IdentityKey, text: string): Promise<void> {
    const { channel, account, conversation, platformId } = message;
    return this.say({ channel, account, conversation, to, text, format: 'text', inReplyTo: platformId });
  }

  private async work({ message, sender }: Waiting): Promise<void> {
    const attachments = await Promise.all(
      message.attachments.map((attachment) => this.fetchAttachment(message, sender, attachment)),
    );
    await this.deps.deliver({ ...message, attachments });
  }

  /** Puts the bytes away. What cannot be fetched stays named, without a path; the message is not lost by it. */
  private async fetchAttachment(
    message: InboundMessage,
    sender: IdentityKey,
    attachment: Attachment,
  ): Promise<Attachment> {
    const { name, mediaType, size, platformId } = attachment;
    const named: Attachment = { name, mediaType, size, platformId };
    const link = this.outbox.link(message.channel);
    const limit = this.limits.attachmentBytes;
    const { quarantine } = this.deps;
    if (!quarantine || !link?.adapter.download || size > limit) return named;
    // Revoked while it waited: nothing is fetched for them any more.
    if (link.account.account !== message.account || !this.deps.access.isKnown(sender)) return named;
    try {
      const bytes = await link.adapter.download(named, limit);
      if (bytes.length > limit) return named;
      const { channel, account, conversation, receivedAt } = message;
      const quarantinePath = await quarantine.store(bytes, {
        name,
        mediaType,
        channel,
        account,
        conversation,
        sender: message.sender.id,
        platformId,
        receivedAt,
      });
      return { ...named, size: bytes.length, quarantinePath };
    } catch (error) {
      this.deps.log.warn(
        `An attachment could not be fetched: ${error instanceof Error ? error.message : 'unknown'}`,
      );
      return named;
    }
  }
}

/** A session belongs to one person in one conversation on one account: what is said in one is not known in another. */
export function sessionKey(message: InboundMessage): string {
  return JSON.stringify([message.channel, message.account, message.conversation, message.sender.id]);
}

/** A lone surrogate cannot be part of a key. */
function isId(part: string): boolean {
  return part.length <= ID_MAX && part.isWellFormed() && part.trim() !== '';
}
