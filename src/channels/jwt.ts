import { decodeProtectedHeader, errors, importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from './contract';
import { callPlatform, jsonOf } from './http';

/** How far another machine's clock may be from ours, in seconds; Microsoft's and Google's own libraries allow five minutes. */
const SKEW_S = 300;
/** Keys are believed for so long without being fetched again, in milliseconds. */
const KEYS_FOR_MS = 24 * 3_600_000;
/** An unknown key is looked up at most so often, in milliseconds: anybody can name one. */
const LOOK_UP_EVERY_MS = 60_000;
const TOKEN_CAP = 16_384;

/** RSA keys of a key set: https://datatracker.ietf.org/doc/html/rfc7517 */
const keySet = z.looseObject({
  keys: z.array(
    z.looseObject({
      kid: z.string(),
      kty: z.string(),
      n: z.string().optional(),
      e: z.string().optional(),
      use: z.string().optional(),
      /** Microsoft's: the channels for which this key may speak. */
      endorsements: z.array(z.string()).optional(),
    }),
  ),
});
export type SigningKey = z.output<typeof keySet>['keys'][number];

/**
 * The public keys of a platform, fetched when they are first needed, once a day, and when a token names one that is
 * not among them. When they cannot be had nothing is believed.
 */
export class RemoteKeys {
  private keys: readonly SigningKey[] = [];
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  private fetching: Promise<void> | undefined;

  constructor(
    private readonly context: Pick<AdapterContext, 'fetch' | 'clock'>,
    private readonly platform: string,
    /** The address of the key set, which may itself have to be asked for. @throws ChannelError */
    private readonly address: () => Promise<string>,
  ) {}

  /** Undefined when there is no such key. @throws ChannelError when the keys cannot be had */
  async find(kid: string): Promise<SigningKey | undefined> {
    const now = this.context.clock.now();
    const old = now - this.fetchedAt > KEYS_FOR_MS;
    const known = this.keys.find((key) => key.kid === kid);
    if (known && !old) return known;
    if (old || now - this.triedAt >= LOOK_UP_EVERY_MS) {
      this.fetching ??= this.load().finally(() => {
        this.fetching = undefined;
      });
      await this.fetching;
    }
    return this.keys.find((key) => key.kid === kid);
  }

  private async load(): Promise<void> {
    this.triedAt = this.context.clock.now();
    const response = await callPlatform(this.context, await this.address(), {}, { platform: this.platform });
    const parsed = keySet.safeParse(await jsonOf(response, 1_000_000));
    if (!parsed.success)
      throw new ChannelError('temporary', `The keys of ${this.platform} were not understood.`);
    this.keys = parsed.data.keys;
    this.fetchedAt = this.context.clock.now();
  }
}

/** What a token must say. */
export interface TokenRule {
  readonly issuers: readonly string[];
  readonly audience: string;
}

export type TokenVerdict =
  | { readonly ok: true; readonly claims: JWTPayload; readonly key: SigningKey }
  /** A word for the access log. */
  | { readonly ok: false; readonly reason: string };

/**
 * Verifies the bearer token of a request: RS256 by one of the keys, issuer, audience and times. `now` in milliseconds.
 * @throws ChannelError when the keys cannot be had: nothing can be believed then
 */
export async function verifyBearer(
  authorization: string | undefined,
  keys: RemoteKeys,
  rule: TokenRule,
  now: number,
): Promise<TokenVerdict> {
  const refuse = (reason: string): TokenVerdict => ({ ok: false, reason });
  const token = /^Bearer ([\w.-]+)$/.exec(authorization ?? '')?.[1];
  if (token === undefined) return refuse('no token');
  if (token.length > TOKEN_CAP) return refuse('token too long');
  let kid: unknown;
  try {
    const header = decodeProtectedHeader(token);
    // The algorithm is ours to choose: `none`, or a public key used as a secret, are not it.
    if (header.alg !== 'RS256') return refuse('token algorithm');
    kid = header.kid;
  } catch {
    return refuse('token not understood');
  }
  if (typeof kid !== 'string') return refuse('token key');
  const key = await keys.find(kid);
  if (key?.kty !== 'RSA' || (key.use !== undefined && key.use !== 'sig')) return refuse('token key');
  try {
    const { payload } = await jwtVerify(token, await imported(key), {
      algorithms: ['RS256'],
      issuer: [...rule.issuers],
      audience: rule.audience,
      clockTolerance: SKEW_S,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'iss', 'aud'],
    });
    if (payload.iat !== undefined && payload.iat > now / 1000 + SKEW_S)
      return refuse('token from the future');
    return { ok: true, claims: payload, key };
  } catch (error) {
    return refuse(whyRefused(error));
  }
}

type Imported = Awaited<ReturnType<typeof importJWK>>;

/** Keys as the crypto library has them: importing one costs more than verifying by it. */
const ready = new WeakMap<SigningKey, Promise<Imported>>();

function imported(key: SigningKey): Promise<Imported> {
  const known = ready.get(key);
  if (known) return known;
  const importing = importJWK(key as JWK, 'RS256');
  ready.set(key, importing);
  return importing;
}

function whyRefused(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'token expired';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'token signature';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'token audience';
    if (error.claim === 'iss') return 'token issuer';
    if (error.claim === 'nbf') return 'token from the future';
    return `token claim ${error.claim}`;
  }
  return 'token not understood';
}
