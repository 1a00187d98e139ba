import { createAdapter } from '../../../src/channels/mattermost/adapter';
import { mattermostDescriptor } from '../../../src/channels/mattermost/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { BOT, MattermostServer, mmId, type Post, TEAM, TOKEN } from '../../peers/mattermost/server';
import type { ChannelBench, Fault, Seen, Utterance } from '../bench';
import { injectInto } from '../faults';

const PEOPLE = [mmId('alice'), mmId('bob')] as const;
const DIRECT = new Map<string, string>([
  [PEOPLE[0], mmId('dmalice')],
  [PEOPLE[1], mmId('dmbob')],
]);
const ROOM = mmId('room');

export class MattermostBench implements ChannelBench {
  readonly descriptor = mattermostDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly speed = 10;
  readonly takesFiles = true;
  readonly keepsNoVersions = true;
  readonly faults: readonly Fault[] = [
    'drop',
    'down',
    'stall',
    'lose-session',
    'garbage',
    'error',
    'rate-limit',
    'revoke',
    'lose-answer',
  ];
  readonly server = new MattermostServer();
  private last: Post | undefined;

  async start(speed: number): Promise<void> {
    const { server } = this;
    server.speed = speed;
    for (const id of DIRECT.values()) server.addChannel({ id, type: 'D', team_id: '' });
    server.addChannel({ id: ROOM, type: 'P', team_id: TEAM });
    await server.start();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  settings(): Record<string, unknown> {
    return { serverUrl: this.server.url, allowedTeams: [TEAM] };
  }

  secrets(): Record<string, string> {
    return { token: TOKEN };
  }

  changeSecret() {
    this.server.token = [...TOKEN].reverse().join('');
    return { name: 'token', value: this.server.token };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? (DIRECT.get(PEOPLE[0]) ?? '') : ROOM;
  }

  async say({ text, context, from = PEOPLE[0], displayName, addressed, replyTo, file }: Utterance) {
    const files = file ? [this.attach(file)] : [];
    const meant = context === 'dm' || addressed === false ? text : `@${BOT.username} ${text}`;
    this.last = this.server.say(
      from,
      this.place(context, from),
      meant,
      {
        ...(replyTo === undefined ? {} : { root_id: this.rootOf(replyTo) }),
        ...(file ? { metadata: { files } } : {}),
      },
      displayName,
    );
    return this.last.id;
  }

  async edit(id: string, text: string): Promise<void> {
    this.server.change(id, { message: text, edit_at: Date.now() }, 'post_edited');
  }

  async remove(id: string): Promise<void> {
    this.server.change(id, { delete_at: Date.now() }, 'post_deleted');
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    const name = `@${BOT.username} ${text}`;
    this.server.say(mmId('otherbot'), this.place(context, PEOPLE[0]), name, { props: { from_bot: 'true' } });
    // A webhook that calls itself by a person's name.
    this.server.say(PEOPLE[0], this.place(context, PEOPLE[0]), name, {
      props: { from_webhook: 'true', override_username: 'alice' },
    });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    this.server.say(BOT.id, this.place(context, PEOPLE[0]), `@${BOT.username} ${text}`);
  }

  async repeatLast(): Promise<void> {
    if (this.last) this.server.announce('posted', this.last, 'somebody');
  }

  seen(context: ChatContext): readonly Seen[] {
    return [...this.server.posts.values()]
      .filter((post) => post.user_id === BOT.id && 'from_bot' in post.props)
      .filter((post) => post.channel_id === this.conversation(context))
      .map((post) => this.see(post));
  }

  async inject(fault: Fault): Promise<void> {
    injectInto(this.server, fault);
  }

  async heal(): Promise<void> {
    this.server.trouble = undefined;
  }

  requests(): number {
    return this.server.requests;
  }

  violations(): readonly string[] {
    return this.server.problems;
  }

  private place(context: ChatContext, from: string): string {
    return context === 'dm' ? (DIRECT.get(from) ?? '') : ROOM;
  }

  /** An answer goes into the thread of the post that it answers. */
  private rootOf(id: string): string {
    return this.server.posts.get(id)?.root_id || id;
  }

  private attach(file: NonNullable<Utterance['file']>): Record<string, unknown> {
    const id = mmId(`in${this.server.files.size}file`);
    this.server.files.set(id, { name: file.name, bytes: Buffer.from(file.bytes), channel: '' });
    return { id, name: file.name, mime_type: file.mediaType, size: file.bytes.length };
  }

  private see(post: Post): Seen {
    const { text, code, alarms } = rendered(post.message);
    return {
      id: post.id,
      text,
      code,
      ...(post.root_id === '' ? {} : { replyTo: post.root_id }),
      buttons: [],
      edited: post.edit_at > 0,
      files: post.file_ids.flatMap((id) => {
        const file = this.server.files.get(id);
        return file ? [{ name: file.name, bytes: file.bytes }] : [];
      }),
      alarms,
    };
  }
}

/** Mattermost's Markdown as a person sees it; whatever acts, besides code, is an alarm. */
function rendered(source: string): { text: string; code: string[]; alarms: string[] } {
  const code: string[] = [];
  const alarms: string[] = [];
  const out: string[] = [];
  const lines = source.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const fence = /^(`{3,})([\w+#.-]*)$/.exec(line);
    if (fence) {
      const end = lines.findIndex((other, index) => index > at && other === fence[1]);
      if (end < 0) alarms.push('a block that is not closed');
      const block = lines.slice(at + 1, end < 0 ? undefined : end).join('\n');
      code.push(block);
      out.push(block);
      at = end < 0 ? lines.length : end;
      continue;
    }
    out.push(renderedLine(line, code, alarms));
  }
  return { text: out.join('\n'), code, alarms };
}

function renderedLine(line: string, code: string[], alarms: string[]): string {
  if (/^\s*(#|>|[-+*]\s|\d+\.\s|={3,}|-{3,})/.test(line)) alarms.push(`begins a block: ${line}`);
  let out = '';
  let at = 0;
  while (at < line.length) {
    const rest = line.slice(at);
    const ticks = /^(`+)/.exec(rest)?.[1];
    const char = rest[0] ?? '';
    if (char === '\\' && /^\\[!-/:-@[-`{-~]/.test(rest)) {
      out += rest[1];
      at += 2;
    } else if (ticks) {
      const end = new RegExp(`(?<!\`)${ticks}(?!\`)`).exec(rest.slice(ticks.length));
      if (!end) {
        alarms.push('a backtick that is not closed');
        break;
      }
      const inner = rest.slice(ticks.length, ticks.length + end.index);
      const run = /^ .*`|` $/.test(inner) && /^ .* $/.test(inner) ? inner.slice(1, -1) : inner;
      code.push(run);
      out += run;
      at += ticks.length * 2 + inner.length;
    } else {
      if (/[*_[\]<>|]/.test(char) || /^~~|^~\w/.test(rest)) alarms.push(`markup: ${rest.slice(0, 20)}`);
      if (/^@[\w.-]/.test(rest)) alarms.push(`rings: ${rest.slice(0, 20)}`);
      if (/^:[\w+-]+:/.test(rest)) alarms.push(`emoji: ${rest.slice(0, 20)}`);
      if (char !== '\u2060') out += char === '\u00a0' ? ' ' : char;
      at += 1;
    }
  }
  return out;
}

export const makeBench = (): ChannelBench => new MattermostBench();
