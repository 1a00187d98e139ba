import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import { isFresh } from '../doorway';
import type { BlueBubblesSettings } from './descriptor';

/** `p:0/` and the like stand before the number of a part. */
export const GUID = /^[A-Za-z0-9:/_-]{8,100}$/;

/** https://docs.bluebubbles.app/server/developer-guides/rest-api-and-webhooks, and what the server serialises. */
export const serverMessage = z.looseObject({
  guid: z.string().regex(GUID),
  text: z.string().nullish(),
  /** Milliseconds since the epoch. */
  dateCreated: z.number(),
  dateEdited: z.number().nullish(),
  dateRetracted: z.number().nullish(),
  /** What does not say so is not taken for somebody else's. */
  isFromMe: z.boolean(),
  itemType: z.number().nullish(),
  associatedMessageGuid: z.string().nullish(),
  handle: z.looseObject({ address: z.string(), service: z.string().nullish() }).nullish(),
  chats: z.array(z.looseObject({ guid: z.string().min(1).max(300) })).nullish(),
  attachments: z
    .array(
      z.looseObject({
        guid: z.string().min(1).max(200),
        transferName: z.string().nullish(),
        mimeType: z.string().nullish(),
        totalBytes: z.number().nullish(),
      }),
    )
    .nullish(),
});
export type ServerMessage = z.output<typeof serverMessage>;

export interface BlueBubblesView {
  readonly account: string;
  readonly settings: BlueBubblesSettings;
  /** Milliseconds since the epoch, by the machine's clock that messages are dated by. */
  readonly now: number;
}

const NAME_CAP = 200;

/** A message that the server has vouched for, for the gateway; or why there is none. Pure. */
export function readMessage(said: ServerMessage, view: BlueBubblesView): InboundMessage | string {
  if (said.isFromMe) return 'nothing for us';
  // Tapbacks hang on another message; members who come and go are items of another type.
  if (said.associatedMessageGuid || (said.itemType ?? 0) !== 0) return 'nothing for us';
  if (!isFresh(said.dateCreated, view.now)) return 'timestamp';
  // Whoever sends an SMS can put any number under it.
  const [service] = (said.chats?.[0]?.guid ?? '').split(';');
  if (said.handle?.service !== 'iMessage' || !(service === 'iMessage' || service === 'any'))
    return 'not iMessage';
  const sender = normalHandle(said.handle.address);
  if (sender === '') return 'no sender';
  const [chat, ...others] = said.chats ?? [];
  const kind = chat ? /^[A-Za-z]+;([-+]);./.exec(chat.guid)?.[1] : undefined;
  if (!chat || others.length > 0 || kind === undefined) return 'no conversation';
  const dm = kind === '-';
  const { text, called } = withoutCall(said.text ?? '', view.settings.callSign);
  if (!dm && !view.settings.allowedGroups.includes(chat.guid))
    return called ? `group not listed` : 'nothing for us';
  const change = said.dateRetracted ? 'deleted' : said.dateEdited ? 'edited' : undefined;
  return {
    channel: 'bluebubbles',
    account: view.account,
    conversation: chat.guid,
    context: dm ? 'dm' : 'group',
    sender: { id: sender, displayName: sender, isBot: false, isSelf: sender === view.account },
    text: dm ? plain(said.text ?? '') : text,
    attachments: (said.attachments ?? []).map(attachmentOf),
    platformId: said.guid,
    receivedAt: view.now,
    addressed: dm || called,
    ...(change ? { change } : {}),
  };
}

/**
 * One way to write each number and address: international with its plus, mail in small letters. Empty for what is
 * neither: a short code, a number without its country, nothing at all.
 */
export function normalHandle(address: string): string {
  const text = address.trim();
  if (text.includes('@')) return /^[^\s@]+@[^\s@]+$/.test(text) ? text.toLowerCase() : '';
  const number = text.replace(/[\s().-]/g, '');
  return /^\+[1-9]\d{5,14}$/.test(number) ? number : '';
}

/** The place of a file in a text is an object replacement character. */
function plain(text: string): string {
  return text.replaceAll('\ufffc', '').trim();
}

function withoutCall(said: string, callSign: string): { text: string; called: boolean } {
  const text = plain(said);
  const called =
    text.toLowerCase().startsWith(callSign.toLowerCase()) && !/[\w.-]/.test(text[callSign.length] ?? ' ');
  return { text: called ? text.slice(callSign.length).replace(/^[\s:,]+/, '') : text, called };
}

function attachmentOf(file: NonNullable<ServerMessage['attachments']>[number]): Attachment {
  return {
    name: (file.transferName || 'file').slice(0, NAME_CAP),
    mediaType: file.mimeType || 'application/octet-stream',
    size: file.totalBytes ?? -1,
    platformId: file.guid,
  };
}
