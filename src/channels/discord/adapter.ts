import type { Attachment, OutboundMessage, SentReceipt } from '../../engine/model/message';
import type { AdapterContext, AdapterFactory, ChannelAdapter, ConnectedAccount } from '../contract';
import { MissedMessages } from '../missed';
import { PartSender } from '../parts';
import { Reception } from '../reception';
import { DiscordClient, PLATFORM } from './client';
import { type DiscordSettings, discordDescriptor, discordSettings } from './descriptor';
import { DiscordFiles } from './files';
import { fitsOneMessage } from './format';
import { DiscordGateway } from './gateway';
import { Guilds } from './guilds';
import { history, type Missed } from './history';
import { accountOf, checkApplication, type DiscordIdentity, identify } from './identity';
import { contextOf, type DiscordView, readMessage } from './inbound';
import { acknowledge, readInteraction, registerCommands } from './interactions';
import { DiscordSender } from './sender';
import { GatewaySession } from './session';
import type { Dispatch } from './socket';

/** https://docs.discord.com/developers/events/gateway#list-of-intents */
const Intent = { guilds: 1 << 0, guildMessages: 1 << 9, directMessages: 1 << 12, messageContent: 1 << 15 };

class DiscordAdapter implements ChannelAdapter {
  private readonly settings: DiscordSettings;
  private readonly client: DiscordClient;
  private readonly files: DiscordFiles;
  private readonly sender: DiscordSender;
  private readonly guilds: Guilds;
  private readonly reception = new Reception(PLATFORM);
  private readonly parts = new PartSender(discordDescriptor.capabilities, fitsOneMessage);
  private readonly stopped = new AbortController();
  /** Acknowledgements that are under way. */
  private readonly underWay = new Set<Promise<void>>();
  private me: DiscordIdentity | undefined;
  private missed: MissedMessages<Missed> | undefined;

  constructor(private readonly context: AdapterContext) {
    this.settings = discordSettings.parse(context.settings);
    this.client = new DiscordClient(context, this.settings.apiRoot);
    this.files = new DiscordFiles(context, this.client);
    this.sender = new DiscordSender(this.client);
    this.guilds = new Guilds(context, this.settings.allowedGuilds);
  }

  async check(): Promise<ConnectedAccount> {
    return accountOf(await identify(this.context, this.client, this.settings.applicationId));
  }

  async connect(): Promise<ConnectedAccount> {
    const { context, client, settings } = this;
    const { signal } = this.stopped;
    const me = await identify(context, client, settings.applicationId, signal);
    this.me = me;
    await this.guilds.read(client, signal);
    const intents = intentsOf(settings);
    const onlineDetail = `Connected as ${me.name}. ${this.guilds.describe()}`;
    const missed: MissedMessages<Missed> = new MissedMessages(context, {
      ...history(client),
      platform: PLATFORM,
      owner: me.userId,
      onlineDetail,
      isHeard: (guild) => contextOf(guild, this.view(me.userId)) !== undefined,
      // Without the server's id, which only the gateway tells.
      handle: (message, { about: guild }, edited) =>
        this.take(guild === undefined ? message : { ...message, guild_id: guild }, edited, missed),
    });
    await missed.load();
    this.missed = missed;
    await this.reception.begin(
      () =>
        new DiscordGateway(context, client, new GatewaySession(context, `${me.userId}/${intents}`), {
          intents,
          ready: (about) => checkApplication(about.application.id, settings.applicationId),
          arrived: (event) => this.arrived(event),
          missed: (signal) => missed.fetch(signal),
          handle: (event) => this.handle(event, missed),
          onlineDetail,
        }),
    );
    const { slashCommand, allowedGuilds } = settings;
    await registerCommands(context, client, me.applicationId, slashCommand ? allowedGuilds : [], signal);
    context.state('online', onlineDetail);
    return accountOf(me);
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    await this.reception.end();
    await Promise.all(this.underWay);
    await this.missed?.save();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(
      message,
      (part) => this.sender.sendPart(message, part),
      (file) => this.sender.sendFile(message, file),
    );
  }

  async typing(conversation: string): Promise<void> {
    await this.client.call('POST', `/channels/${encodeURIComponent(conversation)}/typing`);
  }

  download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    return this.files.download(attachment, limitBytes);
  }

  private view(me: string): DiscordView {
    return { me, allowedGuilds: new Set(this.settings.allowedGuilds), now: this.context.clock.now() };
  }

  /** Buttons and commands want an answer within three seconds, whatever waits before them. */
  private arrived({ t, d }: Dispatch): void {
    if (t !== 'INTERACTION_CREATE' || !this.me) return;
    const pressed = readInteraction(d, this.view(this.me.userId));
    if (!pressed) return;
    const work = acknowledge(this.client, pressed);
    this.underWay.add(work);
    void work.finally(() => this.underWay.delete(work));
  }

  private async handle({ t, d }: Dispatch, missed: MissedMessages<Missed>): Promise<void> {
    const { me, context } = this;
    if (!me) return;
    switch (t) {
      case 'MESSAGE_CREATE':
      case 'MESSAGE_UPDATE':
        return this.take(d, t === 'MESSAGE_UPDATE', missed);
      case 'INTERACTION_CREATE': {
        const pressed = readInteraction(d, this.view(me.userId));
        if (!pressed) return;
        await context.receive(pressed.message);
        return missed.onRecord(pressed.message.conversation, pressed.guild, pressed.id, true);
      }
      case 'GUILD_CREATE':
        return this.guilds.joined(d);
      case 'GUILD_DELETE':
        return this.guilds.left(d);
    }
  }

  private async take(data: unknown, edited: boolean, missed: MissedMessages<Missed>): Promise<void> {
    const { me, context } = this;
    const read = me && readMessage(data, edited, this.view(me.userId));
    if (!read) return;
    const { message, guild, files } = read;
    if (!edited && missed.has(message.conversation, message.platformId)) return;
    this.files.remember(files);
    await context.receive(message);
    if (edited) return;
    const { sender } = message;
    const toUs = message.addressed && !sender.isBot && !sender.isSelf;
    await missed.onRecord(message.conversation, guild, message.platformId, toUs);
  }
}

/** No more than what is listened to. That of the servers themselves says which ones the bot is in. */
function intentsOf({ allowedGuilds, messageContent }: DiscordSettings): number {
  return (
    Intent.guilds |
    Intent.directMessages |
    (allowedGuilds.length > 0 ? Intent.guildMessages : 0) |
    (messageContent ? Intent.messageContent : 0)
  );
}

export const createAdapter: AdapterFactory = (context) => new DiscordAdapter(context);
