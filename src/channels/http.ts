import { type AdapterContext, ChannelError } from './contract';

/** Milliseconds that one call may take. */
const CALL_TIMEOUT_MS = 30_000;

export interface CallOptions {
  /** For sentences: `Mattermost`. */
  readonly platform: string;
  /** Milliseconds; 30 s when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** What the body of a “too many” says of the time to wait, in milliseconds, where the platform puts it there. */
  waitOf?(response: Response): Promise<number | undefined>;
  /** Looks first at an answer of “too many”: some platforms say so of what no waiting helps against. */
  tooMany?(response: Response): Promise<ChannelError | undefined>;
}

/**
 * One call of a platform's API. Trouble with the network, errors of the server and “too many” become the error that
 * adapters throw; every other answer is the caller's to judge.
 * @throws ChannelError `temporary` or `rate-limited`; `fatal` when the gate refuses the host
 */
export async function callPlatform(
  context: Pick<AdapterContext, 'fetch'>,
  address: string | URL,
  init: RequestInit,
  { platform, timeoutMs = CALL_TIMEOUT_MS, signal, waitOf, tooMany }: CallOptions,
): Promise<Response> {
  const late = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await context.fetch(address, {
      ...init,
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
  } catch (error) {
    if (error instanceof ChannelError) throw error;
    if (signal?.aborted) throw new ChannelError('temporary', `The call to ${platform} was given up.`);
    const code = systemCode(error);
    throw new ChannelError(
      'temporary',
      `${platform} cannot be reached${code ? ` (${code})` : ''}. Check the network connection; it is tried again by itself.`,
    );
  }
  if (response.status === 429) {
    const special = await tooMany?.(response.clone());
    if (special) throw special;
    const waitMs = retryAfterMs(response.headers) ?? (await waitOf?.(response)) ?? 5_000;
    throw new ChannelError('rate-limited', `${platform} asks to wait ${Math.ceil(waitMs / 1000)} s.`, waitMs);
  }
  if (response.status >= 500) {
    throw new ChannelError(
      'temporary',
      `${platform} answered with error ${response.status}. It is tried again.`,
    );
  }
  return response;
}

/** Milliseconds; `Retry-After` in seconds, or a date, as RFC 9110 has it. */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** The body as JSON; undefined when it is none. At most `capBytes`. */
export async function jsonOf(response: Response, capBytes = 10_000_000): Promise<unknown> {
  const bytes = await cappedBytes(response, capBytes).catch(() => undefined);
  if (!bytes) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The body, and no more of it than the cap. @throws RangeError when there is more */
export async function cappedBytes(response: Response, capBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > capBytes) {
      await reader.cancel();
      throw new RangeError(`more than ${capBytes} bytes`);
    }
    parts.push(value);
  }
  return Buffer.concat(parts);
}

/** The bytes of an attachment. @throws ChannelError `refused` when it is over the limit or not handed out */
export async function downloaded(
  response: Response,
  limitBytes: number,
  { platform, name }: { readonly platform: string; readonly name: string },
): Promise<Uint8Array> {
  if (!response.ok)
    throw new ChannelError('refused', `${platform} did not hand out “${name}” (${response.status}).`);
  try {
    return await cappedBytes(response, limitBytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ChannelError('refused', `“${name}” is larger than ${limitBytes} bytes, so it was not fetched.`);
  }
}

/** `ECONNREFUSED` and the like, from anywhere in the chain of causes. */
export function systemCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const code: unknown = 'code' in at ? at.code : undefined;
    if (typeof code === 'string' && /^[A-Z_]{2,40}$/.test(code)) return code;
  }
  return undefined;
}
