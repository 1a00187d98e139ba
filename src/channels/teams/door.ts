import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { Doorway, JSON_CALLS, reachHint } from '../doorway';
import { callPlatform, jsonOf } from '../http';
import { strictJsonFrom } from '../json';
import { RemoteKeys, verifyBearer } from '../jwt';
import type { Receiver } from '../reception';
import type { WebhookAnswer, WebhookRequest } from '../webhook-contract';
import { PLATFORM } from './client';
import type { TeamsSettings } from './descriptor';
import { type Activity, activitySchema, isTenantAllowed, tenantOf } from './inbound';

/** https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#connector-to-bot */
const ISSUER = 'https://api.botframework.com';
const CHANNEL = 'msteams';
/** Teams delivers again for some minutes; ids are remembered for a day. Milliseconds. */
const REMEMBER_MS = 24 * 3_600_000;

const metadata = z.looseObject({ jwks_uri: z.string() });

/** Where Teams calls. A call is believed by its token, its service and its tenant, in this order. */
export class TeamsDoor implements Receiver {
  private readonly keys: RemoteKeys;
  private readonly doorway: Doorway;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: TeamsSettings,
    /** Resolves when it is on record. */
    private readonly take: (activity: Activity) => Promise<void>,
    onlineDetail: string,
  ) {
    this.keys = new RemoteKeys(context, PLATFORM, () => this.keyAddress());
    this.doorway = new Doorway(
      context,
      JSON_CALLS,
      (request) => this.answer(request),
      async (door) =>
        context.state('online', `${onlineDetail}${reachHint(door, PLATFORM, 'as the messaging endpoint')}`),
    );
  }

  start(): Promise<void> {
    return this.doorway.start();
  }

  stop(): Promise<void> {
    return this.doorway.stop();
  }

  /** The key set must be where the metadata is: anything else would be somebody else's keys. */
  private async keyAddress(): Promise<string> {
    const { metadataUrl } = this.settings;
    const response = await callPlatform(this.context, metadataUrl, {}, { platform: PLATFORM });
    const parsed = metadata.safeParse(await jsonOf(response, 100_000));
    if (!parsed.success || !URL.canParse(parsed.data.jwks_uri))
      throw new ChannelError('temporary', 'What Microsoft says of its keys was not understood.');
    if (new URL(parsed.data.jwks_uri).host !== new URL(metadataUrl).host)
      throw new ChannelError('temporary', 'Microsoft named keys on another host, which are not believed.');
    return parsed.data.jwks_uri;
  }

  private async answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const { headers, body, receivedAt } = request;
    const rule = { issuers: [ISSUER], audience: this.settings.appId };
    const verdict = await verifyBearer(headers.authorization, this.keys, rule, receivedAt).catch(
      (error: unknown) => {
        if (error instanceof ChannelError) return { ok: false as const, reason: 'keys not to be had' };
        throw error;
      },
    );
    if (!verdict.ok) {
      // Without the keys nothing can be said about a call, so Teams is to repeat it.
      return { status: verdict.reason === 'keys not to be had' ? 503 : 401, reason: verdict.reason };
    }
    const activity = activitySchema.safeParse(strictJsonFrom(body));
    if (!activity.success) return { status: 400, reason: 'not understood' };
    const refusal = this.misplaced(activity.data, verdict);
    if (refusal !== undefined) return { status: 403, reason: refusal };
    const { id, conversation, type } = activity.data;
    if (id !== undefined && !request.firstTime(`${type} ${conversation.id} ${id}`, REMEMBER_MS))
      return { status: 200, reason: 'replay' };
    await this.take(activity.data);
    return { status: 200, reason: 'accepted' };
  }

  /** Why a call with a good token is not one of Teams for people that we hear. */
  private misplaced(
    activity: Activity,
    { claims, key }: { claims: Record<string, unknown>; key: { endorsements?: string[] | undefined } },
  ): string | undefined {
    if (activity.channelId !== CHANNEL) return 'channel';
    // Only keys that are endorsed for Teams may speak for it.
    if (!key.endorsements?.includes(CHANNEL)) return 'endorsement';
    const told = claims.serviceurl ?? claims.serviceUrl;
    if (typeof told !== 'string' || normal(told) !== normal(activity.serviceUrl)) return 'service address';
    if (!isOurService(activity.serviceUrl, this.settings.serviceUrl)) return 'service address';
    return isTenantAllowed(tenantOf(activity), this.settings) ? undefined : 'tenant';
  }
}

function normal(address: string): string {
  return address.replace(/\/+$/, '').toLowerCase();
}

/** The same origin; regions are paths below it, such as `/emea/`. */
function isOurService(address: string, service: string): boolean {
  return URL.canParse(address) && new URL(address).origin === new URL(service).origin;
}
