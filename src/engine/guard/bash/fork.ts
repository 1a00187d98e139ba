import {
  type ArithmeticFor,
  type Function as FunctionNode,
  forEachChild,
  type SyntaxNode,
  type While,
} from 'unbash';

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

/**
 * A fork bomb in a spelling that is no complete syntax, as people copy it: `:(){:|:&};:`. Some shell may still take it.
 */
export function writtenBomb(line: string): boolean {
  return /([\w.:-]{1,32})\s{0,8}\(\s{0,8}\)\s{0,8}\{\s{0,8}\1\s{0,8}\|\s{0,8}\1\s{0,8}&/.test(line);
}

/** `$0 & $0 &`: a script that starts itself in the background. */
export function startsItself(node: SyntaxNode): boolean {
  let times = 0;
  forEachChild(node, (child) => {
    if (child.type !== 'Statement' || child.background !== true) return;
    forEachChild(child, function visit(inner: SyntaxNode): void {
      if (inner.type === 'Command' && /^"?\$\{?0\}?"?$/.test(inner.name?.text ?? '')) times++;
      forEachChild(inner, visit);
    });
  });
  return times > 0;
}

/** A loop without end that starts something in the background each time, and never waits. */
export function forksForever(node: While | ArithmeticFor): boolean {
  if (node.type === 'While' && !endless(node.clause)) return false;
  if (node.type === 'ArithmeticFor' && node.test !== undefined) return false;
  let forks = false;
  let waits = false;
  const visit = (child: SyntaxNode): void => {
    if (child.type === 'Statement' && child.background === true) forks = true;
    if (
      child.type === 'Command' &&
      /^(?:wait|sleep|read|break|exit|return|inotifywait)$/.test(child.name?.value ?? '')
    )
      waits = true;
    forEachChild(child, visit);
  };
  visit(node.body);
  return forks && !waits;
}

function endless(clause: SyntaxNode): boolean {
  let always = false;
  forEachChild(clause, (child) => {
    const visit = (inner: SyntaxNode): void => {
      if (inner.type === 'Command' && /^(?:true|:)$/.test(inner.name?.value ?? '')) always = true;
      forEachChild(inner, visit);
    };
    visit(child);
  });
  return always;
}
