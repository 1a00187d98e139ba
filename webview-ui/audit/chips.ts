import { t } from '../../src/views/protocol/l10n';

/** Terms that people use most, as buttons beside the box. */
export function quickFilters(): readonly { readonly label: string; readonly term: string }[] {
  return [
    { label: t('Denied'), term: 'effect:deny' },
    { label: t('Approvals'), term: 'type:approval' },
    { label: t('Actions'), term: 'type:action' },
    { label: t('Messages'), term: 'type:message' },
    { label: t('Access'), term: 'type:access' },
    { label: t('Last hour'), term: 'after:1h' },
    { label: t('Last day'), term: 'after:1d' },
  ];
}

const keyOf = (term: string) => term.slice(0, term.indexOf(':') + 1);

/** True when `term` stands in the text as a word of its own. */
export function hasTerm(text: string, term: string): boolean {
  return text.split(/\s+/).includes(term);
}

/** Puts a term into the text, in the place of another one with the same key, or takes it out. */
export function withTerm(text: string, term: string, on: boolean): string {
  const key = keyOf(term);
  const words = text
    .split(/\s+/)
    .filter((word) => word !== '' && word !== term && (!on || !word.startsWith(key)));
  return (on ? [...words, term] : words).join(' ');
}
