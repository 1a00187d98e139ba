import { identityKey } from '../../src/engine/model/identity';
import type { InboundMessage } from '../../src/engine/model/message';
import type { NewRecord } from '../../src/engine/model/record';

/** The record that the engine makes of a message which it takes. */
export function receivedRecord(message: InboundMessage, messageId: string): NewRecord<'message.received'> {
  const { channel, account, conversation, context, platformId, text } = message;
  const sender = identityKey({ channel, account, sender: message.sender.id });
  return {
    type: 'message.received',
    actor: sender,
    subject: sender,
    data: {
      messageId,
      channel,
      account,
      conversation,
      context,
      sender,
      platformId,
      text,
      length: text.length,
      sha256: '',
      attachments: message.attachments.length,
    },
  };
}
