import { isIP } from 'node:net';
import { dkimVerify } from 'mailauth/lib/dkim/verify';
import { dmarc } from 'mailauth/lib/dmarc';
import { spf } from 'mailauth/lib/spf';
import { domainOf, normalAddress, normalDomain } from './addresses';
import type { HeaderFields } from './headers';
import type { Lookup } from './resolver';

/** Who wrote a message, as far as it can be proved. */
export type Proof =
  | {
      readonly kind: 'proven';
      /** What the aligned signature is known by, wherever its message turns up again; absent when SPF proved it. */
      readonly signature?: string;
      /** Whether it also covers who the message was meant for. */
      readonly coversRecipients: boolean;
    }
  /** `why` is for the log and the owner: one of a few fixed texts. */
  | { readonly kind: 'unproven'; readonly why: string }
  /** DNS did not answer; it may later. */
  | { readonly kind: 'unclear' };

/** RFC 8301: shorter keys can be broken. */
const LEAST_KEY_BITS = 1024;
const ALGORITHMS: ReadonlySet<string> = new Set(['rsa-sha256', 'ed25519-sha256']);
/** A signature that leaves these out could be put on another request, or used for ever. */
const COVERED = ['from', 'subject', 'date'];
/** Each costs look-ups. */
const MOST_SIGNATURES = 8;
/** A sender's clock may be ahead of ours. */
const SKEW_MS = 5 * 60_000;

export interface ProofQuestion {
  readonly source: Buffer;
  readonly head: HeaderFields;
  /** The normalised From address. */
  readonly from: string;
  /** The name by which the receiving server signs its Received line; SPF counts only with one. */
  readonly receivedBy: string;
  readonly now: number;
  readonly lookup: Lookup;
}

/**
 * Computes DKIM, SPF and DMARC here. What the message says of its own authentication (Authentication-Results,
 * Received-SPF, ARC) is not looked at: whoever sends a message can write such lines.
 * Proven means that the From domain publishes a DMARC policy and an aligned signature or SPF check passes.
 */
export async function prove({ source, head, from, receivedBy, now, lookup }: ProofQuestion): Promise<Proof> {
  const unproven = (why: string): Proof => ({ kind: 'unproven', why });
  if (head.all('dkim-signature').length > MOST_SIGNATURES) return unproven('too many signatures');
  let unclear = false;
  const resolver: Lookup = (name, type) =>
    lookup(name, type).catch((error: unknown) => {
      if (!isAbsent(error)) unclear = true;
      throw error;
    });
  const { headerFrom, results } = await dkimVerify(source, {
    resolver,
    minBitLength: LEAST_KEY_BITS,
    curTime: new Date(now + SKEW_MS),
  });
  // Two programs that read From differently are how one sender is taken for another.
  if (headerFrom.length !== 1 || normalAddress(headerFrom[0] ?? '') !== from)
    return unproven('From is ambiguous');
  const own = head.all('dkim-signature').map((value) => value.replace(/\s+/g, ''));
  const signatures = results.filter((one) => {
    const covered = coverage(one.signingHeaders?.keys ?? '');
    // Seals of forwarders (ARC) are among the results, and say nothing about From.
    const bytes = (one.signature ?? '').replace(/\s+/g, '');
    return (
      bytes !== '' &&
      own.some((value) => value.includes(`b=${bytes}`)) &&
      one.status.result === 'pass' &&
      ALGORITHMS.has((one.algo ?? '').toLowerCase()) &&
      !one.canonBodyLengthLimited &&
      one.signatureTimeValid &&
      !isOnTrial(one.rr ?? '') &&
      COVERED.every((name) => covered.has(name))
    );
  });
  const spfDomain = await spfPass(head, receivedBy, resolver);
  const policy = (domain: string, by: 'dkim' | 'spf') => alignment(from, domain, by, resolver);
  for (const one of signatures) {
    if ((await policy(one.signingDomain, 'dkim')) !== 'aligned') continue;
    const covered = coverage(one.signingHeaders?.keys ?? '');
    const coversRecipients = ['to', 'cc'].every((name) => !head.has(name) || covered.has(name));
    return { kind: 'proven', signature: one.id, coversRecipients };
  }
  if (spfDomain && (await policy(spfDomain, 'spf')) === 'aligned')
    return { kind: 'proven', coversRecipients: true };
  // Asked about no domain at all, it says whether there is a policy.
  const published = await policy('', 'dkim');
  if (unclear) return { kind: 'unclear' };
  if (published === 'no policy') return unproven('the domain has no DMARC record');
  return unproven(
    head.has('dkim-signature') ? 'no signature of its domain is good' : 'it is not signed by its domain',
  );
}

/**
 * Whether what this one domain has vouched for counts for the From domain. Domains are asked about one by one, since
 * mailauth does not say which of several made it pass.
 */
async function alignment(
  from: string,
  domain: string,
  by: 'dkim' | 'spf',
  resolver: Lookup,
): Promise<'aligned' | 'not aligned' | 'no policy'> {
  const verdict = await dmarc({
    headerFrom: from,
    dkimDomains: by === 'dkim' && domain !== '' ? [{ domain }] : [],
    spfDomains: by === 'spf' ? [domain] : [],
    resolver,
  });
  if (!verdict || verdict.status.result === 'none') return 'no policy';
  if (verdict.status.result !== 'pass') return 'not aligned';
  // mailauth takes a parent domain for aligned in strict mode too.
  if (verdict.alignment?.[by].strict && normalDomain(domain) !== domainOf(from)) return 'not aligned';
  return 'aligned';
}

function coverage(keys: string): ReadonlySet<string> {
  return new Set(keys.split(':').map((key) => key.trim().toLowerCase()));
}

/** `t=y`: the domain is trying signatures out, and wants them taken for none (RFC 6376, 3.6.1). */
function isOnTrial(record: string): boolean {
  const flags = /(?:^|;)t=([^;]*)/i.exec(record)?.[1] ?? '';
  return flags.toLowerCase().split(':').includes('y');
}

function isAbsent(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EBADNAME';
}

/**
 * The domain of the envelope's sender, when the server that handed the message to ours may send for it. Which one
 * that was stands in the Received line of our server, and only that line can be believed: it must be the first with a
 * client, be written by `receivedBy`, and come with exactly one Return-Path.
 */
async function spfPass(
  head: HeaderFields,
  receivedBy: string,
  resolver: Lookup,
): Promise<string | undefined> {
  if (receivedBy === '') return undefined;
  const hop = head.all('received').find((line) => /^from\s/i.test(line));
  const found = /^from\s+(\S+)\s+\((.*?)\)\s+by\s+(\S+)\s/i.exec(hop ?? '');
  const ip = /\[(?:IPv6:)?([0-9a-f.:]+)\]/i.exec(found?.[2] ?? '')?.[1] ?? '';
  if (!found || found[3]?.toLowerCase() !== receivedBy.toLowerCase() || isIP(ip) === 0) return undefined;
  const paths = head.all('return-path');
  const sender = normalAddress((paths[0] ?? '').replace(/[<>\s]/g, ''));
  if (paths.length !== 1 || sender === undefined) return undefined;
  const result = await spf({ sender, ip, helo: found[1] ?? '', mta: receivedBy, resolver });
  return result !== false && result.status.result === 'pass' ? domainOf(sender) : undefined;
}
