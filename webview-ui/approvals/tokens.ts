/** What a stretch of an action is, for its colour. Colour is decoration here: the words stay as they are. */
export type TokenKind = 'plain' | 'command' | 'option' | 'string' | 'variable' | 'operator' | 'comment';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

/** Longer than this, an action is shown in one colour: a page must not stand still over decoration. */
export const COLOURED_CHARACTERS = 20_000;

/**
 * Each alternative is one kind of token. Every one but the quotes takes what it can see on one line, and none
 * overlaps another in what it may begin with, so that no line takes longer than its length.
 */
const SHELL =
  /(?<comment>(?<![^\s;&|])#[^\n]*)|(?<string>"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?)|(?<variable>\$(?:\{[^}\n]*\}?|\w+|[?$!#@*-]))|(?<operator>\$\(|[|&;<>()`]+|\n)|(?<word>(?:[^\s"'$|&;<>()`\\]|\\[\s\S]?|\$)+)|(?<space>[^\S\n]+)/g;

/** Words after which another command begins. */
const GOES_ON = new Set(['sudo', 'env', 'nohup', 'time', 'exec', 'then', 'do', 'else', '!', 'xargs']);

/** The tokens of a command line. Put together again they are the line, to the character. */
export function shellTokens(line: string): readonly Token[] {
  if (line.length > COLOURED_CHARACTERS) return [{ kind: 'plain', text: line }];
  const tokens: Token[] = [];
  let commandNext = true;
  for (const { 0: text, groups = {} } of line.matchAll(SHELL)) {
    if (groups.comment !== undefined) tokens.push({ kind: 'comment', text });
    else if (groups.space !== undefined) tokens.push({ kind: 'plain', text });
    else if (groups.operator !== undefined) {
      tokens.push({ kind: text === '\n' ? 'plain' : 'operator', text });
      commandNext = !/[<>]$/.test(text);
    } else if (groups.string !== undefined || groups.variable !== undefined) {
      tokens.push({ kind: groups.string === undefined ? 'variable' : 'string', text });
      commandNext = false;
    } else {
      const assigns: boolean = commandNext && /^\w+=/.test(text);
      const kind: TokenKind = commandNext && !assigns ? 'command' : text.startsWith('-') ? 'option' : 'plain';
      tokens.push({ kind, text });
      commandNext = assigns || (kind === 'command' && GOES_ON.has(text));
    }
  }
  return tokens;
}

/** Lines of a change: taken away, put in, or neither. Put together again they are the text. */
export function changeTokens(text: string): readonly Token[] {
  return (text.match(/[^\n]*\n|[^\n]+/g) ?? []).map((line) => ({
    kind: line.startsWith('+ ') ? 'string' : line.startsWith('- ') ? 'comment' : 'plain',
    text: line,
  }));
}

/** The tokens of an action of this tool. */
export function tokensOf(tool: string, action: string): readonly Token[] {
  if (tool === 'run') return shellTokens(action);
  if (tool === 'edit' && action.length <= COLOURED_CHARACTERS) return changeTokens(action);
  return [{ kind: 'plain', text: action }];
}
