import type { EffectiveLine, PolicyOrigin } from '../../engine/api';
import { t } from '../protocol/l10n';

/** A value, or what stands below a field. Lists keep the order in which their entries came. */
type Tree = Map<string | number, Tree | EffectiveLine>;

/** The policy in force as JSON with comments: behind each value, where it comes from. */
export function effectiveText(lines: readonly EffectiveLine[]): string {
  const root: Tree = new Map();
  for (const line of lines) place(root, line);
  const rows: Row[] = [];
  write(root, 1, rows);
  const width = Math.min(
    72,
    Math.max(0, ...rows.map(({ text, origin }) => (origin === undefined ? 0 : text.length))),
  );
  const body = rows.map(({ text, origin }) =>
    origin === undefined ? text : `${text.padEnd(width)}  // ${nameOf(origin)}`,
  );
  return [
    `// ${t('The policy that is in force now. It cannot be edited here; behind each value stands where it comes from.')}`,
    '{',
    ...body,
    '}',
    '',
  ].join('\n');
}

interface Row {
  readonly text: string;
  readonly origin?: PolicyOrigin;
}

function place(root: Tree, line: EffectiveLine): void {
  let at = root;
  for (const part of line.path.slice(0, -1)) {
    const known = at.get(part);
    const next: Tree = known instanceof Map ? known : new Map();
    at.set(part, next);
    at = next;
  }
  const last = line.path.at(-1);
  if (last !== undefined) at.set(last, line);
}

function write(tree: Tree, depth: number, rows: Row[]): void {
  const indent = '  '.repeat(depth);
  const entries = [...tree];
  for (const [at, [name, value]] of entries.entries()) {
    const comma = at === entries.length - 1 ? '' : ',';
    const key = typeof name === 'number' ? '' : `${JSON.stringify(name)}: `;
    if (!(value instanceof Map)) {
      rows.push({ text: `${indent}${key}${oneLine(value.value)}${comma}`, origin: value.origin });
      continue;
    }
    const isList = typeof [...value.keys()][0] === 'number';
    rows.push({ text: `${indent}${key}${isList ? '[' : '{'}` });
    write(value, depth + 1, rows);
    rows.push({ text: `${indent}${isList ? ']' : '}'}${comma}` });
  }
}

/** A rule on one line, with blanks as people write them. A value is JSON, so nothing in it can end the comment. */
function oneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{ ${fields.map(([name, item]) => `${JSON.stringify(name)}: ${oneLine(item)}`).join(', ')} }`;
}

function nameOf(origin: PolicyOrigin): string {
  switch (origin) {
    case 'default':
      return t('default');
    case 'profile':
      return t('profile');
    case 'user':
      return t('your settings');
    case 'workspace':
      return t("the folder's file");
  }
}
