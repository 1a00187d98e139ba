import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import { callPlatform, jsonOf } from '../http';
import type { SignalSettings } from './descriptor';

/** For sentences. */
export const PLATFORM = 'Signal’s daemon';

/** An account id (ACI) as signal-cli writes it. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What signal-cli has of the answer to one call: https://github.com/AsamK/signal-cli (signal-cli-jsonrpc(5)) */
const answer = z.looseObject({
  result: z.unknown().optional(),
  error: z
    .looseObject({ code: z.number(), message: z.string().nullish(), data: z.unknown().optional() })
    .nullish()
    .catch(undefined),
});

/** One recipient's part of what became of a message. */
const outcome = z.looseObject({
  recipientAddress: z.looseObject({ uuid: z.string().nullish() }).nullish(),
  type: z.string(),
  retryAfterSeconds: z.number().nullish(),
});
export const sendResult = z.looseObject({
  timestamp: z.number().optional(),
  results: z.array(outcome).default([]),
});
export type SendResult = z.output<typeof sendResult>;

const accounts = z.array(z.looseObject({ number: z.string().nullish(), aci: z.string().nullish() }));
const statuses = z.array(z.looseObject({ uuid: z.string().nullish() }));

/** signal-cli's own codes, beside those of JSON-RPC 2.0: SignalJsonRpcCommandHandler in its source. */
const USER_ERROR = -1;
const IO_ERROR = -3;
const UNTRUSTED_KEY = -4;
const RATE_LIMIT = -5;
const NO_METHOD = -32_601;
const INVALID_PARAMS = -32_602;

/** What signal-cli refused, with its code. The message is fit for a person. */
class Refusal extends ChannelError {
  constructor(
    kind: ChannelError['kind'],
    message: string,
    readonly code: number,
    /** Of a sending that failed for some or all of its recipients. */
    readonly sent: SendResult | undefined,
    retryAfterMs?: number,
  ) {
    super(kind, message, retryAfterMs);
  }
}

/** People for whom a sending failed because their key is not the one that is trusted. */
export function untrustedIn(error: unknown): boolean {
  return (
    error instanceof Refusal &&
    (error.code === UNTRUSTED_KEY ||
      (error.sent?.results.some(({ type }) => type === 'IDENTITY_FAILURE') ?? false))
  );
}

export interface SignalAccount {
  readonly uuid: string;
  readonly number: string;
}

/** The daemon on this machine: JSON-RPC by HTTP. */
export class SignalClient {
  private lastId = 0;

  constructor(
    private readonly context: Pick<AdapterContext, 'fetch'>,
    private readonly settings: SignalSettings,
  ) {}

  get eventsUrl(): string {
    return `${this.settings.daemonUrl}/api/v1/events?account=${encodeURIComponent(this.settings.account)}`;
  }

  /**
   * The configured account with its id. A daemon that was started for one account alone has no list of accounts, and
   * an older one lists no ids: Signal is asked for it then.
   * @throws ChannelError `fatal` when the daemon does not have it
   */
  async account(signal?: AbortSignal): Promise<SignalAccount> {
    const wanted = this.settings.account;
    const found = accounts.safeParse(
      await this.call('listAccounts', {}, { ...(signal ? { signal } : {}), bare: true }).catch(
        (error: unknown) => {
          if (error instanceof Refusal && error.code === NO_METHOD) return [{ number: wanted }];
          throw error;
        },
      ),
    );
    if (!found.success) throw notSignal();
    const mine = found.data.find(({ number, aci }) => wanted === number || wanted === aci?.toLowerCase());
    if (!mine) throw noAccount();
    const uuid = (mine.aci ?? (await this.uuidOf(wanted, signal))).toLowerCase();
    if (!UUID.test(uuid)) throw notSignal();
    return { uuid, number: mine.number ?? '' };
  }

  /**
   * One call. `bare`: without the account, as for calls about the daemon itself.
   * @throws ChannelError
   */
  async call(
    method: string,
    params: Readonly<Record<string, unknown>>,
    { signal, bare, capBytes }: { signal?: AbortSignal; bare?: true; capBytes?: number } = {},
  ): Promise<unknown> {
    this.lastId += 1;
    const response = await callPlatform(
      this.context,
      `${this.settings.daemonUrl}/api/v1/rpc`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: String(this.lastId),
          method,
          params: bare ? params : { account: this.settings.account, ...params },
        }),
      },
      { platform: PLATFORM, ...(signal ? { signal } : {}) },
    );
    const parsed = answer.safeParse(await jsonOf(response, capBytes));
    if (!response.ok || !parsed.success) throw notSignal();
    const { error, result } = parsed.data;
    if (error) throw refusal(error.code, error.message ?? '', error.data);
    return result;
  }

  private async uuidOf(number: string, signal?: AbortSignal): Promise<string> {
    if (UUID.test(number)) return number;
    const found = statuses.safeParse(
      await this.call('getUserStatus', { recipient: [number] }, signal ? { signal } : {}),
    );
    return found.success ? (found.data[0]?.uuid ?? '') : '';
  }
}

function refusal(code: number, message: string, data: unknown): Refusal {
  const response = z.looseObject({ response: sendResult }).safeParse(data);
  const sent = response.success ? response.data.response : undefined;
  const said = message.slice(0, 200).replace(/\s+/g, ' ');
  const failure = sent && failureOf(sent);
  if (failure) return new Refusal(failure.kind, failure.message, code, sent, failure.retryAfterMs);
  switch (code) {
    case INVALID_PARAMS:
      if (/account/i.test(message)) return new Refusal('fatal', noAccount().message, code, sent);
      break;
    case IO_ERROR:
      return new Refusal('temporary', 'Signal’s daemon cannot reach Signal. It is tried again.', code, sent);
    case RATE_LIMIT:
      return new Refusal('rate-limited', 'Signal asks to wait.', code, sent, 60_000);
    case UNTRUSTED_KEY:
      return new Refusal('refused', UNTRUSTED, code, sent);
    case USER_ERROR:
    case NO_METHOD:
      break;
    default:
      return new Refusal('temporary', `Signal’s daemon failed (${code}). It is tried again.`, code, sent);
  }
  return new Refusal(
    'refused',
    `Signal’s daemon did not take it${said ? `: ${said}` : ` (${code})`}.`,
    code,
    sent,
  );
}

const UNTRUSTED =
  'Signal did not deliver it: the person’s safety number has changed. Compare it with them, trust it in signal-cli, and let them in again.';

/** Why a sending reached nobody; undefined when it reached somebody, or a group of nobody else. */
export function failureOf({ results }: SendResult): ChannelError | undefined {
  if (results.length === 0 || results.some(({ type }) => type === 'SUCCESS')) return undefined;
  const limited = results.find(({ type }) => type === 'RATE_LIMIT_FAILURE');
  if (limited) {
    const seconds = limited.retryAfterSeconds ?? 60;
    return new ChannelError('rate-limited', `Signal asks to wait ${seconds} s.`, seconds * 1000);
  }
  if (results.some(({ type }) => type === 'NETWORK_FAILURE'))
    return new ChannelError('temporary', 'Signal’s daemon cannot reach Signal. It is tried again.');
  if (results.some(({ type }) => type === 'IDENTITY_FAILURE')) return new ChannelError('refused', UNTRUSTED);
  return new ChannelError('refused', 'Signal did not deliver it: the person is not on Signal any more.');
}

function notSignal(): ChannelError {
  return new ChannelError(
    'temporary',
    'What answers at the address of signal-cli is not signal-cli. Check “cowork.channels.signal.daemonUrl”; it is tried again.',
  );
}

export function noAccount(): ChannelError {
  return new ChannelError(
    'fatal',
    'Signal’s daemon does not have the account that is set, or it was unregistered. Register or link it, check “cowork.channels.signal.account”, and connect again.',
  );
}
