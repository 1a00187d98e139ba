import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api';
import type { Logger } from '../../engine/model/ports';
import { type AdapterContext, ChannelError } from '../contract';

/** Milliseconds that one call may take. */
const CALL_TIMEOUT_MS = 30_000;

/** Both kinds of token, so that neither is taken for the other. */
const TOKENS = {
  botToken: { form: /^xoxb-[A-Za-z0-9-]{10,250}$/, label: 'bot token (xoxb-…)' },
  appToken: { form: /^xapp-[A-Za-z0-9-]{10,250}$/, label: 'app-level token (xapp-…)' },
} as const;

export type TokenName = keyof typeof TOKENS;

/**
 * A fetch that puts the token into the request at the moment it is sent, below Slack's own library, so no object,
 * error or log of that holds it.
 */
export function authorisedFetch(context: AdapterContext, name: TokenName): typeof fetch {
  return async (input, init) => {
    const token = await context.secret(name);
    const { form, label } = TOKENS[name];
    if (token === undefined || !form.test(token)) {
      throw new ChannelError(
        'fatal',
        `Slack has no usable ${label}. Enter it with “Enter Token…” in the Channels view.`,
      );
    }
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return context.fetch(input, { ...init, headers });
  };
}

export function clientOptions(apiRoot: string, send: typeof fetch): WebClientOptions {
  return {
    slackApiUrl: `${apiRoot}/`,
    fetch: send,
    timeout: CALL_TIMEOUT_MS,
    // Trying again is the outbox's and the connection's own business.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
  };
}

export function webClient(context: AdapterContext, apiRoot: string): WebClient {
  return new WebClient(undefined, {
    ...clientOptions(apiRoot, authorisedFetch(context, 'botToken')),
    logger: quietLogger(context.log),
  });
}

/** Slack's libraries log whole requests and messages; of theirs only that there was a warning is kept. */
export function quietLogger(log: Logger): NonNullable<WebClientOptions['logger']> {
  const nothing = () => {};
  type Level = ReturnType<NonNullable<WebClientOptions['logger']>['getLevel']>;
  const level: unknown = 'warn';
  return {
    debug: nothing,
    info: nothing,
    warn: () => log.debug('Slack’s library gave a warning.'),
    error: () => log.debug('Slack’s library reported an error.'),
    setLevel: nothing,
    getLevel: () => level as Level,
    setName: nothing,
  };
}

/** The token or the app is no good, and stays so until a person acts. https://docs.slack.dev/reference/methods/auth.test */
const FATAL: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'no_permission',
  'not_allowed_token_type',
  'org_login_required',
  'ekm_access_denied',
  'team_access_not_granted',
  'user_removed_from_team',
  'team_disabled',
  'access_denied',
]);
const PASSING: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'accesslimited',
]);

/** Any failure of a call as the one error that adapters throw. `label` names the token that was used. */
export function toChannelError(error: unknown, label: string = TOKENS.botToken.label): ChannelError {
  if (error instanceof ChannelError) return error;
  if (error instanceof WebAPIRateLimitedError) {
    return new ChannelError(
      'rate-limited',
      `Slack asks to wait ${error.retryAfter} s.`,
      error.retryAfter * 1000,
    );
  }
  if (error instanceof WebAPIPlatformError) return fromAnswer(error.data, label);
  if (error instanceof WebAPIHTTPError) {
    return new ChannelError('temporary', `Slack answered with error ${error.statusCode}. It is tried again.`);
  }
  if (error instanceof WebAPIRequestError) {
    if (error.original instanceof ChannelError) return error.original;
    return new ChannelError(
      'temporary',
      'Slack cannot be reached. Check the network connection; it is tried again by itself.',
    );
  }
  return new ChannelError('temporary', 'The call to Slack failed for an unknown reason. It is tried again.');
}

/** `needed` may be empty, where Slack does not say which one it is. */
export function missingScope(needed: string): ChannelError {
  return new ChannelError(
    'fatal',
    `The app lacks a permission at Slack${needed ? `: ${needed}` : ''}. Add it under OAuth & Permissions and install the app again.`,
  );
}

function fromAnswer(data: WebAPIPlatformError['data'], label: string): ChannelError {
  // What is not a code is an answer that was not understood, an error page for instance.
  const code = /^[a-z0-9_]{1,60}$/.test(data.error) ? data.error : '';
  if (code === '' || PASSING.has(code)) {
    return new ChannelError(
      'temporary',
      `Slack has trouble at the moment${code ? ` (${code})` : ''}. It is tried again.`,
    );
  }
  if (code === 'ratelimited') return new ChannelError('rate-limited', 'Slack asks to wait a while.', 30_000);
  if (code === 'missing_scope') {
    const asked = 'needed' in data && typeof data.needed === 'string' ? data.needed : '';
    return missingScope(asked.replace(/[^a-z:.,_ ]/g, '').slice(0, 100));
  }
  if (FATAL.has(code)) {
    return new ChannelError(
      'fatal',
      `Slack refused the ${label}: it is wrong, was revoked, or belongs to another kind of app (${code}). Copy the current one from api.slack.com/apps and enter it again.`,
    );
  }
  if (code === 'not_in_channel' || code === 'channel_not_found') {
    return new ChannelError(
      'refused',
      `Slack did not deliver the message: the app is not in that channel (${code}).`,
    );
  }
  return new ChannelError('refused', `Slack did not take it (${code}).`);
}
