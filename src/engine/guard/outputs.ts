import { hasOption, type ParsedArgs } from './args';
import { LIMITS } from './limits';
import { printedLiterals } from './oneliners';
import { guessOf, type Stream, Tag, type Tags, type Value } from './value';

/** What a command prints, as far as that can be said without running it. Undefined when nothing is known. */
export function staticOutput(
  name: string,
  args: ParsedArgs,
  words: readonly Value[],
  stdin: Stream,
  files: readonly Stream[],
): Stream | undefined {
  const tags: Tags = words.reduce((all, word) => all | word.tags, 0);
  switch (name) {
    case 'echo':
    case 'write-output':
    case 'write-host':
      return { text: echoed(words), tags };
    case 'printf':
      return { text: formatted(args.positionals), tags };
    case 'true':
    case ':':
    case 'cd':
    case 'mkdir':
      return { text: '', tags: 0 };
    case 'cat':
    case 'get-content':
    case 'type': {
      if (args.options.length > 0) return undefined;
      const [only] = files;
      return files.length === 0 ? stdin : files.length === 1 ? only : undefined;
    }
    case 'tee':
      return stdin;
    case 'base64':
      if (!hasOption(args, ['-d', '-D', '--decode'])) return undefined;
      return decoded(files[0] ?? stdin, (text) => Buffer.from(text, 'base64').toString('utf8'));
    case 'xxd':
      if (!hasOption(args, ['-r'])) return undefined;
      return decoded(files[0] ?? stdin, (text) =>
        Buffer.from(text.replace(/\s+/g, ''), 'hex').toString('utf8'),
      );
    case 'dirname':
      return {
        text: lines(
          args,
          (path) => /^(.+?)\/+[^/]*\/*$/.exec(path)?.[1] ?? (path.startsWith('/') ? '/' : '.'),
        ),
        tags,
      };
    // A link may point elsewhere: good enough to refuse by, not to allow by.
    case 'realpath':
    case 'readlink':
      return { text: lines(args, (path) => path), tags: tags | Tag.maybe };
    case 'rev':
      return decoded(files[0] ?? stdin, (text) =>
        text
          .split('\n')
          .map((line) => [...line].reverse().join(''))
          .join('\n'),
      );
    case 'tr':
      return decoded(stdin, (text) => translated(text, args));
    case 'openssl':
      if (!/^(base64|enc)$/.test(guessOf(args.positionals[0]) ?? '')) return undefined;
      if (!hasOption(args, ['-d']) || hasOption(args, ['-k', '-K', '-pass'])) return undefined;
      return decoded(files[0] ?? stdin, (text) => Buffer.from(text, 'base64').toString('utf8'));
    case 'awk':
    case 'gawk':
    case 'python':
    case 'perl':
    case 'ruby':
    case 'node':
    case 'php': {
      const code =
        args.options.find((option) => option.role === 'code')?.value ??
        (name.endsWith('awk') ? args.positionals[0] : undefined);
      const text = code === undefined ? undefined : printedLiterals(code.shape);
      return text === undefined ? undefined : { text, tags };
    }
    default:
      return undefined;
  }
}

function decoded(from: Stream, decode: (text: string) => string | undefined): Stream {
  const text = from.text === undefined || from.text.length > LIMITS.text ? undefined : decode(from.text);
  return { text, tags: from.tags | Tag.decoded };
}

function echoed(words: readonly Value[]): string | undefined {
  let at = 0;
  let newline = true;
  let escapes = false;
  for (; at < words.length; at++) {
    const flag = /^-[neE]+$/.exec(words[at]?.shape ?? '')?.[0];
    if (flag === undefined) break;
    if (flag.includes('n')) newline = false;
    if (flag.includes('e')) escapes = true;
  }
  const texts: string[] = [];
  for (const word of words.slice(at)) {
    const text = guessOf(word);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  const line = texts.join(' ');
  return (escapes ? unescaped(line) : line) + (newline ? '\n' : '');
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '',
  b: '',
  f: '\f',
  v: '\v',
  e: '\x1b',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|0?([0-7]{1,3})|u([0-9a-fA-F]{1,4})|([ntrabfve\\'"?]))/g,
    (_, hex?: string, octal?: string, unicode?: string, simple?: string) => {
      if (simple !== undefined) return SIMPLE[simple] ?? '';
      return String.fromCodePoint(
        Number.parseInt(hex ?? unicode ?? octal ?? '0', octal === undefined ? 16 : 8),
      );
    },
  );
}

function formatted(words: readonly Value[]): string | undefined {
  const texts: string[] = [];
  for (const word of words) {
    const text = guessOf(word);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  const [format, ...rest] = texts;
  if (format === undefined) return '';
  let next = 0;
  let output = '';
  do {
    const before = next;
    output += unescaped(format).replace(/%(%|-?\d*\.?\d*([sbdqiuxXoc]))/g, (whole, _kind, type?: string) => {
      if (whole === '%%') return '%';
      const value = rest[next++] ?? '';
      return type === 'b' ? unescaped(value) : type === 'c' ? value.slice(0, 1) : value;
    });
    if (next === before) break;
  } while (next < rest.length && output.length < LIMITS.text);
  return output;
}

/** `tr` with plain characters, ranges, and `-d`. */
function translated(text: string, args: ParsedArgs): string | undefined {
  const from = set(guessOf(args.positionals[0]));
  if (from === undefined) return undefined;
  if (hasOption(args, ['-d', '--delete'])) return [...text].filter((c) => !from.includes(c)).join('');
  const to = set(guessOf(args.positionals[1]));
  if (to === undefined || hasOption(args, ['-c', '-C', '-s', '--complement'])) return undefined;
  return [...text]
    .map((c) => {
      const at = from.lastIndexOf(c);
      return at < 0 ? c : (to[at] ?? to.at(-1) ?? '');
    })
    .join('');
}

function set(text: string | undefined): string[] | undefined {
  if (text === undefined || text.includes('[:')) return undefined;
  const chars = [...unescaped(text)];
  const result: string[] = [];
  for (let at = 0; at < chars.length; at++) {
    const from = chars[at];
    const to = chars[at + 2];
    if (from !== undefined && chars[at + 1] === '-' && to !== undefined) {
      for (let code = from.charCodeAt(0); code <= to.charCodeAt(0) && result.length < 512; code++) {
        result.push(String.fromCharCode(code));
      }
      at += 2;
    } else if (from !== undefined) result.push(from);
  }
  return result;
}

/** One line for each positional, or undefined when one of them is not known. */
function lines(args: ParsedArgs, change: (path: string) => string): string | undefined {
  const paths = args.positionals.map(guessOf);
  if (paths.length === 0 || paths.some((path) => path === undefined)) return undefined;
  return paths.map((path) => `${change(path ?? '')}\n`).join('');
}
