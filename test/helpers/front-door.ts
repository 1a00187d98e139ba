import { Gateway } from '../../src/channels/gateway/gateway';
import type { GatewayLimits } from '../../src/channels/gateway/limits';
import { messagesProjection } from '../../src/engine/messages/projection';
import { conversationKey, identityKey } from '../../src/engine/model/identity';
import type { InboundMessage } from '../../src/engine/model/message';
import type { Logger } from '../../src/engine/model/ports';
import { AccessHouse } from './access-house';
import { FakeAdapter, fakeDescriptor } from './fake-adapter';
import { receivedRecord } from './received';

/** Gateway, access and journal put together as the engine does it; what is admitted is only written down. */
export class FrontDoor {
  readonly house: AccessHouse;
  readonly adapter = new FakeAdapter();
  readonly admitted: InboundMessage[] = [];
  readonly log: string[] = [];
  readonly messages;
  gateway: Gateway;

  constructor(
    private readonly limits: Partial<GatewayLimits> = {},
    options: ConstructorParameters<typeof AccessHouse>[0] = {},
  ) {
    this.house = new AccessHouse(options);
    this.messages = this.house.journal.project(messagesProjection);
    this.gateway = this.make();
  }

  private make(): Gateway {
    const { house } = this;
    const note = (line: string): void => void this.log.push(line);
    const log: Logger = { debug: note, info: note, warn: note, error: note };
    const gateway = new Gateway({
      deliver: (message) => this.engine(message),
      records: house.journal,
      clock: house.clock,
      log,
      random: () => 0.5,
      access: {
        isKnown: (key) => house.service.hasAccess(key),
        mentionRequired: (channel, context, room) =>
          house.service.contextPolicy(channel, context, room).mentionRequired,
        mayReply: (to, at) => house.service.mayReply(to, at),
      },
      earlier: { seen: [...this.messages().seen], unsent: Object.values(this.messages().unsent) },
      limits: this.limits,
    });
    house.service.onRevoked((keys) => void gateway.revoked(keys));
    gateway.attach(fakeDescriptor, this.adapter.account, this.adapter);
    return gateway;
  }

  /** As after a crash: only the records are left. */
  restart(): void {
    this.gateway.dispose();
    this.house.restart();
    this.gateway = this.make();
  }

  private async engine(message: InboundMessage): Promise<void> {
    const { journal, service } = this.house;
    const { channel, account, conversation, platformId } = message;
    const sender = identityKey({ channel, account, sender: message.sender.id });
    const admission = await service.admit(message);
    if (admission.kind === 'principal') {
      await journal.append(receivedRecord(message, `m${this.admitted.length}`));
      this.admitted.push(message);
      return;
    }
    await journal.append({
      type: 'message.refused',
      actor: sender,
      subject: conversationKey(message),
      data: { channel, conversation, sender, platformId, reason: admission.reason },
    });
    if (admission.kind === 'reply') {
      const { text } = admission;
      await this.gateway.say({ channel, account, conversation, to: sender, text, format: 'text' });
    }
  }

  dropped(): number {
    return this.house.journal.ofType('message.dropped').reduce((sum, { data }) => sum + data.count, 0);
  }
}
