import type { Node, Tree } from '@vscode/tree-sitter-wasm';
import { forEachChild, type ParsedScript, type SyntaxNode } from 'unbash';

/** Names that one parser sees as a command and the other as syntax of its own. */
const SYNTAX = new Set(['[', '[[', 'test', 'time', 'coproc', '']);

const COMMANDS = new Set(['command', 'declaration_command', 'unset_command']);
const SLICES = new Set(['command', 'pipeline', 'redirected_statement']);

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
  walk(tree.rootNode, COMMANDS, (node) => {
    if (node.type === 'command') {
      const name = node.childForFieldName('name');
      if (name !== null) found.push(clean(timed(node, name).text));
    } else found.push(clean(node.child(0)?.text ?? ''));
  });
  return found.filter((name) => !SYNTAX.has(name)).sort();
}

/** Texts of everything that tree-sitter takes for a command or a pipeline. */
export function treeSitterSlices(tree: Tree): string[] {
  const found: string[] = [];
  walk(tree.rootNode, SLICES, (node) => found.push(node.text));
  return found;
}

/** `time -p ls`: a word of the shell here, a program there. */
function timed(command: Node, name: Node): Node {
  if (name.text !== 'time') return name;
  const rest = command.childrenForFieldName('argument').filter((child) => child !== null);
  return rest.find((child) => !child.text.startsWith('-')) ?? name;
}

/** Goes through all nodes. Only those of the wanted types leave the parser's memory: that is what costs. */
function walk(root: Node, wanted: ReadonlySet<string>, see: (node: Node) => void): void {
  const cursor = root.walk();
  try {
    for (;;) {
      if (wanted.has(cursor.nodeType) && cursor.nodeIsNamed) see(cursor.currentNode);
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
