import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { screenText } from '../gateway/screen';
import { readableDomain } from './addresses';
import { looksLike } from './look-alike';

/** A place that a text leads to. */
export interface Link {
  /** In ASCII, as it is looked up. */
  readonly host: string;
  /** What is odd about it, as short phrases; empty for a plain one. */
  readonly warnings: readonly string[];
}

/** What mail programs make a link of. */
const ADDRESS = /(?:https?:\/\/|www\.)[^\s<>"'`|\\^{}]+/gi;
const MOST_LINKS = 50;

/** Where the text leads, each host once. `known` are domains that others may try to look like. */
export function linksIn(text: string, known: Iterable<string>): readonly Link[] {
  const trusted = [...known];
  const found = new Map<string, Set<string>>();
  for (const [match] of text.matchAll(ADDRESS)) {
    const address = match.replace(/[.,;:!?)\]]+$/, '');
    const whole = /^www\./i.test(address) ? `http://${address}` : address;
    if (!URL.canParse(whole)) continue;
    const { hostname, username, password } = new URL(whole);
    if (found.size >= MOST_LINKS && !found.has(hostname)) break;
    const warnings = found.get(hostname) ?? new Set<string>();
    found.set(hostname, warnings);
    if (username || password) warnings.add('another name stands before its “@”');
    for (const warning of oddities(hostname, whole, trusted)) warnings.add(warning);
  }
  return [...found].map(([host, warnings]) => ({ host, warnings: [...warnings] }));
}

function oddities(host: string, address: string, trusted: readonly string[]): readonly string[] {
  const result: string[] = [];
  if (isIP(host.replace(/^\[|\]$/g, ''))) result.push('a number instead of a name');
  const ascii = domainToASCII(host);
  if (/(?:^|\.)xn--/.test(ascii)) result.push(`written with other letters: ${readableDomain(ascii)}`);
  const like = looksLike(host, trusted);
  if (like) result.push(`looks like ${like} and is not`);
  const screened = screenText(address, 100_000);
  if (screened.kind === 'refused' || screened.marks.length > 0)
    result.push('has characters that are not seen');
  return result;
}
