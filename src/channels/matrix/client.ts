import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import { refusalAnswer } from './wire';

export const PLATFORM = 'Matrix';

/** Bytes of one answer of `/sync`; a first one has the members of all rooms in it. */
const ANSWER_CAP = 50_000_000;

export interface MatrixCall {
  readonly signal?: AbortSignal;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Instead of a JSON body. */
  readonly bytes?: { readonly type: string; readonly data: Uint8Array };
  /** Milliseconds; 30 s when absent. */
  readonly timeoutMs?: number;
}

const refreshed = z.looseObject({ access_token: z.string().min(1), refresh_token: z.string().optional() });

/** Errors after which nothing passes until a person acts. */
const ENDED: ReadonlySet<string> = new Set([
  'M_UNKNOWN_TOKEN',
  'M_MISSING_TOKEN',
  'M_USER_DEACTIVATED',
  'M_USER_LOCKED',
]);

/**
 * The client-server API of one homeserver. The access token is put in when a request is sent. Where the homeserver
 * lets tokens expire and gave a refresh token, an expired one is renewed once, whoever notices it first.
 * https://spec.matrix.org/v1.11/client-server-api/#refreshing-access-tokens
 */
export class MatrixClient {
  private refreshing: Promise<boolean> | undefined;

  constructor(
    private readonly context: Pick<AdapterContext, 'fetch' | 'secret' | 'renewSecret'>,
    private readonly serverUrl: string,
  ) {}

  /** The answer as JSON; undefined when it is none. @throws ChannelError */
  async json(method: string, path: string, call: MatrixCall = {}): Promise<unknown> {
    return jsonOf(await this.call(method, path, call), ANSWER_CAP);
  }

  /** What `schema` makes of the answer. @throws ChannelError `temporary` also for what is not of the protocol */
  async read<T>(
    schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
    method: string,
    path: string,
    call: MatrixCall = {},
  ): Promise<T> {
    const parsed = schema.safeParse(await this.json(method, path, call));
    if (parsed.success) return parsed.data;
    throw new ChannelError(
      'temporary',
      'What answers at the address of the homeserver does not speak Matrix. Check “cowork.channels.matrix.homeserver”; it is tried again.',
    );
  }

  /** @throws ChannelError `fatal` when the session is over, `refused` for what else is not taken */
  async call(method: string, path: string, call: MatrixCall = {}): Promise<Response> {
    const token = await this.token();
    const first = await this.request(method, path, call, token);
    if (first.ok) return first;
    const refusal = refusalAnswer.parse(await jsonOf(first, 100_000));
    // Only an expired session may go on: any other refusal of the token means that it was ended.
    if (first.status === 401 && refusal.errcode === 'M_UNKNOWN_TOKEN' && refusal.soft_logout === true) {
      if (await this.refresh(token, call.signal)) {
        const second = await this.request(method, path, call, await this.token());
        if (second.ok) return second;
        throw refused(second.status, refusalAnswer.parse(await jsonOf(second, 100_000)));
      }
    }
    throw refused(first.status, refusal);
  }

  /** A question that needs no token: what the homeserver tells everybody. Any status. @throws ChannelError */
  ask(path: string, signal: AbortSignal): Promise<Response> {
    return callPlatform(this.context, `${this.serverUrl}${path}`, { method: 'GET' }, { ...COMMON, signal });
  }

  private async token(): Promise<string> {
    const token = await this.context.secret('accessToken');
    if (token && /^[\x21-\x7e]{8,4096}$/.test(token)) return token;
    throw new ChannelError(
      'fatal',
      'Matrix has no usable access token. Enter it with “Enter Token…” in the Channels view.',
    );
  }

  private request(
    method: string,
    path: string,
    call: MatrixCall,
    token: string | undefined,
  ): Promise<Response> {
    const { signal, query, body, bytes, timeoutMs } = call;
    const address = new URL(`${this.serverUrl}/_matrix/${path}`);
    for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value);
    const type = bytes ? bytes.type : body === undefined ? undefined : 'application/json';
    return callPlatform(
      this.context,
      address,
      {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(type === undefined ? {} : { 'content-type': type }),
        },
        ...(bytes
          ? { body: Buffer.from(bytes.data) }
          : body === undefined
            ? {}
            : { body: JSON.stringify(body) }),
      },
      { ...COMMON, ...(signal ? { signal } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    );
  }

  /** False when there is nothing to renew it with. @throws ChannelError */
  private async refresh(expired: string, signal: AbortSignal | undefined): Promise<boolean> {
    // Another call may have renewed it while this one was under way.
    if ((await this.context.secret('accessToken')) !== expired) return true;
    this.refreshing ??= this.renew(signal).finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async renew(signal: AbortSignal | undefined): Promise<boolean> {
    const refreshToken = await this.context.secret('refreshToken');
    if (!refreshToken) return false;
    const response = await this.request(
      'POST',
      'client/v3/refresh',
      { body: { refresh_token: refreshToken }, ...(signal ? { signal } : {}) },
      undefined,
    );
    const answer = await jsonOf(response, 100_000);
    if (!response.ok) throw refused(response.status, refusalAnswer.parse(answer));
    const parsed = refreshed.safeParse(answer);
    if (!parsed.success) throw new ChannelError('temporary', 'Matrix did not renew the token as it should.');
    // The old refresh token is good until the new access token is used, so nothing is lost between these two.
    if (parsed.data.refresh_token !== undefined)
      await this.context.renewSecret('refreshToken', parsed.data.refresh_token);
    await this.context.renewSecret('accessToken', parsed.data.access_token);
    return true;
  }
}

const COMMON = {
  platform: PLATFORM,
  // https://spec.matrix.org/v1.11/client-server-api/#rate-limiting
  waitOf: async (response: Response) => refusalAnswer.parse(await jsonOf(response, 100_000)).retry_after_ms,
} as const;

function refused(status: number, { errcode, error }: z.output<typeof refusalAnswer>): ChannelError {
  if (status === 401 || ENDED.has(errcode)) {
    return new ChannelError(
      'fatal',
      'The homeserver refused the access token: it is wrong, was revoked, or has expired and cannot be renewed. Log the bot in again and enter its new token.',
    );
  }
  const code = /^[A-Z0-9_.]{1,60}$/i.test(errcode) ? `, ${errcode}` : '';
  return new ChannelError(
    'refused',
    `The homeserver did not take it (${status}${code})${error ? `: ${error.slice(0, 200)}` : ''}.`,
  );
}
