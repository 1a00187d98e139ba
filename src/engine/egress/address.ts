import { isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * What an address leads to. `private`: a network of one's own, unique local addresses and the carrier's shared
 * range. `link-local`: the own cable, where clouds answer with credentials. `special`: nobody's, everybody's, or
 * kept for documents.
 */
export type AddressKind = 'public' | 'loopback' | 'private' | 'link-local' | 'special';

type Range = readonly [prefix: string, bits: number, kind: AddressKind];

/** The IANA registries of special-purpose addresses (RFC 6890 and its updates). The first that matches counts. */
const RANGES_4: readonly Range[] = [
  ['127.0.0.0', 8, 'loopback'],
  ['10.0.0.0', 8, 'private'],
  ['172.16.0.0', 12, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['100.64.0.0', 10, 'private'],
  ['169.254.0.0', 16, 'link-local'],
  ['0.0.0.0', 8, 'special'],
  ['192.0.0.0', 24, 'special'],
  ['192.0.2.0', 24, 'special'],
  ['192.88.99.0', 24, 'special'],
  ['198.18.0.0', 15, 'special'],
  ['198.51.100.0', 24, 'special'],
  ['203.0.113.0', 24, 'special'],
  ['224.0.0.0', 3, 'special'],
];

const RANGES_6: readonly Range[] = [
  ['::1', 128, 'loopback'],
  ['fc00::', 7, 'private'],
  ['fec0::', 10, 'private'],
  ['fe80::', 10, 'link-local'],
  ['2001:db8::', 32, 'special'],
  ['2001::', 23, 'special'],
  ['3fff::', 20, 'special'],
  ['100::', 64, 'special'],
  ['64:ff9b:1::', 48, 'special'],
];

/** Prefixes after which an IPv4 address stands, and after how many bits: mapped, translated, 6to4. */
const CARRYING_4: readonly (readonly [prefix: string, bits: number, at: number])[] = [
  ['::ffff:0:0', 96, 96],
  ['::ffff:0:0:0', 96, 96],
  ['64:ff9b::', 96, 96],
  ['2002::', 16, 16],
];

/** @throws RangeError when it is no address. */
export function addressKind(address: string): AddressKind {
  const plain = address.replace(/%.*$/, '');
  if (isIPv4(plain)) return kindIn(bits4(plain), 32, RANGES_4, bits4) ?? 'public';
  if (!isIPv6(plain)) throw new RangeError(`not an address: ${address}`);
  const bits = bits6(plain);
  for (const [prefix, length, at] of CARRYING_4) {
    if (!startsWith(bits, bits6(prefix), length, 128)) continue;
    const inner = (bits >> BigInt(96 - at)) & 0xffffffffn;
    return kindIn(inner, 32, RANGES_4, bits4) ?? 'public';
  }
  // Only 2000::/3 has been given to anyone (RFC 4291); what is not known is not public.
  return kindIn(bits, 128, RANGES_6, bits6) ?? (bits >> 125n === 1n ? 'public' : 'special');
}

/** True for a host that is written as an address, as the `URL` class leaves it. */
export function isAddress(host: string): boolean {
  return isIP(host.replace(/%.*$/, '')) !== 0;
}

function kindIn(
  bits: bigint,
  width: number,
  ranges: readonly Range[],
  read: (text: string) => bigint,
): AddressKind | undefined {
  return ranges.find(([prefix, length]) => startsWith(bits, read(prefix), length, width))?.[2];
}

function startsWith(bits: bigint, prefix: bigint, length: number, width: number): boolean {
  return bits >> BigInt(width - length) === prefix >> BigInt(width - length);
}

function bits4(text: string): bigint {
  return text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(Number(part)), 0n);
}

function bits6(text: string): bigint {
  const [, front = '', dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  if (dotted !== undefined) return bits6(`${front}0:0`) | bits4(dotted);
  const [head = '', tail] = text.split('::');
  const groups = (half: string) => (half === '' ? [] : half.split(':'));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
