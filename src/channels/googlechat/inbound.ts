import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import type { GooglechatSettings } from './descriptor';

const name = z.string().min(1).max(300);
const user = z.looseObject({
  name,
  displayName: z.string().nullish(),
  email: z.string().nullish(),
  type: z.string().nullish(),
  domainId: z.string().nullish(),
});
const space = z.looseObject({ name, type: z.string().nullish(), spaceType: z.string().nullish() });
const message = z.looseObject({
  name,
  sender: user.nullish(),
  text: z.string().nullish(),
  argumentText: z.string().nullish(),
  thread: z.looseObject({ name }).nullish(),
  space: space.nullish(),
  quotedMessageMetadata: z.looseObject({ name }).nullish(),
  attachment: z
    .array(
      z.looseObject({
        name: z.string().nullish(),
        contentName: z.string().nullish(),
        contentType: z.string().nullish(),
      }),
    )
    .nullish(),
});
/** https://developers.google.com/workspace/chat/api/reference/rest/v1/Event */
export const eventSchema = z.looseObject({
  type: z.string(),
  eventTime: z.string().nullish(),
  user: user.nullish(),
  space: space.nullish(),
  message: message.nullish(),
  action: z
    .looseObject({
      actionMethodName: z.string().nullish(),
      parameters: z.array(z.looseObject({ key: z.string(), value: z.string() })).nullish(),
    })
    .nullish(),
});
export type ChatEvent = z.output<typeof eventSchema>;

export const PRESS = 'cowork';
const NAME_CAP = 200;

/** Who did it, as far as organisations are concerned. */
export function organisationsOf({ domainId, email }: z.output<typeof user>): readonly string[] {
  const domain = /@([^@\s]+)$/.exec(email ?? '')?.[1]?.toLowerCase();
  return [domainId ?? '', domain ?? ''].filter((one) => one !== '');
}

/** The person is of an organisation that is listed. Nobody is, when none is. */
export function isOfOurs(
  person: z.output<typeof user>,
  { allowedOrganisations }: GooglechatSettings,
): boolean {
  return organisationsOf(person).some((one) => allowedOrganisations.includes(one));
}

/** Who an event comes from: of a press who pressed, of a message who wrote it. */
export function personOf(event: ChatEvent): z.output<typeof user> | undefined {
  return (event.type === 'CARD_CLICKED' ? event.user : event.message?.sender) ?? event.user ?? undefined;
}

/** An event as a message for the gateway; undefined when it is none. `now` in milliseconds. Pure. */
export function readEvent(
  event: ChatEvent,
  settings: GooglechatSettings,
  now: number,
): InboundMessage | undefined {
  const person = personOf(event);
  const room = event.space ?? event.message?.space;
  if (!person || !room) return undefined;
  const dm = isDirect(room);
  const base = {
    channel: 'googlechat',
    account: settings.projectNumber,
    conversation: room.name,
    context: dm ? ('dm' as const) : ('group' as const),
    sender: {
      id: person.name,
      displayName: (person.displayName ?? person.name).slice(0, NAME_CAP),
      isBot: person.type === 'BOT',
      isSelf: false,
    },
    receivedAt: now,
  };
  if (event.type === 'CARD_CLICKED') {
    const command = event.action?.parameters?.find(({ key }) => key === 'command')?.value;
    if (event.action?.actionMethodName !== PRESS || command === undefined || !event.message) return undefined;
    return {
      ...base,
      text: command,
      attachments: [],
      // A press has no name of its own; who pressed, what and when is what makes it unique.
      platformId: `${event.message.name}/${person.name}/${event.eventTime ?? now}`,
      addressed: true,
      inReplyTo: event.message.name,
    };
  }
  if (event.type !== 'MESSAGE' || !event.message) return undefined;
  const { text, argumentText, attachment, name: platformId, quotedMessageMetadata: quoted } = event.message;
  return {
    ...base,
    // Google takes the mention of the app out itself, and leaves the others in.
    text: ((dm ? text : (argumentText ?? text)) ?? '').trim(),
    attachments: (attachment ?? []).map(attachmentOf),
    platformId,
    // Apps are sent what mentions them and nothing else.
    addressed: true,
    ...(quoted ? { inReplyTo: quoted.name } : {}),
  };
}

function isDirect({ type, spaceType }: z.output<typeof space>): boolean {
  return spaceType === 'DIRECT_MESSAGE' || (spaceType == null && type === 'DM');
}

function attachmentOf(one: NonNullable<z.output<typeof message>['attachment']>[number]): Attachment {
  return {
    name: (one.contentName ?? 'file').slice(0, NAME_CAP),
    mediaType: one.contentType ?? 'application/octet-stream',
    size: -1,
    platformId: one.name ?? '',
  };
}
