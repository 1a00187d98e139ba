import type { ShellState } from '../state';
import { UNKNOWN } from '../value';

/** A token of a cmd.exe line. Words keep their raw text; `shape` is without quotes and carets. */
export type CmdToken =
  | { readonly kind: 'word'; readonly raw: string; readonly shape: string }
  | { readonly kind: 'op'; readonly op: '&' | '&&' | '|' | '||' | '(' | ')' | '\n' }
  | { readonly kind: 'redirect'; readonly op: '>' | '>>' | '<'; readonly fd: number };

const KNOWN: Readonly<Record<string, string>> = {
  systemdrive: 'C:',
  systemroot: 'C:\\Windows',
  windir: 'C:\\Windows',
  programfiles: 'C:\\Program Files',
  'programfiles(x86)': 'C:\\Program Files (x86)',
  programdata: 'C:\\ProgramData',
  allusersprofile: 'C:\\ProgramData',
  homedrive: 'C:',
  public: 'C:\\Users\\Public',
  comspec: 'C:\\Windows\\System32\\cmd.exe',
  temp: 'C:\\Windows\\Temp\\user',
  tmp: 'C:\\Windows\\Temp\\user',
};

/** The value of a variable of cmd, or undefined when the line does not tell. */
function variable(name: string, state: ShellState): string | undefined {
  const key = name.toLowerCase();
  const set = state.vars.get(key);
  if (set !== undefined) return set.shape;
  if (key === 'userprofile' || key === 'home') return windowsHome(state);
  if (key === 'homepath') return windowsHome(state).slice(2);
  if (key === 'cd') return state.cwd;
  if (key === 'appdata') return `${windowsHome(state)}\\AppData\\Roaming`;
  if (key === 'localappdata') return `${windowsHome(state)}\\AppData\\Local`;
  return Object.hasOwn(KNOWN, key) ? KNOWN[key] : undefined;
}

/** The home folder as Windows spells it; a made-up one where the place is not a Windows place. */
export function windowsHome(state: ShellState): string {
  const { home } = state.place;
  return /^[a-zA-Z]:/.test(home) ? home : 'C:\\Users\\user';
}

/** Replaces `%NAME%`, `%NAME:~0,3%`, `%NAME:a=b%` and `!NAME!`. What is not known becomes UNKNOWN. */
export function expandVariables(text: string, state: ShellState): string {
  return text.replace(
    /([%!])([A-Za-z_][\w() .-]{0,60}?)(?::([^%!]{1,60}))?\1/g,
    (_, _mark, name: string, change?: string) => {
      const value = variable(name, state);
      if (value === undefined) return UNKNOWN;
      if (change === undefined) return value;
      const [, from, size] = /^~(-?\d+)(?:,(-?\d+))?$/.exec(change) ?? [];
      if (from !== undefined) {
        const start = Number(from) < 0 ? Math.max(0, value.length + Number(from)) : Number(from);
        if (size === undefined) return value.slice(start);
        return Number(size) < 0
          ? value.slice(start, value.length + Number(size))
          : value.slice(start, start + Number(size));
      }
      const equals = change.indexOf('=');
      if (equals <= 0) return UNKNOWN;
      return value.replaceAll(change.slice(0, equals).replace(/^\*/, ''), change.slice(equals + 1));
    },
  );
}

/** What follows the name of PowerShell reaches it as it is written: there `;` and `,` mean something. */
function forPowershell(tokens: readonly CmdToken[]): boolean {
  let first: CmdToken | undefined;
  for (let at = tokens.length - 1; at >= 0 && tokens[at]?.kind === 'word'; at--) first = tokens[at];
  return first?.kind === 'word' && /(?:^|[\\/])(?:powershell|pwsh)(?:\.exe)?$/i.test(first.shape);
}

/** Splits a line as cmd.exe does: carets escape, double quotes protect, blanks, commas, semicolons and equals part words. */
export function tokenise(line: string): CmdToken[] {
  const tokens: CmdToken[] = [];
  let raw = '';
  let shape = '';
  let open = false;
  const flush = (): void => {
    if (open) tokens.push({ kind: 'word', raw, shape });
    raw = '';
    shape = '';
    open = false;
  };
  for (let at = 0; at < line.length; at++) {
    const c = line[at] ?? '';
    const next = line[at + 1];
    if (c === '^') {
      if (next === '\n' || next === '\r') at += next === '\r' && line[at + 2] === '\n' ? 2 : 1;
      else if (next !== undefined) {
        raw += c + next;
        shape += next;
        open = true;
        at++;
      }
    } else if (c === '"') {
      const close = line.indexOf('"', at + 1);
      const end = close < 0 ? line.length : close;
      raw += line.slice(at, end + 1);
      shape += line.slice(at + 1, end);
      open = true;
      at = end;
    } else if (c === '&' || c === '|') {
      flush();
      const double = next === c;
      tokens.push({ kind: 'op', op: (double ? c + c : c) as '&' | '&&' | '|' | '||' });
      if (double) at++;
    } else if (c === '\n' || c === '\r') {
      flush();
      tokens.push({ kind: 'op', op: '\n' });
    } else if (c === '(' && !open) {
      tokens.push({ kind: 'op', op: '(' });
    } else if (c === ')') {
      flush();
      tokens.push({ kind: 'op', op: ')' });
    } else if (c === '>' || c === '<') {
      const fd = /^\d$/.test(shape) ? Number(shape) : c === '<' ? 0 : 1;
      if (/^\d$/.test(shape)) {
        raw = '';
        shape = '';
        open = false;
      }
      flush();
      const append = c === '>' && next === '>';
      if (append) at++;
      tokens.push({ kind: 'redirect', op: append ? '>>' : c, fd });
      // `2>&1`: the ampersand belongs to the redirection.
      if (line[at + 1] === '&') {
        raw += `&${line[at + 2] ?? ''}`;
        shape += `&${line[at + 2] ?? ''}`;
        open = true;
        at += 2;
        flush();
      }
    } else if (/[,;=]/.test(c) && forPowershell(tokens)) {
      raw += c;
      shape += c;
      open = true;
    } else if (/[\s,;=]/.test(c) && !(c === '=' && (line[at + 1] === '=' || shape.endsWith('=')))) {
      if (c === '=' && open && /^[\w.]+$/.test(shape)) {
        // `set NAME=value` and `path=…` keep it; everywhere else it parts words.
        raw += c;
        shape += c;
      } else flush();
    } else {
      raw += c;
      shape += c;
      open = true;
    }
  }
  flush();
  return tokens;
}
