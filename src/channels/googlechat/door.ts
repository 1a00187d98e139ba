import { type AdapterContext, ChannelError } from '../contract';
import { Doorway, JSON_CALLS, reachHint } from '../doorway';
import { strictJsonFrom } from '../json';
import { RemoteKeys, type TokenRule, type TokenVerdict, verifyBearer } from '../jwt';
import type { Receiver } from '../reception';
import type { WebhookAnswer, WebhookRequest } from '../webhook-contract';
import { PLATFORM } from './client';
import type { GooglechatSettings } from './descriptor';
import { type ChatEvent, eventSchema, isOfOurs, organisationsOf, personOf } from './inbound';

/** https://developers.google.com/workspace/chat/verify-requests-from-chat */
const CHAT = 'chat@system.gserviceaccount.com';
const GOOGLE: readonly string[] = ['https://accounts.google.com', 'accounts.google.com'];
const KEYS = {
  'project-number': `/service_accounts/v1/jwk/${CHAT}`,
  'app-url': '/oauth2/v3/certs',
} as const;
/** Google delivers again for some minutes; names of messages are remembered for a day. Milliseconds. */
const REMEMBER_MS = 24 * 3_600_000;

/** Where Google calls. A call is believed by its token, and heard when its person is of a listed organisation. */
export class GooglechatDoor implements Receiver {
  private readonly keys: RemoteKeys;
  private readonly doorway: Doorway;

  constructor(
    context: AdapterContext,
    private readonly settings: GooglechatSettings,
    /** Resolves when it is on record. */
    private readonly take: (event: ChatEvent) => Promise<void>,
    onlineDetail: string,
  ) {
    this.keys = new RemoteKeys(
      context,
      PLATFORM,
      async () => `${settings.keysUrl}${KEYS[settings.audience]}`,
    );
    this.doorway = new Doorway(
      context,
      JSON_CALLS,
      (request) => this.answer(request),
      async (door) =>
        context.state('online', `${onlineDetail}${reachHint(door, PLATFORM, 'in the app’s configuration')}`),
    );
  }

  start(): Promise<void> {
    return this.doorway.start();
  }

  stop(): Promise<void> {
    return this.doorway.stop();
  }

  private async answer(request: WebhookRequest): Promise<WebhookAnswer> {
    const verdict = await this.prove(request);
    if (!verdict.ok) {
      // Without the keys nothing can be said about a call, so Google is to repeat it.
      return { status: verdict.reason === 'keys not to be had' ? 503 : 401, reason: verdict.reason };
    }
    const parsed = eventSchema.safeParse(strictJsonFrom(request.body));
    if (!parsed.success) return { status: 400, reason: 'not understood' };
    const event = parsed.data;
    const person = personOf(event);
    if (person && !isOfOurs(person, this.settings)) {
      const organisation = organisationsOf(person).join(', ').slice(0, 100) || 'no organisation';
      return { status: 403, reason: `organisation ${organisation}` };
    }
    const key = `${event.type} ${event.message?.name ?? ''} ${event.user?.name ?? ''} ${event.type === 'MESSAGE' ? '' : (event.eventTime ?? '')}`;
    if (event.message && !request.firstTime(key, REMEMBER_MS)) return { status: 200, reason: 'replay' };
    await this.take(event);
    // An empty object: no answer in the same breath. Replies are sent when they are there.
    return { status: 200, body: '{}', contentType: 'application/json', reason: 'accepted' };
  }

  private async prove({ headers, receivedAt }: WebhookRequest): Promise<TokenVerdict> {
    const byNumber = this.settings.audience === 'project-number';
    const rule: TokenRule = byNumber
      ? { issuers: [CHAT], audience: this.settings.projectNumber }
      : { issuers: GOOGLE, audience: this.doorway.url };
    const verdict = await verifyBearer(headers.authorization, this.keys, rule, receivedAt).catch(
      (error: unknown): TokenVerdict => {
        if (error instanceof ChannelError) return { ok: false, reason: 'keys not to be had' };
        throw error;
      },
    );
    if (!verdict.ok || byNumber) return verdict;
    // Google signs such tokens for every service account of the world: this one must be Chat's own.
    const { email, email_verified: verified } = verdict.claims;
    return email === CHAT && verified === true ? verdict : { ok: false, reason: 'token account' };
  }
}
