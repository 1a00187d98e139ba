import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';

export const root = join(__dirname, '../../..');

/** Paths of the TypeScript sources below a folder, relative to the repository. */
export function sourcesIn(...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
      .map((file) => join(folder, file)),
  );
}

interface Callee {
  readonly type: string;
  readonly value?: string;
  readonly property?: { readonly value?: string };
}

/** `t` of `t(…)` and of `l10n.t(…)`. */
function nameOf(callee: Callee | undefined): string {
  if (callee?.type === 'MemberExpression') return callee.property?.value ?? '';
  return callee?.type === 'Identifier' ? (callee.value ?? '') : '';
}

interface Visited {
  readonly type?: string;
  readonly callee?: Callee;
  readonly arguments?: readonly { readonly expression: { readonly type: string; readonly value?: string } }[];
  readonly value?: unknown;
}

function visit(node: unknown, see: (node: Visited) => void): void {
  if (Array.isArray(node)) for (const item of node) visit(item, see);
  else if (typeof node === 'object' && node !== null) {
    see(node as Visited);
    for (const value of Object.values(node)) visit(value, see);
  }
}

function syntaxTree(file: string): unknown {
  return parseSync(readFileSync(join(root, file), 'utf8'), { syntax: 'typescript' });
}

/** The sentences that a file has translated, and the calls whose sentence is not written out in the call. */
export function translated(file: string): { readonly texts: readonly string[]; readonly computed: number } {
  const texts: string[] = [];
  let computed = 0;
  visit(syntaxTree(file), (node) => {
    if (node.type !== 'CallExpression' || !['t', 'template', 'fill'].includes(nameOf(node.callee))) return;
    const text = node.arguments?.[0]?.expression;
    if (text?.type === 'StringLiteral' && text.value !== undefined) texts.push(text.value);
    else computed += 1;
  });
  return { texts, computed };
}

/** Every string literal of a file. */
export function literals(file: string): ReadonlySet<string> {
  const found = new Set<string>();
  visit(syntaxTree(file), (node) => {
    if (node.type === 'StringLiteral' && typeof node.value === 'string') found.add(node.value);
  });
  return found;
}
