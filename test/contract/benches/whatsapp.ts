import { createAdapter } from '../../../src/channels/whatsapp/adapter';
import { whatsappDescriptor } from '../../../src/channels/whatsapp/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import {
  ACCESS_TOKEN,
  ACCOUNT_ID,
  APP_SECRET,
  PHONE_ID,
  SHOWN,
  VERIFY_TOKEN,
  WhatsAppServer,
} from '../../peers/whatsapp/server';
import type { CalledBench } from '../attacks';
import type { Seen, Utterance } from '../bench';
import { type Letter, opensslHmac, post } from '../letter';
import { FAULTS_OF_CALLERS, PeerBench } from '../peer-bench';

type Json = Record<string, unknown>;

const ANN = '16505551234';
const BOB = '4915112345678';

export class WhatsAppBench extends PeerBench<WhatsAppServer> implements CalledBench {
  readonly descriptor = whatsappDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = [ANN, BOB] as const;
  readonly speed = 10;
  readonly pushOnly = true;
  readonly takesFiles = true;
  readonly unproven = ['verifyToken'];
  readonly sendsFile = { name: 'report & <co>.txt', mediaType: 'text/plain' };
  /** It belongs to a message that was said, and marks that as read. */
  readonly quietTyping = true;
  readonly faults = FAULTS_OF_CALLERS;
  readonly peer = new WhatsAppServer();
  private door = '';
  private last: Json | undefined;

  async start(speed: number): Promise<void> {
    const { peer } = this;
    peer.speed = speed;
    peer.caller = async (body) => {
      if (this.door === '') return false;
      return (await post(this.sign(body))).status === 200;
    };
    await peer.start();
  }

  calls(url: string): void {
    this.door = url;
  }

  get address(): string {
    return this.door;
  }

  settings(): Json {
    return { apiRoot: this.peer.url, phoneNumberId: PHONE_ID };
  }

  secrets(): Record<string, string> {
    return { accessToken: ACCESS_TOKEN, appSecret: APP_SECRET, verifyToken: VERIFY_TOKEN };
  }

  conversation(): string {
    return ANN;
  }

  async say({ text, from = ANN, displayName, replyTo, file }: Utterance): Promise<string> {
    const answers = replyTo === undefined ? {} : { context: { from: SHOWN.replace(/\D/g, ''), id: replyTo } };
    const content = file
      ? { type: 'document', document: this.attach(file, text) }
      : { type: 'text', text: { body: text } };
    const said = this.message(from, { ...content, ...answers });
    this.last = this.call([said], displayName);
    this.peer.tell(this.last);
    return String(said.id);
  }

  async sayAsSelf(text: string): Promise<void> {
    this.peer.tell(
      this.call([this.message(SHOWN.replace(/\D/g, ''), { type: 'text', text: { body: text } })]),
    );
  }

  async repeatLast(): Promise<void> {
    if (this.last) await this.peer.caller(this.last);
  }

  async press(messageId: string, label: string): Promise<void> {
    const sent = this.peer.sent.find(({ id }) => id === messageId);
    const button = sent?.buttons.find(({ title }) => title === label);
    if (!button) throw new Error(`there is no button ${label}`);
    const interactive = { type: 'button_reply', button_reply: button };
    this.peer.tell(
      this.call([this.message(ANN, { type: 'interactive', interactive, context: { id: messageId } })]),
    );
  }

  seen(context: ChatContext): readonly Seen[] {
    return this.peer.sent
      .filter(({ to }) => context === 'dm' && to === ANN)
      .map(({ id, body, answers, buttons, file }) => ({
        id,
        ...rendered(body),
        ...(answers === undefined ? {} : { replyTo: answers }),
        buttons: buttons.map(({ title }) => title),
        edited: false,
        files: file ? [file] : [],
      }));
  }

  async genuine(text: string): Promise<Letter> {
    return this.sign(this.call([this.message(ANN, { type: 'text', text: { body: text } })]));
  }

  message(from: string, content: Json): Json {
    return { from, id: this.peer.newId(), timestamp: String(Math.floor(Date.now() / 1000)), ...content };
  }

  call(messages: readonly Json[], name = 'Ann', metadata: Json = {}): Json {
    return this.envelope({
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: SHOWN.replace(/\D/g, ''), phone_number_id: PHONE_ID, ...metadata },
      contacts: messages.map(({ from }) => ({ profile: { name }, wa_id: from })),
      messages,
    });
  }

  envelope(value: Json, field = 'messages'): Json {
    return {
      object: 'whatsapp_business_account',
      entry: [{ id: ACCOUNT_ID, changes: [{ field, value }] }],
    };
  }

  sign(body: unknown, secret = APP_SECRET): Letter {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return {
      method: 'POST',
      url: this.door,
      headers: [
        ['Content-Type', 'application/json'],
        ['User-Agent', 'facebookexternalua'],
        ['X-Hub-Signature', `sha1=${opensslHmac(secret, bytes, 'sha1').toString('hex')}`],
        ['X-Hub-Signature-256', `sha256=${opensslHmac(secret, bytes).toString('hex')}`],
      ],
      body: bytes,
    };
  }

  private attach({ name, mediaType, bytes }: NonNullable<Utterance['file']>, caption: string): Json {
    const id = this.peer.newMediaId();
    this.peer.media.set(id, { bytes: Buffer.from(bytes) });
    return { id, filename: name, mime_type: mediaType, sha256: 'x', caption };
  }
}

/** WhatsApp's markup as a person sees it; whatever acts, besides code, is an alarm. */
function rendered(source: string): Pick<Seen, 'text' | 'code' | 'alarms'> {
  const code: string[] = [];
  const alarms: string[] = [];
  const plain = source
    .split(/(```(?!\u200b)[\s\S]+?```|`(?![\u200b`])[^`\n]+`)/)
    .map((run) => {
      const block = /^(`{3}|`)([\s\S]+)\1$/.exec(run);
      if (block) {
        code.push(block[2] ?? '');
        return block[2] ?? '';
      }
      // A mark acts with a partner on the same line, when nothing stands between it and what it marks.
      for (const mark of ['*', '_', '~', '`']) {
        const acting = new RegExp(`\\${mark}(?![\\s\\u200b\\${mark}])[^\\n]*?\\${mark}`);
        if (acting.test(run)) alarms.push(`marked with ${mark}: ${run.slice(0, 40)}`);
      }
      for (const line of run.split('\n'))
        if (/^\s*(>|[-*]\s|\d+\.\s)/.test(line)) alarms.push(`begins a block: ${line}`);
      return run;
    })
    .join('');
  return { text: plain.replaceAll('\u200b', ''), code, alarms };
}

export const makeBench = (): CalledBench => new WhatsAppBench();
