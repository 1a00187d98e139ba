import { createAdapter } from '../../../src/channels/mattermost/adapter';
import { mattermostDescriptor } from '../../../src/channels/mattermost/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { BOT, MattermostServer, mmId, type Post, TEAM, TOKEN } from '../../peers/mattermost/server';
import type { ChannelBench, Fault, Seen, Utterance } from '../bench';
import { FAULTS_OF_LINES, PeerBench } from '../peer-bench';

const PEOPLE = [mmId('alice'), mmId('bob')] as const;
const DIRECT = new Map<string, string>([
  [PEOPLE[0], mmId('dmalice')],
  [PEOPLE[1], mmId('dmbob')],
]);
const ROOM = mmId('room');

export class MattermostBench extends PeerBench<MattermostServer> implements ChannelBench {
  readonly descriptor = mattermostDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = PEOPLE;
  readonly speed = 10;
  readonly takesFiles = true;
  readonly keepsNoVersions = true;
  readonly faults: readonly Fault[] = [...FAULTS_OF_LINES, 'lose-session'];
  readonly peer = new MattermostServer();
  private last: Post | undefined;

  async start(speed: number): Promise<void> {
    const { peer } = this;
    peer.speed = speed;
    for (const id of DIRECT.values()) peer.addChannel({ id, type: 'D', team_id: '' });
    peer.addChannel({ id: ROOM, type: 'P', team_id: TEAM });
    await peer.start();
  }

  settings(): Record<string, unknown> {
    return { serverUrl: this.peer.url, allowedTeams: [TEAM] };
  }

  secrets(): Record<string, string> {
    return { token: TOKEN };
  }

  changeSecret() {
    this.peer.token = [...TOKEN].reverse().join('');
    return { name: 'token', value: this.peer.token };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? (DIRECT.get(PEOPLE[0]) ?? '') : ROOM;
  }

  async say({ text, context, from = PEOPLE[0], displayName, addressed, replyTo, file }: Utterance) {
    const files = file ? [this.attach(file)] : [];
    const meant = context === 'dm' || addressed === false ? text : `@${BOT.username} ${text}`;
    this.last = this.peer.say(
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
    this.peer.change(id, { message: text, edit_at: Date.now() }, 'post_edited');
  }

  async remove(id: string): Promise<void> {
    this.peer.change(id, { delete_at: Date.now() }, 'post_deleted');
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    const name = `@${BOT.username} ${text}`;
    this.peer.say(mmId('otherbot'), this.place(context, PEOPLE[0]), name, { props: { from_bot: 'true' } });
    // A webhook that calls itself by a person's name.
    this.peer.say(PEOPLE[0], this.place(context, PEOPLE[0]), name, {
      props: { from_webhook: 'true', override_username: 'alice' },
    });
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    this.peer.say(BOT.id, this.place(context, PEOPLE[0]), `@${BOT.username} ${text}`);
  }

  async repeatLast(): Promise<void> {
    if (this.last) this.peer.announce('posted', this.last, 'somebody');
  }

  seen(context: ChatContext): readonly Seen[] {
    return [...this.peer.posts.values()]
      .filter((post) => post.user_id === BOT.id && 'from_bot' in post.props)
      .filter((post) => post.channel_id === this.conversation(context))
      .map((post) => this.see(post));
  }

  private place(context: ChatContext, from: string): string {
    return context === 'dm' ? (DIRECT.get(from) ?? '') : ROOM;
  }

  /** An answer goes into the thread of the post that it answers. */
  private rootOf(id: string): string {
    return this.peer.posts.get(id)?.root_id || id;
  }

  private attach(file: NonNullable<Utterance['file']>): Record<string, unknown> {
    const id = mmId(`in${this.peer.files.size}file`);
    this.peer.files.set(id, { name: file.name, bytes: Buffer.from(file.bytes), channel: '' });
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
        const file = this.peer.files.get(id);
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
