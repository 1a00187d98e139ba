import type { Node, Tree } from '@vscode/tree-sitter-wasm';
import { inside, statements, terms } from './scan';

/** Names of commands as this room's own reader sees them, at the top and in brackets, lower-case and sorted. */
export function tokenisedCommands(text: string): string[] {
  const found = new Set<string>();
  collect(text, found, 0);
  return [...found].sort();
}

const WORD = /^[a-z][\w.:\\/-]*$/i;
const KEYWORD =
  /^(if|elseif|else|while|do|until|for|foreach|switch|try|catch|finally|function|filter|param|begin|process|end|return|throw|exit|break|continue|class|using|in)$/i;

function collect(text: string, found: Set<string>, depth: number): void {
  if (depth > 12) return;
  for (const pipeline of statements(text)) {
    for (const element of pipeline) {
      const body = element.replace(/^\$[\w:]+\s*\+?=\s*/, '');
      const [head = ''] = terms(body);
      if (WORD.test(head) && !KEYWORD.test(head)) found.add(head.toLowerCase());
      for (const open of ['(', '{'] as const)
        for (const inner of inside(body, open)) collect(inner, found, depth + 1);
    }
  }
}

/** The same from tree-sitter's tree: plain names only, since those in quotes or variables have no name yet. */
export function treeSitterPowershellCommands(tree: Tree): string[] {
  const found = new Set<string>();
  const visit = (node: Node): void => {
    if (node.type === 'command') {
      const name = node.childForFieldName('command_name')?.text ?? '';
      const invoked =
        node.childForFieldName('command_invokation_operator') ??
        node.children.find((child) => child?.type === 'command_invokation_operator');
      if (WORD.test(name) && !KEYWORD.test(name) && (invoked === null || invoked === undefined))
        found.add(name.toLowerCase());
    }
    for (const child of node.namedChildren) if (child !== null) visit(child);
  };
  visit(tree.rootNode);
  return [...found].sort();
}
