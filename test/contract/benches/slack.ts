import { createAdapter } from '../../../src/channels/slack/adapter';
import { slackDescriptor } from '../../../src/channels/slack/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { APP_TOKEN, BOT_TOKEN, BOT_USER, SlackApi, type SlackSent, TEAM } from '../../peers/slack/slack-api';
import type { ChannelBench, Fault, Seen, Utterance } from '../bench';
import { FAULTS_OF_LINES, PeerBench } from '../peer-bench';

const DIRECT: Readonly<Record<string, string>> = { U0001: 'D0001', U0002: 'D0002' };
const ROOM = 'C0001';

/** Slack by Socket Mode. */
export class SlackBench extends PeerBench<SlackApi> implements ChannelBench {
  readonly descriptor = slackDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = [`${TEAM}/U0001`, `${TEAM}/U0002`] as const;
  readonly speed: number = 4;
  readonly flatDm = true;
  readonly recovers: readonly ChatContext[] = ['dm'];
  readonly takesFiles = true;
  readonly faults: readonly Fault[] = [...FAULTS_OF_LINES, 'half-close', 'lose-session'];
  readonly peer = new SlackApi();
  private readonly said = new Map<string, Record<string, unknown>>();
  private last: Record<string, unknown> | undefined;

  async start(speed: number): Promise<void> {
    this.peer.speed = speed;
    this.peer.channels.add('D0002');
    await this.peer.start();
  }

  settings(): Record<string, unknown> {
    return { apiRoot: this.peer.root };
  }

  secrets(): Record<string, string> {
    return { botToken: BOT_TOKEN, appToken: APP_TOKEN };
  }

  changeSecret() {
    this.peer.botToken = BOT_TOKEN.replace(/-[^-]*$/, '-ZzZzZzZzZzZzZzZzZzZzZzZz');
    return { name: 'botToken', value: this.peer.botToken };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? 'D0001' : ROOM;
  }

  async say(said: Utterance): Promise<string> {
    const { text, context, from = this.people[0], addressed = true, replyTo, file } = said;
    const user = from.split('/')[1] ?? '';
    const extra = {
      ...(replyTo === undefined ? {} : { thread_ts: replyTo }),
      ...(file
        ? { subtype: 'file_share', files: [this.peer.files.add(file.name, file.mediaType, file.bytes)] }
        : {}),
    };
    const event =
      context === 'dm'
        ? this.peer.dm(user, wire(text), { channel: DIRECT[user], ...extra })
        : addressed
          ? this.peer.mention(user, `<@${BOT_USER}> ${wire(text)}`, extra)
          : this.peer.mention(user, wire(text), { type: 'message', channel_type: 'channel', ...extra });
    this.last = event;
    const id = String(event.ts);
    this.said.set(id, event);
    return id;
  }

  async edit(id: string, text: string, context: ChatContext): Promise<void> {
    const earlier = this.said.get(id);
    this.change('message_changed', context, {
      message: { ...earlier, type: 'message', text: wire(text) },
      previous_message: earlier,
    });
  }

  async remove(id: string, context: ChatContext): Promise<void> {
    this.change('message_deleted', context, { deleted_ts: id, previous_message: this.said.get(id) });
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    this.speak(context, text, { user: undefined, bot_id: 'B0009', subtype: 'bot_message' });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    this.speak(context, text, { user: BOT_USER, bot_id: 'B0001' });
  }

  async repeatLast(): Promise<void> {
    if (this.last) this.peer.event(this.last);
  }

  async press(messageId: string, label: string, context: ChatContext): Promise<void> {
    const message = this.sentTo(context).find(({ ts }) => ts === messageId);
    const button = message?.blocks
      .flatMap((block) => (block.type === 'actions' ? block.elements : []))
      .find(({ text }) => text.text === label);
    if (!message || !button) throw new Error(`no button “${label}”`);
    this.peer.press('U0001', message, button.value);
  }

  seen(context: ChatContext): readonly Seen[] {
    const files = this.peer.files.shared.filter(({ channel }) => channel === this.conversation(context));
    return [
      ...this.sentTo(context).map(see),
      ...files.map(({ name, bytes }, index) => ({
        id: `file ${index}`,
        text: '',
        code: [],
        buttons: [],
        edited: false,
        files: [{ name, bytes }],
        alarms: [],
      })),
    ];
  }

  private speak(context: ChatContext, text: string, extra: Record<string, unknown>): void {
    if (context === 'dm') this.peer.dm('U0009', wire(text), extra);
    else this.peer.mention('U0009', `<@${BOT_USER}> ${wire(text)}`, extra);
  }

  private change(subtype: string, context: ChatContext, extra: Record<string, unknown>): void {
    this.peer.event({
      type: 'message',
      subtype,
      channel: this.conversation(context),
      channel_type: context === 'dm' ? 'im' : 'channel',
      ts: this.peer.newTs(),
      ...extra,
    });
  }

  private sentTo(context: ChatContext): readonly SlackSent[] {
    return this.peer.sent.filter(({ channel }) => channel === this.conversation(context));
  }
}

/** As Slack hands on what somebody typed; a line that starts with `/` never leaves Slack, people write `!`. */
function wire(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return escaped.startsWith('/') ? `!${escaped.slice(1)}` : escaped;
}

function see({ ts, blocks, thread_ts, edited }: SlackSent): Seen {
  const parts = blocks.flatMap((block) => (block.type === 'rich_text' ? block.elements : []));
  const text = parts.map(({ elements }) => elements.map((element) => element.text).join('')).join('\n');
  return {
    id: ts,
    text,
    code: parts.flatMap(({ type, elements }) =>
      elements
        .filter((element) => type === 'rich_text_preformatted' || element.style?.code)
        .map((element) => element.text),
    ),
    ...(thread_ts === undefined ? {} : { replyTo: thread_ts }),
    buttons: blocks.flatMap((block) =>
      block.type === 'actions' ? block.elements.map((element) => element.text.text) : [],
    ),
    edited: edited === true,
    files: [],
    // Rich text of plain elements is all that Slack's peer takes, so nothing in it can act.
    alarms: [],
  };
}

export const makeBench = (): ChannelBench => new SlackBench();
