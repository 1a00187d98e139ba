import { randomBytes } from 'node:crypto';
import { Emitter } from '../../engine/model/emitter';
import type { IdentityKey } from '../../engine/model/identity';
import type { OutboundFile, OutboundMessage } from '../../engine/model/message';
import type { Clock, Disposable, Logger } from '../../engine/model/ports';
import { ENGINE, type RecordSink } from '../../engine/model/record';
import {
  type ChannelAdapter,
  type ChannelDescriptor,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { ableToSend, type KeptFile, keptFiles } from './able';
import { type Item, type Line, WaitingLines } from './waiting';

/** What the engine wants said to one person. */
export interface Reply extends OutboundMessage {
  readonly to: IdentityKey;
  readonly taskId?: string;
  /** Chosen by the caller when it wants to hear of the sending through `onSent`; unique. */
  readonly replyId?: string;
  /** Recorded in place of the text, when that holds something that must not be kept, as a one-time code. */
  readonly recordAs?: string;
}

/** A reply of an earlier run whose sending is not on record. */
export interface EarlierReply extends Omit<Reply, 'replyId' | 'recordAs' | 'files'> {
  readonly replyId: string;
  readonly files?: readonly KeptFile[];
  /** Milliseconds since the epoch. */
  readonly queuedAt: number;
}

export interface OutboxDeps {
  readonly records: RecordSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  random(): number;
  /** Whether what was queued at that time may still go to this identity. */
  mayReply(to: IdentityKey, queuedAt: number): boolean;
  /** The bytes of a file that an earlier run kept; what a run keeps itself it reads itself. */
  readFile?(file: KeptFile): Promise<Uint8Array>;
}

interface Link {
  readonly descriptor: ChannelDescriptor;
  readonly account: ConnectedAccount;
  readonly adapter: ChannelAdapter;
  /** The platform asked us to wait; milliseconds since the epoch. */
  pausedUntil: number;
  /** Tells the channel that a sending has found its credentials, or the like, to be no good. */
  readonly onFatal: (error: ChannelError) => void;
  /** Nothing passes until a person has acted and the channel has connected anew. */
  broken: boolean;
}

/** A reply that could not be sent for a day is given up: by then it answers nothing. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000;
/** A send that has not ended by then is taken for lost. Long replies go out in parts, slowly. */
const SEND_TIMEOUT_MS = 120_000;
const AGAIN = '(Sent again after a restart; you may have it already.)\n';

/**
 * Gets replies out: each is on record before it is sent (law 3), in order within a conversation, again after
 * trouble, again after a crash, and not at all to whoever has lost access meanwhile.
 */
export class Outbox implements Disposable {
  private readonly lines: WaitingLines;
  private readonly links = new Map<string, Link>();
  private readonly timers = new Set<Disposable>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly sent = new Emitter<{ replyId: string; taskId?: string; platformIds: readonly string[] }>();
  readonly onSent = this.sent.event;

  constructor(private readonly deps: OutboxDeps) {
    this.lines = new WaitingLines(() => deps.random());
  }

  get pending(): number {
    return this.lines.count();
  }

  /** Replies that wait for this channel. */
  pendingOn(channel: string): number {
    return this.lines.count(channel);
  }

  link(
    channel: string,
  ): { adapter: ChannelAdapter; account: ConnectedAccount; descriptor: ChannelDescriptor } | undefined {
    return this.links.get(channel);
  }

  attach(
    descriptor: ChannelDescriptor,
    account: ConnectedAccount,
    adapter: ChannelAdapter,
    onFatal: (error: ChannelError) => void = () => {},
  ): void {
    this.links.set(descriptor.id, {
      descriptor,
      account,
      adapter,
      pausedUntil: 0,
      onFatal,
      broken: false,
    });
    this.pumpChannel(descriptor.id);
  }

  detach(channel: string): void {
    this.links.delete(channel);
  }

  /** Resolves once the reply is on record; it is sent from then on. Rejects, and sends nothing, when it is not. */
  async say(reply: Reply): Promise<void> {
    const { clock, records } = this.deps;
    const queuedAt = clock.now();
    if (reply.text.trim() === '' || !this.deps.mayReply(reply.to, queuedAt)) return;
    const { to, taskId, recordAs, replyId = `r${randomBytes(8).toString('hex')}`, ...message } = reply;
    if (this.lines.isFull(message)) {
      await this.record(replyId, 'Too many replies were waiting to be sent already.');
      return;
    }
    const item: Item = {
      replyId,
      message,
      to,
      queuedAt,
      taskId,
      ready: false,
      sending: false,
      failedBefore: false,
    };
    // Its place in the line is that of the call, whichever record is durable first.
    const line = this.lines.of(message);
    this.lines.add(line, item);
    try {
      const { channel, account, conversation, format, inReplyTo } = message;
      const files = keptFiles(message.files);
      const record = await records.append({
        type: 'reply.queued',
        actor: ENGINE,
        subject: to,
        data: {
          replyId,
          channel,
          account,
          conversation,
          to,
          text: recordAs ?? message.text,
          format,
          ...(inReplyTo === undefined ? {} : { inReplyTo }),
          ...(taskId === undefined ? {} : { taskId }),
          ...(files.length > 0 ? { files } : {}),
        },
      });
      // What is on record is what is sent: the sink has masked it.
      const text = recordAs === undefined ? record.data.text : message.text;
      // Taken out of the line meanwhile: access has ended between the call and the record.
      if (!this.lines.replace(line, item, { ...message, text })) await this.record(replyId, NO_ACCESS);
    } catch (error) {
      this.lines.remove(line, item);
      this.pump(line);
      throw error;
    }
    this.pump(line);
  }

  /** Sends again what an earlier run left. Call once, before anything is said. */
  resume(earlier: Iterable<EarlierReply>): void {
    const sorted = [...earlier].sort((a, b) => a.queuedAt - b.queuedAt);
    for (const { replyId, to, queuedAt, taskId, files, ...reply } of sorted) {
      const { channel, account, conversation, format, inReplyTo } = reply;
      const message: OutboundMessage = {
        channel,
        account,
        conversation,
        format,
        text: AGAIN + reply.text,
        ...(inReplyTo === undefined ? {} : { inReplyTo }),
        ...(files ? { files: files.map((file) => this.reopened(file)) } : {}),
      };
      const line = this.lines.of(message);
      this.lines.add(line, {
        replyId,
        message,
        to,
        queuedAt,
        taskId,
        ready: true,
        sending: false,
        failedBefore: false,
      });
    }
    for (const line of this.lines.all()) this.pump(line);
  }

  private reopened(file: KeptFile): OutboundFile {
    const gone = () => Promise.reject(new ChannelError('refused', `“${file.name}” is no longer there.`));
    return { ...file, read: () => this.deps.readFile?.(file) ?? gone() };
  }

  /** Takes back what waits for these identities. */
  async stop(keys: ReadonlySet<IdentityKey>): Promise<void> {
    const stopped: Item[] = [];
    for (const line of this.lines.all()) {
      for (const item of line.items.filter(({ to, sending }) => keys.has(to) && !sending)) {
        this.lines.remove(line, item);
        // One that is not on record yet is dropped by `say` itself.
        if (item.ready) stopped.push(item);
      }
      this.pump(line);
    }
    await Promise.all(stopped.map((item) => this.record(item.replyId, NO_ACCESS)));
  }

  /** Resolves when what is on its way has arrived and is on record, or `atMostMs` are over: the rest is sent again. */
  async settle(atMostMs: number): Promise<void> {
    if (this.underWay.size === 0) return;
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, atMostMs).unref();
    });
    await Promise.race([Promise.allSettled(this.underWay), late]);
  }

  dispose(): void {
    for (const timer of this.timers) timer.dispose();
    this.timers.clear();
    this.lines.clear();
    this.links.clear();
    this.sent.dispose();
  }

  private pumpChannel(channel: string): void {
    for (const line of this.lines.all()) if (line.channel === channel) this.pump(line);
  }

  private pump(line: Line): void {
    const item = line.items[0];
    const link = this.links.get(line.channel);
    if (!item?.ready || item.sending || line.retry || !link) return;
    if (link.broken || link.account.account !== line.account) return;
    const now = this.deps.clock.now();
    const refusal = !this.deps.mayReply(item.to, item.queuedAt)
      ? NO_ACCESS
      : now - item.queuedAt > GIVE_UP_AFTER_MS
        ? 'It could not be sent for a day.'
        : undefined;
    if (refusal) {
      this.lines.remove(line, item);
      void this.record(item.replyId, refusal).catch((error) => this.complain(error));
      this.pump(line);
      return;
    }
    if (link.pausedUntil > now) {
      this.later(line, link.pausedUntil - now);
      return;
    }
    item.sending = true;
    const sending = this.send(line, item, link).finally(() => this.underWay.delete(sending));
    this.underWay.add(sending);
  }

  private later(line: Line, delayMs: number): void {
    const timer = this.deps.clock.after(delayMs, () => {
      this.timers.delete(timer);
      line.retry = undefined;
      this.pump(line);
    });
    this.timers.add(timer);
    line.retry = timer;
  }

  private async send(line: Line, item: Item, link: Link): Promise<void> {
    try {
      const { platformIds } = await this.withTimeout(
        link.adapter.send(ableToSend(item.message, link.descriptor)),
      );
      line.backoff.succeeded();
      this.lines.remove(line, item);
      const { replyId, taskId } = item;
      this.sent.fire({ replyId, platformIds, ...(taskId === undefined ? {} : { taskId }) });
      // If this fails the reply is out all the same, and is sent once more after a restart.
      await this.deps.records
        .append({
          type: 'reply.sent',
          actor: ENGINE,
          subject: item.to,
          data: { replyId, platformIds: [...platformIds] },
        })
        .catch((error) => this.complain(error));
    } catch (error) {
      item.sending = false;
      await this.failed(line, item, link, error).catch((problem) => this.complain(problem));
    }
    this.pump(line);
  }

  private async failed(line: Line, item: Item, link: Link, error: unknown): Promise<void> {
    const kind = error instanceof ChannelError ? error.kind : 'temporary';
    const text = error instanceof ChannelError ? error.message : 'The channel failed in an unexpected way.';
    if (!(error instanceof ChannelError)) this.complain(error);
    if (kind === 'refused') {
      this.lines.remove(line, item);
      return this.record(item.replyId, text);
    }
    if (kind === 'rate-limited') {
      // A limit is the account's as a rule, so all of its conversations wait.
      const asked = error instanceof ChannelError ? (error.retryAfterMs ?? 0) : 0;
      link.pausedUntil = Math.max(link.pausedUntil, this.deps.clock.now() + line.backoff.next(asked));
      return;
    }
    if (error instanceof ChannelError && kind === 'fatal') {
      link.broken = true;
      link.onFatal(error);
    } else this.later(line, line.backoff.next());
    if (item.failedBefore) return;
    item.failedBefore = true;
    await this.record(item.replyId, text, false);
  }

  private withTimeout<T>(sending: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.deps.clock.after(SEND_TIMEOUT_MS, () =>
        reject(new ChannelError('temporary', 'The platform did not answer in two minutes.')),
      );
      sending.then(resolve, reject).finally(() => timer.dispose());
    });
  }

  private async record(replyId: string, error: string, final = true): Promise<void> {
    await this.deps.records.append({
      type: 'reply.failed',
      actor: ENGINE,
      subject: replyId,
      data: { replyId, error, final },
    });
  }

  private complain(error: unknown): void {
    this.deps.log.error(`A reply: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const NO_ACCESS = 'The person no longer has access, so it was not sent.';
