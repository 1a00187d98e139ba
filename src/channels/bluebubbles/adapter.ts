import type { Attachment, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { Doorway } from '../doorway';
import { downloaded } from '../http';
import { PartSender } from '../parts';
import { Reception } from '../reception';
import { plainRich } from '../rich';
import { BlueBubblesClient, PLATFORM, type ServerInfo } from './client';
import { type BlueBubblesSettings, bluebubblesDescriptor, bluebubblesSettings } from './descriptor';
import { normalHandle } from './inbound';
import { Intake } from './intake';
import { PASSWORD_BITS, passwordBits } from './password';
import { placeProblem } from './place';

/** Milliseconds that taking the webhook back may take: a server that is away must not hold anybody up. */
const GOODBYE_MS = 3_000;
/** The kept name of the address that our webhook had. */
const HOOK = 'webhook';
const NOTHING = '(empty)';

class BlueBubblesAdapter implements ChannelAdapter {
  private readonly settings: BlueBubblesSettings;
  private readonly client: BlueBubblesClient;
  private readonly parts = new PartSender(bluebubblesDescriptor.capabilities);
  private readonly reception = new Reception(PLATFORM);
  private readonly stopped = new AbortController();
  private intake: Intake | undefined;

  constructor(private readonly context: AdapterContext) {
    this.settings = bluebubblesSettings.parse(context.settings);
    this.client = new BlueBubblesClient(context, this.settings.serverUrl);
  }

  async check(): Promise<ConnectedAccount> {
    await this.mustBeSafe();
    return accountOf(await this.client.info(this.stopped.signal));
  }

  async connect(): Promise<ConnectedAccount> {
    const { client, context } = this;
    await this.mustBeSafe();
    const info = await client.info(this.stopped.signal);
    const account = accountOf(info);
    const updateAvailable = await client.updateAvailable();
    context.report({
      serverVersion: info.server_version,
      ...(updateAvailable === undefined ? {} : { updateAvailable }),
    });
    const detail = `Connected as ${account.name}.`;
    const intake = new Intake(context, client, this.settings, account.account, () => detail);
    this.intake = intake;
    await intake.start();
    await this.reception.begin(
      () =>
        new Doorway(
          context,
          { methods: ['POST'], contentTypes: ['application/json'] },
          (request) => intake.answer(request),
          ({ url }) => this.register(url),
          () => this.unregister(GOODBYE_MS).catch(() => undefined),
        ),
    );
    if (this.stopped.signal.aborted)
      throw new ChannelError('temporary', 'BlueBubbles was disconnected while it was connecting.');
    intake.begin();
    context.state('online', detail);
    return account;
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    const { intake } = this;
    this.intake = undefined;
    await intake?.stop();
    await this.reception.end();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    const { conversation, format } = message;
    return this.parts.send(
      message,
      ({ text }) => {
        const said = plainRich(text, format);
        return this.client.sendText(conversation, said.trim() === '' ? NOTHING : said);
      },
      async ({ name, mediaType, read }) => this.client.sendFile(conversation, name, mediaType, await read()),
    );
  }

  async download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    const response = await this.client.file(attachment.platformId);
    return downloaded(response, limitBytes, { platform: PLATFORM, name: attachment.name });
  }

  /** BB-1, BB-2: before anything is sent to the server, the password least of all. @throws ChannelError */
  private async mustBeSafe(): Promise<void> {
    const problem = placeProblem(this.settings.serverUrl, this.settings.allowPublicServer);
    if (problem !== undefined) throw new ChannelError('fatal', problem);
    const password = (await this.context.secret('password')) ?? '';
    const bits = passwordBits(password);
    this.context.report({ passwordBits: bits });
    if (password !== '' && bits < PASSWORD_BITS) {
      throw new ChannelError(
        'fatal',
        `The password of the server can be guessed: it has about ${bits} of the ${PASSWORD_BITS} bits that it needs. Set a longer one on the Mac and enter it here.`,
      );
    }
  }

  private async register(url: string): Promise<void> {
    await this.unregister();
    await this.context.store.save(HOOK, Buffer.from(url));
    await this.client.addWebhook(url);
  }

  /** Takes our webhook back, also that of a run that ended without doing so. Others' stay. @throws ChannelError */
  private async unregister(timeoutMs?: number): Promise<void> {
    const url = Buffer.from((await this.context.store.load(HOOK)) ?? []).toString();
    if (url === '') return;
    for (const hook of await this.client.webhooks(timeoutMs))
      if (hook.url === url) await this.client.removeWebhook(hook.id, timeoutMs);
    await this.context.store.save(HOOK, new Uint8Array());
  }
}

function accountOf({ detected_imessage: own, detected_icloud: cloud }: ServerInfo): ConnectedAccount {
  const account = normalHandle(own ?? '') || normalHandle(cloud ?? '');
  if (account !== '') return { account, name: account, isBot: null };
  throw new ChannelError(
    'fatal',
    'No Apple account is signed in to Messages on the Mac, so the agent would be nobody. Sign in there, and connect again.',
  );
}

export const createAdapter: AdapterFactory = (context) => new BlueBubblesAdapter(context);
