import type { Gateway } from '../../src/channels/gateway/gateway';
import type { Reply } from '../../src/channels/gateway/outbox';
import type { AccessService } from '../../src/engine/access/service';
import { identityKey } from '../../src/engine/model/identity';
import type { InboundMessage } from '../../src/engine/model/message';
import type { MemoryJournal } from '../helpers/memory-journal';
import { receivedRecord } from '../helpers/received';

/** What the engine's stand-in answers a message with; undefined: nothing. */
export type Answer = (message: InboundMessage) => Partial<Reply> | undefined | Promise<undefined>;

/** What the stand-in needs of the house. */
interface EngineHouse {
  readonly options: { failing?(): boolean };
  readonly access: AccessService;
  readonly journal: MemoryJournal;
  readonly gateway: Gateway;
  readonly heard: InboundMessage[];
  readonly answer: Answer;
}

/** Admits, writes down, and answers: what the engine does with a message, as far as a channel can tell. */
export async function engineStandIn(house: EngineHouse, message: InboundMessage): Promise<void> {
  if (house.options.failing?.()) throw new Error('The journal cannot be written.');
  const { channel, account, conversation, platformId } = message;
  const sender = identityKey({ channel, account, sender: message.sender.id });
  const admission = await house.access.admit(message);
  if (admission.kind !== 'principal') {
    await house.journal.append({
      type: 'message.refused',
      actor: sender,
      subject: sender,
      data: { channel, conversation, sender, platformId, reason: admission.reason },
    });
    if (admission.kind === 'reply')
      await house.gateway.say({
        channel,
        account,
        conversation,
        to: sender,
        text: admission.text,
        format: 'text',
      });
    return;
  }
  await house.journal.append(receivedRecord(message, `m${house.heard.length}`));
  house.heard.push(message);
  const answer = await house.answer(message);
  if (!answer) return;
  await house.gateway.say({
    channel,
    account,
    conversation,
    to: sender,
    text: '',
    format: 'text',
    inReplyTo: platformId,
    ...answer,
  });
}
