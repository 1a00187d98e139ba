import type { ShellState } from '../state';
import { guessOf, QUESTION, STAR, type Stream, Tag, type Tags, UNKNOWN, type Value } from '../value';
import { skip } from './scan';

/** Runs a script in brackets and says what it prints. */
export type RunNested = (text: string) => Stream;

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  a: '',
  b: '',
  f: '\f',
  v: '\v',
  e: '\x1b',
};

function home(state: ShellState): string {
  return state.place.home;
}

/** `$name`, `$env:NAME`; undefined when the line does not tell. */
function variable(name: string, state: ShellState): Value | undefined {
  const key = name.toLowerCase().replace(/^(global|script|local|private|variable):/, '');
  const set = state.vars.get(key === 'psitem' ? '_' : key);
  if (set !== undefined) return set;
  const known: Readonly<Record<string, string>> = {
    home: home(state),
    'env:userprofile': home(state),
    'env:home': home(state),
    'env:systemdrive': 'C:',
    'env:homedrive': 'C:',
    'env:systemroot': 'C:\\Windows',
    'env:windir': 'C:\\Windows',
    'env:programfiles': 'C:\\Program Files',
    'env:programdata': 'C:\\ProgramData',
    'env:temp': 'C:\\Windows\\Temp\\user',
    'env:tmp': 'C:\\Windows\\Temp\\user',
    'env:comspec': 'C:\\Windows\\System32\\cmd.exe',
    'env:public': 'C:\\Users\\Public',
    'env:appdata': `${home(state)}\\AppData\\Roaming`,
    'env:localappdata': `${home(state)}\\AppData\\Local`,
    true: 'True',
    false: 'False',
    null: '',
    pwd: state.cwd ?? UNKNOWN,
    pshome: 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0',
    shellid: 'Microsoft.PowerShell',
  };
  const text = Object.hasOwn(known, key) ? known[key] : undefined;
  return text === undefined ? undefined : { raw: `$${name}`, shape: text, tags: 0 };
}

/** The value of one term: its text with everything static resolved, markers for the rest. */
export function evaluate(term: string, state: ShellState, nested: RunNested): Value {
  let shape = '';
  let tags: Tags = 0;
  let at = 0;
  while (at < term.length) {
    const c = term[at] ?? '';
    const end = skip(term, at);
    const piece = term.slice(at, end);
    if (c === '`') {
      shape += term[at + 1] === '\n' ? '' : (term[at + 1] ?? '');
    } else if (/['\u2018\u2019]/.test(c)) {
      shape += piece.slice(1, -1).replace(/['\u2018\u2019]{2}/g, "'");
    } else if (/["\u201C\u201D]/.test(c)) {
      const value = interpolate(piece.slice(1, -1), state, nested);
      shape += value.shape;
      tags |= value.tags;
    } else if (c === '@' && end > at + 2 && /['"]/.test(term[at + 1] ?? '')) {
      const body = piece
        .slice(2, -2)
        .replace(/^\r?\n/, '')
        .replace(/\r?\n$/, '');
      const value = term[at + 1] === '"' ? interpolate(body, state, nested) : { shape: body, tags: 0 };
      shape += value.shape;
      tags |= value.tags;
    } else if (c === '$') {
      const found = reference(term, at, state, nested);
      shape += found.shape;
      tags |= found.tags;
      // `$_.FullName`: a file's path is the file.
      const property = /^\.(?:FullName|PSPath|Path|ProviderPath|Name|Root)\b/i.exec(
        term.slice(found.end),
      )?.[0];
      at = found.end + (property?.length ?? 0);
      continue;
    } else if (c === '(' || (c === '@' && term[at + 1] === '(')) {
      const open = c === '(' ? at : at + 1;
      const close = skip(term, open);
      const value = expression(term.slice(open + 1, close - 1), state, nested);
      shape += value.shape;
      tags |= value.tags;
      at = close;
      continue;
    } else if (c === '{') {
      nested(piece.slice(1, -1));
      shape += UNKNOWN;
    } else if (c === '[') {
      const char = /^\[char\]\s?(0x[0-9a-f]+|\d{1,6})/i.exec(term.slice(at));
      if (char !== null) {
        shape += String.fromCharCode(Number(char[1]));
        at += char[0].length;
        continue;
      }
      if (/^\[(string|char\[\]|object)\]/i.test(piece)) shape += '';
      else shape += piece;
    } else if (c === '*') shape += STAR;
    else if (c === '?') shape += QUESTION;
    else shape += piece;
    at = end;
  }
  // A name alone does nothing yet: only what is called brings its result.
  if (term.includes('(')) tags |= codeTags(term);
  return { raw: term, shape, tags };
}

/** Where the result of a .NET expression comes from, by the names in it. */
export function codeTags(text: string): Tags {
  let tags: Tags = 0;
  if (
    /Download(String|Data|File)|Net\.WebClient|Net\.Http|WebRequest|Invoke-RestMethod|\birm\b|\biwr\b|MSXML2|WinHttp|OpenRead\(|GetStringAsync/i.test(
      text,
    )
  )
    tags |= Tag.network;
  if (
    /FromBase64String|-bxor|GZipStream|DeflateStream|ConvertTo-SecureString.{0,80}-Key|FromHexString/i.test(
      text,
    )
  )
    tags |= Tag.decoded;
  return tags;
}

interface Reference {
  readonly shape: string;
  readonly tags: Tags;
  readonly end: number;
}

function reference(text: string, at: number, state: ShellState, nested: RunNested): Reference {
  if (text[at + 1] === '(') {
    const end = skip(text, at + 1);
    const value = expression(text.slice(at + 2, end - 1), state, nested);
    return { ...value, end };
  }
  const match = /^\$(?:\{([^}]{1,80})\}|((?:\w+:)?[\w?]+))/.exec(text.slice(at, at + 120));
  if (match === null) return { shape: '$', tags: 0, end: at + 1 };
  const name = match[1] ?? match[2] ?? '';
  const end = at + match[0].length;
  const value = variable(name, state) ?? { shape: UNKNOWN, tags: 0 };
  // `$PSHome[4]`, `$env:ComSpec[4,24,25]`: single characters of a known text.
  const index = /^\[(\d{1,3}(?:,\s?\d{1,3})*)\]/.exec(text.slice(end));
  if (index?.[1] !== undefined && !value.shape.includes(UNKNOWN)) {
    const picked = index[1]
      .split(',')
      .map((n) => value.shape[Number(n)] ?? '')
      .join('');
    return { shape: picked, tags: value.tags, end: end + index[0].length };
  }
  return { shape: value.shape, tags: value.tags, end };
}

function interpolate(text: string, state: ShellState, nested: RunNested): { shape: string; tags: Tags } {
  let shape = '';
  let tags: Tags = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text[at] ?? '';
    if (c === '`') {
      const next = text[++at] ?? '';
      shape += ESCAPES[next] ?? next;
    } else if (c === '$') {
      const found = reference(text, at, state, nested);
      shape += found.shape;
      tags |= found.tags;
      at = found.end - 1;
    } else if (c === '"' && text[at + 1] === '"') {
      shape += c;
      at++;
    } else shape += c;
  }
  return { shape, tags };
}

/** The value of what stands in brackets: concatenation, `-join`, `-f`, else what the script prints. */
export function expression(
  text: string,
  state: ShellState,
  nested: RunNested,
): { shape: string; tags: Tags } {
  const trimmed = text.trim();
  if (/^['"$([@]/.test(trimmed)) {
    const parts = splitPlus(trimmed);
    const values = parts.map((part) => operators(part.trim(), state, nested));
    return {
      shape: values.map((value) => value.shape).join(''),
      tags: values.reduce((all, value) => all | value.tags, codeTags(trimmed)),
    };
  }
  // `-join('R', 'emove-Item')`: the operator before its list.
  const list = /^-join\s*\(([\s\S]*)\)$/i.exec(trimmed)?.[1];
  if (list !== undefined) {
    const items = list.split(',').map((item) => evaluate(item.trim(), state, nested));
    return {
      shape: items.map((item) => item.shape).join(''),
      tags: items.reduce((all, item) => all | item.tags, 0),
    };
  }
  const printed = nested(trimmed);
  return { shape: printed.text?.replace(/\r?\n$/, '') ?? UNKNOWN, tags: printed.tags | codeTags(trimmed) };
}

/** What `[Environment]::GetFolderPath` calls the folders of the system. */
const FOLDERS: Readonly<Record<string, string>> = {
  system: 'C:\\Windows\\System32',
  windows: 'C:\\Windows',
  programfiles: 'C:\\Program Files',
  commonapplicationdata: 'C:\\ProgramData',
  mydocuments: 'C:\\Users\\Public\\Documents',
};

function operators(part: string, state: ShellState, nested: RunNested): { shape: string; tags: Tags } {
  if (part.startsWith('(') && skip(part, 0) === part.length)
    return expression(part.slice(1, -1), state, nested);
  const join = /^\(?([\s\S]*?)\)?\s*-join\s*(['"])(.{0,4}?)\2\s*$/i.exec(part);
  if (join?.[1] !== undefined) {
    const items = join[1]
      .replace(/^@?\(/, '')
      .split(',')
      .map((item) => evaluate(item.trim(), state, nested));
    return {
      shape: items.map((item) => item.shape).join(join[3] ?? ''),
      tags: items.reduce((all, item) => all | item.tags, 0),
    };
  }
  const format = /^(['"])([^'"]{1,200})\1\s*-f\s*([\s\S]+)$/i.exec(part);
  if (format?.[2] !== undefined && format[3] !== undefined) {
    const items = format[3].split(',').map((item) => evaluate(item.trim(), state, nested));
    const shape = format[2].replace(
      /\{(\d{1,2})\}/g,
      (_, index: string) => items[Number(index)]?.shape ?? '',
    );
    return { shape, tags: items.reduce((all, item) => all | item.tags, 0) };
  }
  const replace =
    /^([\s\S]+?)(?:\.Replace\(\s*(['"])(.{0,40}?)\2\s*,\s*(['"])(.{0,40}?)\4\s*\)|\s-c?replace\s*(['"])([\w~!@#%&]{0,40}?)\6\s*,\s*(['"])(.{0,40}?)\8)$/i.exec(
      part,
    );
  if (replace?.[1] !== undefined) {
    const value = evaluate(replace[1].trim(), state, nested);
    const text = guessOf(value);
    if (text !== undefined)
      return {
        shape: text.replaceAll(replace[3] ?? replace[7] ?? '\0', replace[5] ?? replace[9] ?? ''),
        tags: value.tags,
      };
  }
  const folder = /^\[(?:System\.)?Environment\]::GetFolderPath\(\s*['"]?(\w+)['"]?\s*\)$/i.exec(part)?.[1];
  if (folder !== undefined) {
    const shape = FOLDERS[folder.toLowerCase()] ?? `${home(state)}\\${folder}`;
    return { shape: folder.toLowerCase() === 'userprofile' ? home(state) : shape, tags: 0 };
  }
  if (skip(part, 0) === part.length && /^['"]/.test(part)) return evaluate(part, state, nested);
  if (/\s-\w|\.\w+\(|::/.test(part)) {
    // Any other operator or method: its brackets are followed, its value is not.
    const value = evaluate(part, state, nested);
    return { shape: UNKNOWN, tags: value.tags };
  }
  return evaluate(part, state, nested);
}

function splitPlus(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    if (text[at] === '+') {
      found.push(text.slice(start, at));
      start = ++at;
    } else at = skip(text, at);
  }
  found.push(text.slice(start));
  return found;
}
