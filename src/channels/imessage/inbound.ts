import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import type { ImessageSettings } from './descriptor';
import { normaliseHandle } from './handles';

const NAME_CAP = 200;

const attachment = z.looseObject({
  transfer_name: z.string().nullish(),
  mime_type: z.string().nullish(),
  total_bytes: z.number().nullish(),
  original_path: z.string().nullish(),
  missing: z.boolean().nullish(),
});
/** The Message of https://github.com/steipete/imsg (docs/rpc.md). */
export const imsgMessage = z.looseObject({
  id: z.number().int(),
  guid: z.string().min(1).max(200),
  sender: z.string().nullish(),
  is_from_me: z.boolean(),
  is_group: z.boolean().nullish(),
  is_reaction: z.boolean().nullish(),
  text: z.string().nullish(),
  chat_guid: z.string().nullish(),
  participants: z.array(z.string()).nullish(),
  attachments: z.array(attachment).nullish(),
});
export type ImsgMessage = z.output<typeof imsgMessage>;

export interface ImessageView {
  readonly settings: ImessageSettings;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A message as one for the gateway; undefined when it is none of ours to hear. Pure. */
export function readMessage(said: ImsgMessage, { settings, now }: ImessageView): InboundMessage | undefined {
  if (said.is_reaction) return undefined;
  const guid = said.chat_guid ?? '';
  // Who sends an SMS or RCS message is whoever they say they are.
  if (/^(sms|rcs);/i.test(guid)) return undefined;
  const sender = normaliseHandle(said.sender ?? '');
  if (sender === undefined) return undefined;
  const { allowedContacts } = settings;
  if (allowedContacts.length > 0 && !allowedContacts.includes(sender)) return undefined;
  // In doubt it is a group: what is private must not be said in one.
  const group = said.is_group !== false || guid.includes(';+;') || (said.participants?.length ?? 0) > 1;
  if (group && guid === '') return undefined;
  const spoken = (said.text ?? '').replaceAll('\ufffc', '').trim();
  const { text, named } = group ? withoutName(spoken, settings.name) : { text: spoken, named: true };
  const attachments = (said.attachments ?? []).flatMap(attachmentOf);
  if (text === '' && attachments.length === 0) return undefined;
  return {
    channel: 'imessage',
    account: settings.account,
    conversation: group ? guid : sender,
    context: group ? 'group' : 'dm',
    sender: { id: sender, displayName: sender, isBot: false, isSelf: said.is_from_me },
    text,
    attachments,
    platformId: said.guid,
    receivedAt: now,
    addressed: named,
  };
}

function withoutName(text: string, name: string): { text: string; named: boolean } {
  if (text.slice(0, name.length).toLowerCase() !== name.toLowerCase()) return { text, named: false };
  const rest = text.slice(name.length);
  if (rest !== '' && !/^[\s:,]/.test(rest)) return { text, named: false };
  return { text: rest.replace(/^[\s:,]+/, ''), named: true };
}

function attachmentOf(one: z.output<typeof attachment>): Attachment[] {
  if (one.missing || !one.original_path) return [];
  return [
    {
      name: (one.transfer_name ?? '').slice(0, NAME_CAP) || 'file',
      mediaType: one.mime_type || 'application/octet-stream',
      size: one.total_bytes ?? -1,
      platformId: one.original_path,
    },
  ];
}
