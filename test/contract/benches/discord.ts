import { createAdapter } from '../../../src/channels/discord/adapter';
import { discordDescriptor } from '../../../src/channels/discord/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { snowflake } from '../../peers/discord/ids';
import { APPLICATION, BOT, DiscordPeer, GUILD, type Message, TOKEN } from '../../peers/discord/server';
import type { ChannelBench, Fault, Seen, Utterance } from '../bench';
import { FAULTS_OF_LINES, PeerBench } from '../peer-bench';

const PEOPLE = [snowflake('alice'), snowflake('bob')] as const;
const DIRECT = new Map<string, string>([
  [PEOPLE[0], snowflake('dm of alice')],
  [PEOPLE[1], snowflake('dm of bob')],
]);
const ROOM = snowflake('room');

export class DiscordBench extends PeerBench<DiscordPeer> implements ChannelBench {
  readonly descriptor = discordDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly speed = 10;
  readonly takesFiles = true;
  readonly keepsNoVersions = true;
  readonly faults: readonly Fault[] = [...FAULTS_OF_LINES, 'lose-session'];
  readonly peer = new DiscordPeer();
  private last: Message | undefined;

  async start(speed: number): Promise<void> {
    const { peer } = this;
    peer.speed = speed;
    for (const id of DIRECT.values()) peer.addChannel({ id });
    peer.addChannel({ id: ROOM, guild: GUILD });
    await peer.start();
  }

  settings(): Record<string, unknown> {
    return { applicationId: APPLICATION, allowedGuilds: [GUILD], apiRoot: this.peer.apiRoot };
  }

  secrets(): Record<string, string> {
    return { token: TOKEN };
  }

  changeSecret() {
    const value = `${'M'.repeat(24)}.GtestY.${'y'.repeat(38)}`;
    this.peer.token = value;
    this.peer.gateway.end(4004);
    this.peer.forget();
    return { name: 'token', value };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? (DIRECT.get(PEOPLE[0]) ?? '') : ROOM;
  }

  async say({ text, context, from = PEOPLE[0], displayName, addressed, replyTo, file }: Utterance) {
    const channel = this.place(context, from);
    const target = replyTo === undefined ? undefined : this.peer.messages.get(replyTo);
    this.last = this.peer.say(from, channel, this.meant(text, context, addressed), {
      ...(displayName === undefined
        ? {}
        : { author: { id: from, username: 'somebody', global_name: displayName } }),
      ...(target
        ? { message_reference: { message_id: target.id, channel_id: channel }, referenced_message: target }
        : {}),
      ...(file ? { attachments: [this.peer.attach(file.name, file.mediaType, file.bytes)] } : {}),
    });
    return this.last.id;
  }

  async edit(id: string, text: string, context: ChatContext): Promise<void> {
    this.peer.change(id, { content: this.meant(text, context), edited_timestamp: new Date().toISOString() });
  }

  async remove(id: string): Promise<void> {
    this.peer.remove(id);
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    const id = snowflake('other bot');
    const channel = this.place(context, PEOPLE[0]);
    this.peer.say(id, channel, this.meant(text, context), {
      author: { id, username: 'otherbot', bot: true },
    });
    // A webhook that calls itself by a person's name.
    this.peer.say(PEOPLE[0], channel, this.meant(text, context), { webhook_id: snowflake('webhook') });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    this.peer.say(BOT.id, this.place(context, PEOPLE[0]), this.meant(text, context), {
      author: { ...BOT },
      nonce: 'of somebody else',
    });
  }

  async repeatLast(): Promise<void> {
    if (this.last) this.peer.gateway.emit('MESSAGE_CREATE', this.peer.asSeen(this.last));
  }

  async press(messageId: string, label: string, context: ChatContext): Promise<void> {
    const message = this.peer.messages.get(messageId);
    const button = message?.components.flatMap((row) => row.components).find((one) => one.label === label);
    if (!message || !button) throw new Error(`no button “${label}”`);
    this.peer.interact(3, PEOPLE[0], this.conversation(context), {
      message,
      data: { component_type: 2, custom_id: button.custom_id },
    });
  }

  seen(context: ChatContext): readonly Seen[] {
    return [...this.peer.messages.values()]
      .filter((message) => message.author.id === BOT.id && message.nonce !== 'of somebody else')
      .filter((message) => message.channel_id === this.conversation(context))
      .map((message) => this.see(message));
  }

  private meant(text: string, context: ChatContext, addressed = true): string {
    return context === 'dm' || !addressed ? text : `<@${BOT.id}> ${text}`;
  }

  private place(context: ChatContext, from: string): string {
    return context === 'dm' ? (DIRECT.get(from) ?? '') : ROOM;
  }

  private see(message: Message): Seen {
    const { text, code, alarms } = rendered(message.content);
    if ((message.flags & 4) === 0) alarms.push('previews are not switched off');
    return {
      id: message.id,
      text,
      code,
      ...(message.message_reference ? { replyTo: message.message_reference.message_id } : {}),
      buttons: message.components.flatMap((row) => row.components.map(({ label }) => label)),
      edited: message.edited_timestamp !== null,
      files: message.attachments.flatMap(({ id }) => {
        const file = this.peer.files.get(String(id));
        return file ? [{ name: file.name, bytes: file.bytes }] : [];
      }),
      alarms,
    };
  }
}

/** Discord's Markdown as a person sees it; whatever acts, besides code and plain addresses, is an alarm. */
export function rendered(source: string): { text: string; code: string[]; alarms: string[] } {
  const code: string[] = [];
  const alarms: string[] = [];
  let text = '';
  let rest = source;
  const take = (length: number) => {
    rest = rest.slice(length);
  };
  while (rest !== '') {
    const atStart = /(^|\n)[ \t]*$/.test(text) && !text.endsWith('\u2060');
    if (atStart && /^(#{1,3} |-# |>|[-*] |\d+\. )/.test(rest)) alarms.push(`a block: ${rest.slice(0, 20)}`);
    const block = /^```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```/i.exec(rest);
    const run = /^(`+)([\s\S]*?[^`])\1(?!`)/.exec(rest);
    const escaped = /^\\([^0-9A-Za-z\s])/.exec(rest);
    const autolink = /^<(https?:\/\/[^ >]+)>/.exec(rest);
    if (escaped) {
      text += escaped[1];
      take(escaped[0].length);
    } else if (block) {
      code.push((block[2] ?? '').replaceAll('\u2060', ''));
      text += `${block[2]}`;
      take(block[0].length);
    } else if (run) {
      const inner = (run[2] ?? '').replace(/^ (?=`)|(?<=`) $/g, '');
      code.push(inner);
      text += inner;
      take(run[0].length);
    } else if (autolink) {
      text += autolink[1];
      take(autolink[0].length);
    } else {
      const char = rest[0] ?? '';
      if (/^(https?:\/\/|\w+:\/\/)\S/.test(rest) && !/\w$/.test(text))
        alarms.push(`a link: ${rest.slice(0, 30)}`);
      if (/^<([@#:/ta]|id:)/.test(rest)) alarms.push(`a mention: ${rest.slice(0, 30)}`);
      if (/^@(everyone|here|\w)/.test(rest)) alarms.push(`rings: ${rest.slice(0, 20)}`);
      if (/^:[\w+-]+:/.test(rest)) alarms.push(`emoji: ${rest.slice(0, 20)}`);
      if (/^[*_`]|^~~|^\|\||^\[[^\]]*\]\(/.test(rest)) alarms.push(`markup: ${rest.slice(0, 20)}`);
      text += char;
      take(1);
    }
  }
  return { text: text.replaceAll('\u2060', ''), code, alarms };
}

export const makeBench = (): ChannelBench => new DiscordBench();
