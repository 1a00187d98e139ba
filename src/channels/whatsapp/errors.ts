import * as z from 'zod';
import { ChannelError } from '../contract';

/** https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes */
const graphError = z
  .looseObject({
    error: z.looseObject({
      code: z.number().default(0),
      message: z.string().default(''),
      error_data: z.looseObject({ details: z.string().default('') }).optional(),
    }),
  })
  .catch({ error: { code: -1, message: '' } });

/** Too many calls: of the app, of the business account, of the number, and to one person. */
const TOO_MANY: ReadonlyMap<number, number> = new Map([
  [4, 60_000],
  [80007, 60_000],
  [130429, 5_000],
  [131048, 300_000],
  [131056, 6_000],
]);
/** Trouble of Meta’s own, which passes. */
const PASSING: ReadonlySet<number> = new Set([1, 2, 131000, 131016, 133004, 131057]);
/** Nothing is sent until a person acts: rights, the account, policy. */
const STANDING: ReadonlySet<number> = new Set([3, 10, 368, 130497, 131005, 131031, 131042, 131045, 133010]);
const WINDOW_CLOSED = 131047;

/** A refusal of the Graph API as the one error that adapters throw. */
export function graphRefusal(status: number, body: unknown): ChannelError {
  const { code, message, error_data: data } = graphError.parse(body).error;
  if (code === 100 && /appsecret_proof/i.test(message)) {
    return new ChannelError(
      'fatal',
      'The app secret is not that of the app which the access token belongs to. Copy it from App settings, Basic, and enter it again.',
    );
  }
  if (code === 190 || code === 0 || (status === 401 && code < 0)) {
    return new ChannelError(
      'fatal',
      'Meta refused the access token: it is wrong, has expired or was revoked. Generate a new one for the system user and enter it again.',
    );
  }
  const waitMs = TOO_MANY.get(code);
  if (waitMs !== undefined)
    return new ChannelError('rate-limited', `WhatsApp asks to wait ${waitMs / 1000} s.`, waitMs);
  if (PASSING.has(code))
    return new ChannelError('temporary', `WhatsApp has trouble of its own (${code}). It is tried again.`);
  const said = describe(message, data?.details);
  if (STANDING.has(code) || (code >= 200 && code < 300)) {
    return new ChannelError(
      'fatal',
      `Meta lets this number send nothing (${code})${said}. Look at the account in WhatsApp Manager and at the rights of the system user.`,
    );
  }
  if (code === WINDOW_CLOSED) return new ChannelError('refused', WINDOW_SENTENCE);
  return new ChannelError('refused', `WhatsApp did not take it (${code < 0 ? status : code})${said}.`);
}

const WINDOW_SENTENCE =
  'WhatsApp did not deliver the message: the person wrote more than 24 hours ago, and until they write again only prepared templates are delivered.';

/** Why a message that was taken first was not delivered in the end. */
export function failedDelivery(code: number, title: string): string {
  return code === WINDOW_CLOSED
    ? WINDOW_SENTENCE
    : `WhatsApp did not deliver a message (${code})${describe(title)}.`;
}

function describe(message: string, details = ''): string {
  const said = (details || message).replace(/^\(#\d+\)\s*/, '').replace(/[.\s]+$/, '');
  return said === '' ? '' : `: ${said.slice(0, 200)}`;
}
