import { type Function as FunctionNode, forEachChild, type SyntaxNode } from 'unbash';

/** A function that starts two of itself, or one in the background, for ever: `:(){ :|:& };:`. */
export function forksItself(node: FunctionNode): boolean {
  const name = node.name.value;
  let found = false;
  const visit = (child: SyntaxNode, forked: boolean): void => {
    if (found) return;
    if (child.type === 'Command' && child.name?.value === name && forked) {
      found = true;
      return;
    }
    const forks =
      forked ||
      (child.type === 'Pipeline' && child.commands.length > 1) ||
      (child.type === 'Statement' && child.background === true) ||
      child.type === 'Coproc';
    forEachChild(child, (inner) => visit(inner, forks));
  };
  visit(node.body, false);
  return found;
}
