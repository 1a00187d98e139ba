/**
 * True when `text` matches `pattern`, in which `*` stands for any run of characters, none included.
 * No regular expression is built from either: both may come from outside. Time is at most
 * O(pattern × text), without recursion.
 */
export function wildcardMatch(pattern: string, text: string): boolean {
  if (pattern === '*') return true;
  const first = pattern.indexOf('*');
  if (first < 0) return pattern === text;
  if (first === pattern.lastIndexOf('*')) {
    // The usual case, without a loop: `*.ts`, `src*`.
    return (
      text.length >= pattern.length - 1 &&
      text.startsWith(pattern.slice(0, first)) &&
      text.endsWith(pattern.slice(first + 1))
    );
  }
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.length && pattern[p] === '*') p++;
  return p === pattern.length;
}
