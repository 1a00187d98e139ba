import { domainToASCII, domainToUnicode } from 'node:url';

/** Characters of an identity or a conversation; the gateway takes ids of up to 512. */
const ID_CAP = 480;
/** People of one conversation by mail, ourselves not counted. More is a mailing, not a talk. */
const MOST_PEOPLE = 20;
/** RFC 5321, 4.5.3.1: octets of a local part and of a domain. */
const LOCAL_CAP = 64;
const DOMAIN_CAP = 253;
/** Unquoted local parts (RFC 5322 dot-atom) of ASCII. Quoted ones exist on paper, and in attacks. */
const LOCAL = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*$/;

/**
 * An address as it is compared: all of it in lower case, the domain in its ASCII form. Undefined for what is not one.
 * The standard lets a server tell `Ann@` from `ann@`, but none in use does, and DMARC vouches for the domain alone;
 * so both are one person, and nobody is locked out by a capital. Dots and `+tags` stay: they are other addresses.
 */
export function normalAddress(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  if (at < 1) return undefined;
  const local = text.slice(0, at).toLowerCase();
  const domain = normalDomain(text.slice(at + 1));
  if (domain === undefined || local.length > LOCAL_CAP || !LOCAL.test(local)) return undefined;
  return `${local}@${domain}`;
}

/** In lower case and ASCII (`xn--…`), without a dot at the end. Undefined for what no mail domain can be. */
export function normalDomain(text: string): string | undefined {
  const domain = domainToASCII(text.trim().replace(/\.$/, '').toLowerCase());
  return domain.length <= DOMAIN_CAP && DOMAIN.test(domain) ? domain : undefined;
}

/** Of an address that is normal. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** As people read it: `xn--bcher-kva.example` is `bücher.example`. */
export function readableDomain(domain: string): string {
  return domainToUnicode(domain) || domain;
}

/** True for `us`, and for `us` with a tag: `bot+build@…` lands in the mailbox of `bot@…`. */
export function isOurs(address: string, us: string): boolean {
  const tag = address.indexOf('+');
  return (
    address === us || (tag > 0 && `${address.slice(0, tag)}${address.slice(address.lastIndexOf('@'))}` === us)
  );
}

/**
 * The conversation of these people: their addresses, sorted, joined by commas. It names everyone who reads along, so
 * with one more person it is another conversation, which must be let in anew. Undefined when there are too many.
 */
export function conversationOf(people: Iterable<string>): string | undefined {
  const all = [...new Set(people)].sort();
  const text = all.join(',');
  return all.length >= 1 && all.length <= MOST_PEOPLE && text.length <= ID_CAP ? text : undefined;
}

/** The people of a conversation, to be written to. Undefined for what `conversationOf` never made. */
export function recipientsOf(conversation: string): readonly string[] | undefined {
  const people = conversation.split(',');
  return people.every((address) => normalAddress(address) === address) &&
    conversationOf(people) === conversation
    ? people
    : undefined;
}
