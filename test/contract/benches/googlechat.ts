import { createAdapter } from '../../../src/channels/googlechat/adapter';
import { googlechatDescriptor } from '../../../src/channels/googlechat/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { type ChatSent, DOMAIN, GoogleServer, PROJECT, SERVICE_ACCOUNT } from '../../peers/googlechat/google';
import type { Seen, Utterance } from '../bench';
import type { TokenBench } from '../jwt-attacks';
import type { Letter } from '../letter';
import { TokenPeerBench } from '../token-bench';

const PEOPLE = ['users/1001', 'users/1002'] as const;
const ROOM = 'spaces/ROOM';

type Json = Record<string, unknown>;

export class GooglechatBench extends TokenPeerBench<GoogleServer> implements TokenBench {
  readonly descriptor = googlechatDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly peer = new GoogleServer();
  private presses = 0;

  async start(speed: number): Promise<void> {
    this.peer.speed = speed;
    for (const person of PEOPLE) this.peer.spaces.add(direct(person));
    this.peer.spaces.add(ROOM);
    await this.peer.start();
  }

  settings(): Json {
    const { url } = this.peer;
    return {
      projectNumber: PROJECT,
      allowedOrganisations: [DOMAIN],
      chatUrl: url,
      tokenUrl: url,
      keysUrl: url,
    };
  }

  secrets(): Record<string, string> {
    return { serviceAccount: SERVICE_ACCOUNT };
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
    const event = this.event(text, context, from, displayName);
    if (replyTo !== undefined)
      Object.assign(event.message as Json, { quotedMessageMetadata: { name: replyTo } });
    const name = String((event.message as Json).name);
    this.said.set(name, event);
    this.last = event;
    // Google sends an app what mentions it and nothing else.
    if (context === 'dm' || addressed !== false) this.deliver(event);
    return name;
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    const event = this.event(text, context, 'users/9999');
    const bot = { ...((event.message as Json).sender as Json), type: 'BOT' };
    this.deliver({ ...event, user: bot, message: { ...(event.message as Json), sender: bot } });
  }

  async press(messageName: string, label: string, context: ChatContext): Promise<void> {
    const message = this.peer.sent.find(({ name }) => name === messageName);
    const button = message?.buttons.find(({ text }) => text === label);
    if (!message || !button) throw new Error(`no button “${label}”`);
    this.presses += 1;
    const event = this.event('', context, PEOPLE[0]);
    this.deliver({
      ...event,
      type: 'CARD_CLICKED',
      eventTime: new Date(Date.now() + this.presses).toISOString(),
      message: { name: message.name, space: event.space, sender: { name: 'users/app', type: 'BOT' } },
      action: {
        actionMethodName: button.onClick.action.function,
        parameters: button.onClick.action.parameters,
      },
    });
  }

  seen(context: ChatContext): readonly Seen[] {
    return this.peer.sent
      .filter(({ space }) => space === this.conversation(context))
      .map((one) => this.see(one));
  }

  async genuine(text: string): Promise<Letter> {
    return this.letter(this.event(text, 'dm', PEOPLE[0]));
  }

  event(text: string, context: ChatContext, from: string, displayName = 'Somebody'): Json {
    const dm = context === 'dm';
    const space = dm
      ? { name: direct(from), type: 'DM', spaceType: 'DIRECT_MESSAGE' }
      : { name: ROOM, type: 'ROOM', spaceType: 'SPACE' };
    const sender = {
      name: from,
      displayName,
      email: `someone@${DOMAIN}`,
      type: 'HUMAN',
      domainId: 'C01abc2de',
    };
    const name = this.peer.newName(space.name);
    return {
      type: 'MESSAGE',
      eventTime: new Date().toISOString(),
      user: sender,
      space,
      message: {
        name,
        sender,
        space,
        text: dm ? text : `@Work Bot ${text}`,
        argumentText: dm ? text : ` ${text}`,
        thread: { name: `${space.name}/threads/${name.split('/').at(-1)?.split('.')[0]}` },
      },
    };
  }

  claims(extra: Json = {}): Json {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: 'chat@system.gserviceaccount.com',
      aud: PROJECT,
      iat: now - 5,
      exp: now + 3_600,
      ...extra,
    };
  }

  private see({ name, text, thread, buttons, edited }: ChatSent): Seen {
    const { shown, code, alarms } = rendered(text);
    const question = [...this.said].find(
      ([, event]) => ((event.message as Json).thread as Json).name === thread,
    );
    return {
      id: name,
      text: shown,
      code,
      ...(thread === undefined ? {} : { replyTo: question?.[0] ?? thread }),
      buttons: buttons.map((one) => one.text),
      edited,
      files: [],
      alarms,
    };
  }
}

function direct(person: string): string {
  return `spaces/dm-${person.split('/')[1]}`;
}

/** Google Chat's markup as a person sees it: https://developers.google.com/workspace/chat/format-messages */
function rendered(source: string): { shown: string; code: string[]; alarms: string[] } {
  const code: string[] = [];
  const alarms: string[] = [];
  let shown = '';
  for (const match of source.matchAll(/```\n?([\s\S]*?)\n?```|`([^`\n\u2060]+)`|([\s\S])/g)) {
    const [, block, run, other = ''] = match;
    const inside = block ?? run;
    if (inside !== undefined) {
      const plain = inside.replaceAll('\u2060', '');
      code.push(plain);
      shown += plain;
    } else shown += other;
  }
  const outside = source.replace(/```[\s\S]*?```|`[^`\n\u2060]+`/g, '');
  for (const [form, what] of [
    [/\*[^*\s\u2060][^*\n]*\*/, 'bold'],
    [/_[^_\s\u2060][^_\n]*_/, 'italic'],
    [/~[^~\s\u2060][^~\n]*~/, 'struck'],
    [/<[^\u2060]/, 'a link or a mention'],
  ] as const)
    if (form.test(outside)) alarms.push(`${what}: ${outside.slice(0, 80)}`);
  return { shown: shown.replaceAll('\u2060', ''), code, alarms };
}

export const makeBench = (): TokenBench => new GooglechatBench();
