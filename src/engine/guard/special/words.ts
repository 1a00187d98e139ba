import { ORIGINS } from '../state';
import { BRACKET, hasGlob, QUESTION, STAR, UNKNOWN, type Value } from '../value';

/** A value as a word of bash again: text in quotes, what is unknown as a variable, globs as globs. */
export function asShell(value: Value): string {
  let out = '';
  let text = '';
  const flush = (): void => {
    if (text !== '') out += /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
    text = '';
  };
  for (const c of value.shape) {
    if (c !== UNKNOWN && c !== STAR && c !== QUESTION && c !== BRACKET) text += c;
    else {
      flush();
      out += c === STAR ? '*' : c === QUESTION ? '?' : c === BRACKET ? '[a-z]' : unknownAsShell(value.tags);
    }
  }
  flush();
  return out === '' ? "''" : out;
}

function unknownAsShell(tags: number): string {
  const name = Object.entries(ORIGINS).find(([, tag]) => (tags & tag) !== 0)?.[0] ?? '__cowork_text';
  return `"\${${name}}"`;
}

/** Whether a word could turn into an option when it is expanded: `*` may find a file called `-rf`. */
export function mayBecomeOption(value: Value): boolean {
  const first = value.shape[0] ?? '';
  return first === UNKNOWN || hasGlob(first);
}
