import { domainOf, readableDomain } from './addresses';

/**
 * Letters of other scripts that are drawn like a Latin letter or digit in the fonts that mail programs use.
 * Unicode TR39 lists thousands; these are the ones that registries allow in domain names and that attacks use.
 */
const DRAWN_ALIKE: Readonly<Record<string, string>> = {
  а: 'a',
  ɑ: 'a',
  α: 'a',
  ь: 'b',
  с: 'c',
  ϲ: 'c',
  ԁ: 'd',
  ɗ: 'd',
  е: 'e',
  ё: 'e',
  є: 'e',
  ε: 'e',
  ҽ: 'e',
  ɡ: 'g',
  ց: 'g',
  һ: 'h',
  հ: 'h',
  і: 'i',
  ї: 'i',
  ı: 'i',
  ι: 'i',
  ј: 'j',
  к: 'k',
  κ: 'k',
  ӏ: 'l',
  ḷ: 'l',
  м: 'm',
  п: 'n',
  ո: 'n',
  η: 'n',
  о: 'o',
  ο: 'o',
  օ: 'o',
  σ: 'o',
  р: 'p',
  ρ: 'p',
  ԛ: 'q',
  զ: 'q',
  г: 'r',
  ѕ: 's',
  т: 't',
  τ: 't',
  ս: 'u',
  υ: 'u',
  ν: 'v',
  ѵ: 'v',
  ԝ: 'w',
  ω: 'w',
  х: 'x',
  χ: 'x',
  у: 'y',
  ү: 'y',
  γ: 'y',
  ᴢ: 'z',
  в: 'b',
  н: 'h',
}; // prettier-ignore

/** Digits and pairs of letters that pass for another letter in a hurry. */
const PASSES_FOR: readonly (readonly [RegExp, string])[] = [
  [/rn/g, 'm'],
  [/vv/g, 'w'],
  [/cl/g, 'd'],
  [/0/g, 'o'],
  [/[1i]/g, 'l'],
  [/5/g, 's'],
];

/** Names with fewer letters differ by one from each other all the time. */
const LEAST_FOR_TYPOS = 6;

/** What a domain looks like: two with one skeleton cannot be told apart at a glance. */
export function skeleton(domain: string): string {
  const plain = [...readableDomain(domain).normalize('NFKD').toLowerCase()]
    .filter((char) => !/\p{M}/u.test(char))
    .map((char) => DRAWN_ALIKE[char] ?? char)
    .join('');
  return PASSES_FOR.reduce((text, [from, to]) => text.replace(from, to), plain);
}

/**
 * The first of `known` that `domain` could be mistaken for, without being it or a name below it: drawn alike, or one
 * letter more, less or other (in names of some length).
 */
export function looksLike(domain: string, known: Iterable<string>): string | undefined {
  const candidates = [...new Set(known)];
  if (candidates.some((one) => domain === one || domain.endsWith(`.${one}`) || one.endsWith(`.${domain}`)))
    return undefined;
  const shape = skeleton(domain);
  return candidates.find((one) => {
    if (skeleton(one) === shape) return true;
    const [name, rest] = split(domain);
    const [knownName, knownRest] = split(one);
    return (
      rest === knownRest &&
      Math.min(name.length, knownName.length) >= LEAST_FOR_TYPOS &&
      oneEditApart(name, knownName)
    );
  });
}

/** `example` and `.co.uk`-like rest: what comes before the first dot, and all after it. */
function split(domain: string): readonly [string, string] {
  const at = domain.indexOf('.');
  return [domain.slice(0, at), domain.slice(at)];
}

/** One letter changed, added, left out, or two neighbours swapped. */
function oneEditApart(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  if (a.length > b.length) return restA.slice(1) === restB;
  if (a.length < b.length) return restA === restB.slice(1);
  if (restA.slice(1) === restB.slice(1)) return true;
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
}

/**
 * The address that a sender may want to be taken for: the same with the domain's look-alike letters made Latin.
 * Undefined when there are none.
 */
export function imitated(address: string): string | undefined {
  const domain = domainOf(address);
  const latin = [...readableDomain(domain).normalize('NFKD')]
    .filter((char) => !/\p{M}/u.test(char))
    .map((char) => DRAWN_ALIKE[char] ?? char)
    .join('');
  return latin === domain ? undefined : `${address.slice(0, address.lastIndexOf('@'))}@${latin}`;
}
