import * as z from 'zod';
import type { Attachment, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { PartSender } from '../parts';
import { Reception } from '../reception';
import { MatrixClient, PLATFORM } from './client';
import { RemoteEncryption } from './crypto/remote';
import { type StartThread, startThread } from './crypto/thread';
import { type MatrixSettings, matrixDescriptor, matrixSettings } from './descriptor';
import type { Encryption } from './encryption';
import { Feed } from './feed';
import { askHomeserver } from './homeserver';
import { Media } from './media';
import { Members } from './members';
import { Memory } from './memory';
import { Sender } from './sender';
import { MatrixState } from './state';
import { Syncer } from './syncer';
import { whoamiAnswer } from './wire';

/** Milliseconds for which clients show that we type. It is said again while work goes on. */
const TYPING_MS = 20_000;

const displayName = z.looseObject({ displayname: z.string().nullish() });

interface Me {
  readonly id: string;
  readonly name: string;
  readonly device: string;
}

class MatrixAdapter implements ChannelAdapter {
  private readonly settings: MatrixSettings;
  private readonly client: MatrixClient;
  private readonly reception = new Reception(PLATFORM);
  private readonly parts = new PartSender(matrixDescriptor.capabilities);
  private readonly stopped = new AbortController();
  private connected:
    | { readonly me: Me; readonly sender: Sender; readonly media: Media; readonly memory: Memory }
    | undefined;
  private encryption: Promise<Encryption | undefined> | undefined;

  constructor(
    private readonly context: AdapterContext,
    private readonly startThread: StartThread,
  ) {
    this.settings = matrixSettings.parse(context.settings);
    this.client = new MatrixClient(context, this.settings.homeserver);
  }

  async check(): Promise<ConnectedAccount> {
    return accountOf(await this.whoami());
  }

  async connect(): Promise<ConnectedAccount> {
    const { context, client, settings, stopped } = this;
    const { signal } = stopped;
    const me = await this.whoami();
    const homeserver = await askHomeserver(client, signal);
    context.report({
      ...homeserver.facts,
      https: new URL(settings.homeserver).protocol === 'https:',
      refreshes: (await context.secret('refreshToken')) !== undefined,
    });
    const state = await MatrixState.load(context.store, me.id);
    const memory = new Memory(client, me.id, signal);
    const media = new Media(client, () => homeserver.authenticatedMedia, signal);
    const members = new Members(context, client, settings, state, signal);
    const encryption = await this.openEncryption(me);
    const feed = new Feed({ context, client, settings, state, members, memory, encryption, me });
    const sender = new Sender({ client, settings, state, memory, media, encryption, signal });
    this.connected = { me, sender, media, memory };
    await this.reception.begin(
      () => new Syncer(client, context, state, feed, `Connected as ${me.id}.`, stopped),
    );
    return accountOf(me);
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    await this.reception.end();
    await this.encryption?.then((encryption) => encryption?.close()).catch(() => undefined);
  }

  /** In a thread that is started here, and that alone reads the library. @throws ChannelError */
  private openEncryption(me: Me): Promise<Encryption | undefined> {
    const { context, client, settings, stopped, startThread } = this;
    if (!settings.encryption) return Promise.resolve(undefined);
    const { verifiedDevices: verified } = settings;
    const { signal } = stopped;
    this.encryption = RemoteEncryption.open({ context, client, me, verified, signal, startThread });
    return this.encryption;
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    const { sender } = this.ready();
    return this.parts.send(
      message,
      (part) => sender.text(message, part),
      (file) => sender.file(message, file),
    );
  }

  async typing(conversation: string): Promise<void> {
    const { me } = this.ready();
    const path = `client/v3/rooms/${encodeURIComponent(conversation)}/typing/${encodeURIComponent(me.id)}`;
    await this.client.call('PUT', path, {
      body: { typing: true, timeout: TYPING_MS },
      signal: this.stopped.signal,
    });
  }

  download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    const { media, memory } = this.ready();
    return media.fetch(attachment, memory.fileKey(attachment.platformId), limitBytes);
  }

  private ready() {
    if (this.connected) return this.connected;
    throw new ChannelError('temporary', 'Matrix is not connected yet.');
  }

  private async whoami(): Promise<Me> {
    const { signal } = this.stopped;
    const { user_id: id, device_id: device } = await this.client.read(
      whoamiAnswer,
      'GET',
      'client/v3/account/whoami',
      { signal },
    );
    const path = `client/v3/profile/${encodeURIComponent(id)}/displayname`;
    const profile = await this.client.json('GET', path, { signal }).catch((error: unknown) => {
      // There may be none.
      if (error instanceof ChannelError && error.kind === 'refused') return undefined;
      throw error;
    });
    const parsed = displayName.safeParse(profile);
    const own = parsed.success ? parsed.data.displayname?.trim() : undefined;
    return { id, name: own || id.slice(1, id.indexOf(':')), device: device ?? '' };
  }
}

/** Matrix has no notion of a bot. */
function accountOf({ id, name }: Me): ConnectedAccount {
  return { account: id, name, handle: id, isBot: null };
}

/** With the thread that encrypts started so. */
export function adapterWith(start: StartThread): AdapterFactory {
  return (context) => new MatrixAdapter(context, start);
}

export const createAdapter: AdapterFactory = adapterWith(startThread);
