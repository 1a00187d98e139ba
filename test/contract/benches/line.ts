import { createAdapter } from '../../../src/channels/line/adapter';
import { lineDescriptor } from '../../../src/channels/line/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { ACCESS_TOKEN, BOT, CHANNEL_SECRET, type LineEvent, LineServer } from '../../peers/line/server';
import type { CalledBench } from '../attacks';
import type { Fault, Seen, Utterance } from '../bench';
import { type Letter, opensslHmac, post } from '../letter';
import { FAULTS_OF_CALLERS, PeerBench } from '../peer-bench';

const ANN = `U${'a1'.repeat(16)}`;
const BOB = `U${'b2'.repeat(16)}`;
export const GROUP = `C${'c3'.repeat(16)}`;

export class LineBench extends PeerBench<LineServer> implements CalledBench {
  readonly descriptor = lineDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = [ANN, BOB] as const;
  readonly speed = 10;
  readonly pushOnly = true;
  readonly unproven = ['channelSecret'];
  /** LINE shows text, and nothing as code. */
  readonly showsCode = false;
  readonly flatDm = true;
  /** In groups there is no such sign. */
  readonly quietTyping = true;
  readonly faults: readonly Fault[] = [...FAULTS_OF_CALLERS, 'reorder'];
  readonly peer = new LineServer();
  private door = '';
  private last: LineEvent | undefined;
  /** Said already, and told behind what is said next. */
  private held: LineEvent | undefined;
  private reordering = false;
  private now = Date.now();

  async start(speed: number): Promise<void> {
    const { peer } = this;
    peer.speed = speed;
    for (const known of [ANN, BOB, GROUP]) peer.known.add(known);
    peer.caller = async (events) => {
      if (this.door === '') return false;
      return (await post(this.sign({ destination: BOT.userId, events }))).status === 200;
    };
    await peer.start();
  }

  calls(url: string): void {
    this.door = url;
  }

  settings(): Record<string, unknown> {
    return { apiRoot: this.peer.url, allowedGroups: [GROUP] };
  }

  secrets(): Record<string, string> {
    return { accessToken: ACCESS_TOKEN, channelSecret: CHANNEL_SECRET };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? ANN : GROUP;
  }

  async say({ text, context, from = ANN, addressed, replyTo }: Utterance): Promise<string> {
    const id = this.peer.newId();
    const name = `@${BOT.displayName}`;
    const named = context !== 'dm' && addressed !== false;
    const event = this.event(context, from, {
      type: 'message',
      replyToken: this.peer.newToken(context === 'dm' ? from : GROUP),
      message: {
        id,
        type: 'text',
        text: named ? `${name} ${text}` : text,
        quoteToken: this.peer.quoteTokenOf(id, context === 'dm' ? from : GROUP),
        ...(named
          ? {
              mention: {
                mentionees: [
                  { index: 0, length: name.length, type: 'user', userId: BOT.userId, isSelf: true },
                ],
              },
            }
          : {}),
        ...(replyTo === undefined ? {} : { quotedMessageId: replyTo }),
      },
    });
    this.last = event;
    if (this.reordering) {
      this.reordering = false;
      this.held = event;
      return id;
    }
    this.peer.tell(event);
    this.release();
    return id;
  }

  async remove(id: string, context: ChatContext): Promise<void> {
    this.peer.tell(this.event(context, ANN, { type: 'unsend', unsend: { messageId: id } }));
  }

  async sayAsSelf(text: string, context: ChatContext): Promise<void> {
    const message = { id: this.peer.newId(), type: 'text', text };
    this.peer.tell(this.event(context, BOT.userId, { type: 'message', message }));
  }

  async repeatLast(): Promise<void> {
    const { last } = this;
    if (last) await this.peer.caller([{ ...last, deliveryContext: { isRedelivery: true } } as LineEvent]);
  }

  async press(messageId: string, label: string, context: ChatContext): Promise<void> {
    const sent = this.peer.sent.find(({ id }) => id === messageId);
    const button = sent?.buttons.find((one) => one.label === label);
    if (!button) throw new Error(`there is no button ${label}`);
    this.peer.tell(
      this.event(context, ANN, {
        type: 'postback',
        replyToken: this.peer.newToken(this.conversation(context)),
        postback: { data: button.data },
      }),
    );
  }

  seen(context: ChatContext): readonly Seen[] {
    return this.peer.sent
      .filter(({ to }) => to === this.conversation(context))
      .map(({ id, text, quotes, buttons }) => ({
        id,
        text,
        code: [],
        ...(quotes === undefined ? {} : { replyTo: quotes }),
        buttons: buttons.map(({ label }) => label),
        edited: false,
        files: [],
        // The peer takes plain texts only, in which nothing acts.
        alarms: [],
      }));
  }

  override async inject(fault: Fault): Promise<void> {
    if (fault === 'reorder') this.reordering = this.held === undefined;
    else await super.inject(fault);
  }

  override async heal(): Promise<void> {
    await super.heal();
    this.release();
  }

  private release(): void {
    const { held } = this;
    this.held = undefined;
    if (held) this.peer.tell(held);
  }

  async genuine(text: string): Promise<Letter> {
    const message = { id: this.peer.newId(), type: 'text', text };
    return this.sign({
      destination: BOT.userId,
      events: [this.event('dm', ANN, { type: 'message', message })],
    });
  }

  /** An event of now, with an id of its own. */
  event(context: ChatContext, from: string, what: Record<string, unknown>): LineEvent {
    this.now = Math.max(this.now + 1, Date.now());
    const source =
      context === 'dm' ? { type: 'user', userId: from } : { type: 'group', groupId: GROUP, userId: from };
    return {
      webhookEventId: `01FZ74A0TDDPYRVKNK${this.peer.newId().slice(-8)}`,
      timestamp: this.now,
      mode: 'active',
      deliveryContext: { isRedelivery: false },
      source,
      ...what,
    } as LineEvent;
  }

  sign(body: unknown, secret = CHANNEL_SECRET): Letter {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return {
      method: 'POST',
      url: this.door,
      headers: [
        ['Content-Type', 'application/json; charset=utf-8'],
        ['User-Agent', 'LineBotWebhook/2.0'],
        ['X-Line-Signature', opensslHmac(secret, bytes).toString('base64')],
      ],
      body: bytes,
    };
  }
}

export const makeBench = (): CalledBench => new LineBench();
