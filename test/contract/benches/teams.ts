import { createAdapter } from '../../../src/channels/teams/adapter';
import { teamsDescriptor } from '../../../src/channels/teams/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { APP_ID, PASSWORD, TENANT, TeamsConnector, type TeamsSent } from '../../peers/teams/connector';
import type { Seen, Utterance } from '../bench';
import type { TokenBench } from '../jwt-attacks';
import type { Letter } from '../letter';
import { TokenPeerBench } from '../token-bench';

const PEOPLE = [
  `${TENANT}/00000000-0000-0000-0000-00000000a11c`,
  `${TENANT}/00000000-0000-0000-0000-000000000b0b`,
] as const;
const ROOM = '19:room@thread.tacv2';

type Json = Record<string, unknown>;

export class TeamsBench extends TokenPeerBench<TeamsConnector> implements TokenBench {
  readonly descriptor = teamsDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly peer = new TeamsConnector();

  async start(speed: number): Promise<void> {
    this.peer.speed = speed;
    for (const person of PEOPLE) this.peer.rooms.add(direct(person));
    this.peer.rooms.add(ROOM);
    await this.peer.start();
  }

  settings(): Json {
    const { url } = this.peer;
    return {
      appId: APP_ID,
      tenantId: TENANT,
      loginUrl: url,
      metadataUrl: `${url}/metadata`,
      serviceUrl: url,
    };
  }

  secrets(): Record<string, string> {
    return { appPassword: PASSWORD };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? direct(PEOPLE[0]) : ROOM;
  }

  async say({
    text,
    context,
    from = PEOPLE[0],
    displayName,
    addressed,
    replyTo,
  }: Utterance): Promise<string> {
    const activity = this.activity(text, context, from, addressed ?? true, {
      ...(displayName === undefined ? {} : { name: displayName }),
    });
    if (replyTo !== undefined) activity.replyToId = replyTo;
    this.said.set(String(activity.id), activity);
    this.last = activity;
    this.deliver(activity);
    return String(activity.id);
  }

  async edit(id: string, text: string): Promise<void> {
    this.deliver({ ...this.said.get(id), type: 'messageUpdate', text });
  }

  async remove(id: string): Promise<void> {
    this.deliver({ ...this.said.get(id), type: 'messageDelete' });
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    const activity = this.activity(text, context, PEOPLE[0], true);
    this.deliver({ ...activity, from: { ...(activity.from as Json), id: '28:other', role: 'bot' } });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    const activity = this.activity(text, context, PEOPLE[0], true);
    this.deliver({ ...activity, from: { ...(activity.from as Json), id: `28:${APP_ID}` } });
  }

  async press(messageId: string, label: string, context: ChatContext): Promise<void> {
    const message = this.peer.sent.find(({ id }) => id === messageId);
    const action = message?.attachments[0]?.content.actions?.find(({ title }) => title === label);
    if (!action) throw new Error(`no button “${label}”`);
    const activity = this.activity('', context, PEOPLE[0], false);
    this.deliver({ ...activity, text: undefined, value: action.data, replyToId: messageId });
  }

  seen(context: ChatContext): readonly Seen[] {
    const room = this.conversation(context);
    return this.peer.sent.filter(({ conversation }) => conversation.split(';')[0] === room).map(see);
  }

  async genuine(text: string): Promise<Letter> {
    return this.letter(this.activity(text, 'dm', PEOPLE[0], true));
  }

  activity(text: string, context: ChatContext, from: string, addressed: boolean, extra: Json = {}): Json {
    const [tenant, person] = from.split('/');
    const dm = context === 'dm';
    return {
      type: 'message',
      id: this.peer.newId(),
      timestamp: new Date().toISOString(),
      serviceUrl: `${this.peer.url}/emea/`,
      channelId: 'msteams',
      from: { id: `29:${person}`, name: 'Somebody', aadObjectId: person, ...extra },
      recipient: { id: `28:${APP_ID}`, name: 'Work Bot' },
      conversation: {
        id: dm ? direct(from) : ROOM,
        conversationType: dm ? 'personal' : 'channel',
        tenantId: tenant,
      },
      textFormat: 'plain',
      text: !dm && addressed ? `<at>Work Bot</at> ${text}` : text,
      entities:
        !dm && addressed
          ? [
              {
                type: 'mention',
                mentioned: { id: `28:${APP_ID}`, name: 'Work Bot' },
                text: '<at>Work Bot</at>',
              },
            ]
          : [],
      channelData: { tenant: { id: tenant } },
    };
  }

  claims(extra: Json = {}): Json {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: 'https://api.botframework.com',
      aud: APP_ID,
      nbf: now - 10,
      exp: now + 3_600,
      serviceurl: `${this.peer.url}/emea/`,
      ...extra,
    };
  }
}

function direct(person: string): string {
  return `a:${person.split('/')[1]}`;
}

function see({ id, text, replyToId, attachments, edited }: TeamsSent): Seen {
  const plain = (markup: string) =>
    markup
      .replaceAll('<br/>', '\n')
      .replace(/<\/?(?:pre|code)>/g, '')
      .replaceAll('\u00a0', ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&');
  return {
    id,
    text: plain(text),
    code: [...text.matchAll(/<(pre|code)>([^<]*)<\/\1>/g)].map((match) => plain(match[2] ?? '')),
    ...(replyToId === undefined ? {} : { replyTo: replyToId }),
    buttons: attachments.flatMap(({ content }) => (content.actions ?? []).map(({ title }) => title)),
    edited,
    files: [],
    // The peer takes no other markup, so nothing else can act.
    alarms: [],
  };
}

export const makeBench = (): TokenBench => new TeamsBench();
