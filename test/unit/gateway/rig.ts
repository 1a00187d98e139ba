import { Gateway, type GatewayDeps } from '../../../src/channels/gateway/gateway';
import { messagesProjection } from '../../../src/engine/messages/projection';
import type { IdentityKey } from '../../../src/engine/model/identity';
import type { InboundMessage } from '../../../src/engine/model/message';
import { silentLogger } from '../../../src/engine/model/ports';
import { type SaidOptions, said, who } from '../../helpers/access-house';
import { FakeAdapter, fakeDescriptor } from '../../helpers/fake-adapter';
import { ManualClock } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';
import { receivedRecord } from '../../helpers/received';

/** A gateway in front of an engine that only writes down what it is given. */
export class GatewayRig {
  readonly clock = new ManualClock();
  readonly journal = new MemoryJournal(this.clock);
  readonly messages = this.journal.project(messagesProjection);
  readonly delivered: InboundMessage[] = [];
  readonly known = new Set<IdentityKey>();
  readonly adapter = new FakeAdapter();
  mention = true;
  onDeliver: (message: InboundMessage) => void | Promise<void> = () => {};
  gateway: Gateway;

  constructor(private readonly more: Partial<GatewayDeps> = {}) {
    this.gateway = this.make();
  }

  private make(): Gateway {
    const gateway = new Gateway({
      deliver: async (message) => {
        await this.onDeliver(message);
        this.delivered.push(message);
        await this.journal.append(receivedRecord(message, `m${this.delivered.length}`));
      },
      records: this.journal,
      clock: this.clock,
      log: silentLogger,
      random: () => 0.5,
      access: {
        isKnown: (key) => this.known.has(key),
        mentionRequired: () => this.mention,
        mayReply: () => true,
      },
      earlier: { seen: [...this.messages().seen], unsent: Object.values(this.messages().unsent) },
      ...this.more,
    });
    gateway.attach(fakeDescriptor, this.adapter.account, this.adapter);
    return gateway;
  }

  async restart(): Promise<void> {
    await this.gateway.close();
    this.journal.restart();
    this.gateway = this.make();
  }

  say(sender: string, text: string, options?: SaidOptions): Promise<void> {
    return this.gateway.receive(said(sender, text, options));
  }

  knows(...senders: string[]): void {
    for (const sender of senders) this.known.add(who(sender));
  }

  async drops(): Promise<Record<string, number>> {
    await this.clock.advanceAsync(10_000);
    const sums: Record<string, number> = {};
    for (const { data } of this.journal.ofType('message.dropped')) {
      sums[data.reason] = (sums[data.reason] ?? 0) + data.count;
    }
    return sums;
  }
}
