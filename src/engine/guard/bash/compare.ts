import type { Node, Tree } from '@vscode/tree-sitter-wasm';
import { forEachChild, type ParsedScript, type SyntaxNode } from 'unbash';

/** Names that one parser sees as a command and the other as syntax of its own. */
const SYNTAX = new Set(['[', '[[', 'test', 'time', 'coproc', '']);

/** A fingerprint of the simple commands of a script: names as written, sorted. */
export function unbashCommands(script: ParsedScript): string[] {
  const found: string[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Command' && node.name !== undefined) found.push(clean(node.name.text));
    // The words of `[[ … ]]` and of arithmetic hold commands only inside substitutions.
    forEachChild(node, visit);
  };
  visit(script);
  return found.filter((name) => !SYNTAX.has(name)).sort();
}

/** The same from tree-sitter's tree. */
export function treeSitterCommands(tree: Tree): string[] {
  const found: string[] = [];
  walk(tree.rootNode, (node) => {
    if (node.type === 'command') {
      const name = node.childForFieldName('name');
      if (name !== null) found.push(clean(timed(node, name).text));
    } else if (node.type === 'declaration_command' || node.type === 'unset_command') {
      found.push(clean(node.child(0)?.text ?? ''));
    }
  });
  return found.filter((name) => !SYNTAX.has(name)).sort();
}

/** Texts of everything that tree-sitter takes for a command or a pipeline. */
export function treeSitterSlices(tree: Tree): string[] {
  const found: string[] = [];
  walk(tree.rootNode, (node) => {
    if (node.type === 'command' || node.type === 'pipeline' || node.type === 'redirected_statement')
      found.push(node.text);
  });
  return found;
}

/** `time -p ls`: a word of the shell here, a program there. */
function timed(command: Node, name: Node): Node {
  if (name.text !== 'time') return name;
  const rest = command.childrenForFieldName('argument').filter((child) => child !== null);
  return rest.find((child) => !child.text.startsWith('-')) ?? name;
}

function walk(root: Node, see: (node: Node) => void): void {
  const cursor = root.walk();
  try {
    for (;;) {
      if (cursor.nodeIsNamed) see(cursor.currentNode);
      if (cursor.gotoFirstChild()) continue;
      while (!cursor.gotoNextSibling()) if (!cursor.gotoParent()) return;
    }
  } finally {
    cursor.delete();
  }
}

function clean(name: string): string {
  return name.replace(/\\\n/g, '').trim();
}
