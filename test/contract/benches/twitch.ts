import { randomUUID } from 'node:crypto';
import { createAdapter } from '../../../src/channels/twitch/adapter';
import { twitchDescriptor } from '../../../src/channels/twitch/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { ACCESS, BOT, CLIENT, REFRESH, type Said, TwitchPeer } from '../../peers/twitch/server';
import type { ChannelBench, Seen, Utterance } from '../bench';
import { FAULTS_OF_LINES, PeerBench } from '../peer-bench';

const PEOPLE = ['101', '102'] as const;
const ROOM = '555';

export class TwitchBench extends PeerBench<TwitchPeer> implements ChannelBench {
  readonly descriptor = twitchDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly speed = 10;
  readonly forgetful = true;
  readonly showsCode = false;
  /** Whispers have no threads. */
  readonly flatDm = true;
  readonly faults = FAULTS_OF_LINES;
  readonly peer = new TwitchPeer();

  async start(speed: number): Promise<void> {
    const { peer } = this;
    peer.speed = speed;
    peer.moderated = ['1', '2', ROOM];
    peer.scopes = [...peer.scopes, 'user:manage:whispers'];
    await peer.start();
  }

  settings(): Record<string, unknown> {
    return { clientId: CLIENT, channels: [ROOM], whispers: true, apiRoot: this.peer.apiRoot };
  }

  secrets(): Record<string, string> {
    return { accessToken: ACCESS, refreshToken: REFRESH };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? `whisper-${PEOPLE[0]}` : ROOM;
  }

  async say({ text, context, from = PEOPLE[0], displayName, addressed = true, replyTo }: Utterance) {
    if (context === 'dm')
      return this.peer.events.whisper(from, text, displayName ? { from_user_name: displayName } : {});
    return this.peer.events.chat(ROOM, from, addressed ? `@${BOT.login} ${text}` : text, {
      ...(displayName ? { chatter_user_name: displayName } : {}),
      ...(replyTo ? { reply: { parent_message_id: replyTo, parent_user_id: BOT.id } } : {}),
    });
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    // Whispers do not say what kind of account they come from: another bot there is a stranger.
    if (context === 'dm') return;
    this.peer.events.chat(ROOM, PEOPLE[0], `@${BOT.login} ${text}`, {
      badges: [{ set_id: 'bot-badge', id: '1', info: '' }],
    });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    if (context === 'dm') this.peer.events.whisper(BOT.id, text);
    else this.peer.events.chat(ROOM, BOT.id, `@${BOT.login} ${text}`, { message_id: randomUUID() });
  }

  async repeatLast(): Promise<void> {
    this.peer.events.repeat();
  }

  seen(context: ChatContext): readonly Seen[] {
    const place = context === 'dm' ? `to/${PEOPLE[0]}` : ROOM;
    return this.peer.said.filter((one) => one.place === place).map(see);
  }
}

/** Twitch shows plain text; a command of its own, a name that is called, or a line break is an alarm. */
function see({ id, text, parent }: Said): Seen {
  const alarms: string[] = [];
  if (/^[/.]/.test(text)) alarms.push(`a command: ${text.slice(0, 20)}`);
  if (/@\w/.test(text)) alarms.push(`rings: ${text.slice(0, 40)}`);
  if (/[\r\n]/.test(text)) alarms.push('more than one line');
  return {
    id,
    text: text.replaceAll('\u2060', ''),
    code: [],
    ...(parent === undefined ? {} : { replyTo: parent }),
    buttons: [],
    edited: false,
    files: [],
    alarms,
  };
}

export const makeBench = (): ChannelBench => new TwitchBench();
