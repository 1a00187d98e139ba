/**
 * The words of the audit's filter, as the extension reads them and the page completes them: `key:value`,
 * `key:"a value"`, `"some words"` or a word.
 */

/** The words before the colon, in the order in which help lists them. */
export const FILTER_KEYS = [
  'type',
  'user',
  'channel',
  'tool',
  'effect',
  'rule',
  'task',
  'after',
  'before',
] as const;
export type FilterKey = (typeof FILTER_KEYS)[number];

export const EFFECTS = ['allow', 'ask', 'deny'] as const;

/** One term of a filter. `name` is what stands before its colon, known or not. Offsets count UTF-16 units. */
export interface FilterWord {
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly name?: string;
  readonly value: string;
}

const TERM = /([a-z]+):"([^"]*)"|"([^"]*)"|(\S+)/iy;

/** Splits the text of a filter box into its terms. Never fails: what is no key is a word to look for. */
export function filterWords(text: string): readonly FilterWord[] {
  const result: FilterWord[] = [];
  const pattern = new RegExp(TERM);
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? '')) {
      at += 1;
      continue;
    }
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) break;
    const from = at;
    at = pattern.lastIndex;
    const [source, name, value, phrase, word] = match;
    const place = { source, from, to: at };
    if (name !== undefined) result.push({ ...place, name, value: value ?? '' });
    else if (phrase !== undefined) result.push({ ...place, value: phrase });
    else if (word !== undefined) result.push({ ...place, ...plain(word) });
  }
  return result;
}

function plain(word: string): { readonly name?: string; readonly value: string } {
  const colon = word.indexOf(':');
  const name = word.slice(0, colon);
  // `http://x` and `C:\x` are words to look for; `usr:ada` is a misspelt key and worth saying so.
  if (colon <= 0 || !/^[a-z]{2,}$/i.test(name) || word.startsWith('//', colon + 1)) return { value: word };
  return { name, value: word.slice(colon + 1) };
}

/** `key:value`, in quotes where the value needs them. A value cannot hold a quote itself; it becomes a space. */
export function filterTerm(key: FilterKey, value: string): string {
  const clean = value.replaceAll('"', ' ');
  return /\s/.test(clean) || clean === '' ? `${key}:"${clean}"` : `${key}:${clean}`;
}
