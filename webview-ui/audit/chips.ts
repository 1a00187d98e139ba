import { EFFECTS, FILTER_KEYS, filterWords } from '../../src/views/protocol/filter-words';
import { t } from '../../src/views/protocol/l10n';

export interface Chip {
  readonly label: string;
  readonly term: string;
}

/** Terms that people use most, as buttons beside the box. */
export function quickFilters(): readonly Chip[] {
  return [
    { label: t('Denied'), term: 'effect:deny' },
    { label: t('Approvals'), term: 'type:approval' },
    { label: t('Actions'), term: 'type:action' },
    { label: t('Messages'), term: 'type:message' },
    { label: t('Access'), term: 'type:access' },
    { label: t('Unusual'), term: 'type:pattern' },
    { label: t('Last hour'), term: 'after:1h' },
    { label: t('Last day'), term: 'after:1d' },
  ];
}

/** The terms of the text that no quick filter stands for: each is a chip of its own that takes it out. */
export function furtherTerms(text: string): readonly string[] {
  const quick = new Set(quickFilters().map(({ term }) => term));
  return [...new Set(filterWords(text).map(({ source }) => source))].filter((term) => !quick.has(term));
}

/** True when `term` stands in the text as a term of its own. */
export function hasTerm(text: string, term: string): boolean {
  return filterWords(text).some(({ source }) => source === term);
}

/** Puts a term into the text, in the place of another one with the same key, or takes it out. */
export function withTerm(text: string, term: string, on: boolean): string {
  const [{ name } = { name: undefined }] = filterWords(term);
  const kept = filterWords(text)
    .filter((word) => word.source !== term && !(on && name !== undefined && word.name === name))
    .map(({ source }) => source);
  return (on ? [...kept, term] : kept).join(' ');
}

/** What the box may offer for the values of its keys. */
export interface Vocabulary {
  readonly types: readonly string[];
  readonly channels: readonly string[];
  readonly tools: readonly string[];
  readonly users: readonly { readonly key: string; readonly name: string }[];
}

export interface Suggestion {
  /** What takes the place of the word at the caret. */
  readonly insert: string;
  readonly detail: string;
}

export interface Completion {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
}

const MOST = 12;

/** What could be meant by the word that ends at the caret. */
export function complete(text: string, caret: number, known: Vocabulary): Completion {
  const [begun = ''] = /\S*$/.exec(text.slice(0, caret)) ?? [];
  const from = caret - begun.length;
  const [rest = ''] = /^\S*/.exec(text.slice(caret)) ?? [];
  const colon = begun.indexOf(':');
  const key = FILTER_KEYS.find((name) => name === begun.slice(0, Math.max(0, colon)).toLowerCase());
  const suggestions =
    colon < 0
      ? FILTER_KEYS.filter((name) => name.startsWith(begun.toLowerCase())).map((name) => ({
          insert: `${name}:`,
          detail: keyHelp()[name],
        }))
      : key === undefined
        ? []
        : values(key, known)
            .filter(({ insert, detail }) => {
              const typed = begun.slice(colon + 1).toLowerCase();
              const value = insert.toLowerCase();
              return value !== typed && (value.includes(typed) || detail.toLowerCase().includes(typed));
            })
            .map(({ insert, detail }) => ({ insert: `${key}:${insert} `, detail }));
  return { from, to: caret + rest.length, suggestions: suggestions.slice(0, MOST) };
}

/** What each key does, in a few words. */
export function keyHelp(): Readonly<Record<(typeof FILTER_KEYS)[number], string>> {
  return {
    type: t('Kind of record, or a group of kinds: approval, decision.made'),
    user: t('Whom it concerns, by identity'),
    channel: t('Where it came from'),
    tool: t('What was used: run, read, write'),
    effect: t('What was decided: allow, ask, deny'),
    rule: t('The rule that decided'),
    task: t('One task'),
    after: t('Not older than: 30m, 12h, 2d, 1w, a date'),
    before: t('Not newer than: 30m, 12h, 2d, 1w, a date'),
  };
}

function values(key: (typeof FILTER_KEYS)[number], known: Vocabulary): readonly Suggestion[] {
  const plain = (names: readonly string[]) => names.map((insert) => ({ insert, detail: '' }));
  switch (key) {
    case 'type': {
      const groups = [...new Set(known.types.map((type) => type.split('.')[0] ?? type))];
      return plain([...groups, ...known.types]);
    }
    case 'user':
      return known.users
        .filter((user) => !/\s/.test(user.key))
        .map(({ key: insert, name }) => ({ insert, detail: name }));
    case 'channel':
      return plain(known.channels);
    case 'tool':
      return plain(known.tools);
    case 'effect':
      return plain(EFFECTS);
    case 'after':
    case 'before':
      return [
        { insert: '30m', detail: t('30 minutes ago') },
        { insert: '12h', detail: t('12 hours ago') },
        { insert: '2d', detail: t('2 days ago') },
        { insert: '1w', detail: t('a week ago') },
      ];
    default:
      return [];
  }
}
