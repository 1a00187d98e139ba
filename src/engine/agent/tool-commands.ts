import { type CommandForm, needs, work } from './command-form';

/** `/write PATH` and then the content: on the next lines, or after the path on the same line. */
function parseWrite(rest: string) {
  const usage = '/write PATH, and the content on the lines after it';
  const [, path, content] = /^(\S+)(?:[ \t]*\r?\n|[ \t]+)([\s\S]+)$/.exec(rest) ?? [];
  if (path === undefined || content === undefined) {
    return { kind: 'misused', why: `A path and the content are needed: ${usage}` } as const;
  }
  return work('write', `/write ${path}`, {
    path,
    content: content.endsWith('\n') ? content : `${content}\n`,
  });
}

/** `/edit PATH`, then the text as it is, a line `=>`, and the text as it is to be. */
function parseEdit(rest: string) {
  const [, path, before, after = ''] =
    /^(\S+)[ \t]*\r?\n([\s\S]+?)\r?\n=>[ \t]*(?:\r?\n([\s\S]*))?$/.exec(rest) ?? [];
  if (path === undefined || before === undefined) {
    const why = 'Write /edit PATH, on the next lines the text to replace, a line with =>, and the new text.';
    return { kind: 'misused', why } as const;
  }
  return work('edit', `/edit ${path}`, { path, edits: [{ before, after }] });
}

function parseMove(rest: string) {
  const [, from, to] = /^(\S+)\s+(\S+)$/.exec(rest) ?? [];
  if (from === undefined || to === undefined) {
    return { kind: 'misused', why: 'Two paths are needed: /move OLD NEW' } as const;
  }
  return work('move', `/move ${from} ${to}`, { from, to });
}

/** `/http POST https://…`, headers as `Name: value` on the next lines, an empty line, the body. */
function parseHttp(rest: string) {
  const [, method = 'GET', url, more = ''] = /^(?:([A-Za-z]+)\s+)?(\S+)(?:\r?\n([\s\S]*))?$/.exec(rest) ?? [];
  if (url === undefined) {
    return {
      kind: 'misused',
      why: 'Write /http METHOD ADDRESS; headers and a body go on the next lines.',
    } as const;
  }
  const [head = '', ...parts] = more.split(/\r?\n\r?\n/);
  const lines = head.split(/\r?\n/).map((line) => /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line));
  const hasHeaders = lines.every((line) => line !== null);
  const headers = hasHeaders
    ? Object.fromEntries(lines.map((line) => [line?.[1] ?? '', line?.[2] ?? '']))
    : {};
  const body = hasHeaders ? parts.join('\n\n') : more;
  return work('http', `/http ${method.toUpperCase()} ${url}`, {
    method: method.toUpperCase(),
    url,
    headers,
    ...(body === '' ? {} : { body }),
  });
}

function parseOpen(rest: string) {
  return needs(rest, '/open src/a.ts:12', (text) => {
    const [, path = text, line] = /^(.+?)(?::(\d{1,7}))?$/.exec(text) ?? [];
    const at = line === undefined || Number(line) < 1 ? {} : { line: Number(line) };
    return work('open', `/open ${text}`, { path, ...at });
  });
}

/** `/git status`, `/git diff [PATH…]`, `/git commit PATH… -- MESSAGE`. */
function parseGit(rest: string) {
  const [, verb, more = ''] = /^(status|diff|commit)(?:\s+([\s\S]*))?$/.exec(rest) ?? [];
  const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
  if (verb === 'status') return work('git.status', '/git status', {});
  if (verb === 'diff') {
    const staged = words(more).includes('--staged');
    const paths = words(more).filter((word) => word !== '--staged');
    return work('git.diff', `/git diff ${more}`.trimEnd(), { staged, paths });
  }
  const [, paths = '', message] = /^([\s\S]*?)\s--\s+([\s\S]+)$/.exec(more) ?? [];
  if (verb !== 'commit' || message === undefined || words(paths).length === 0) {
    const why = 'Write /git status, /git diff [--staged] [PATH…] or /git commit PATH… -- MESSAGE.';
    return { kind: 'misused', why } as const;
  }
  return work('git.commit', `/git commit ${paths.trim()}`, { paths: words(paths), message });
}

/** The commands that use one tool each, in the order in which `/help` lists them. */
export const TOOL_COMMANDS: Readonly<Record<string, CommandForm>> = {
  run: {
    usage: '/run COMMAND',
    about: 'run a command in the folder',
    parse: (rest) => needs(rest, '/run npm test', (line) => work('run', `/run ${line}`, { command: line })),
  },
  send: {
    usage: '/send PATH',
    about: 'send a file to this chat',
    parse: (rest) => needs(rest, '/send report.pdf', (path) => work('send', `/send ${path}`, { path })),
  },
  read: {
    usage: '/read PATH',
    about: 'show a file; a picture or PDF is sent along',
    parse: (rest) => needs(rest, '/read src/a.ts', (path) => work('read', `/read ${path}`, { path })),
  },
  write: { usage: '/write PATH CONTENT', about: 'create or replace a file', parse: parseWrite },
  edit: {
    usage: '/edit PATH',
    about: 'replace a part of a file: old text, a line =>, new text',
    parse: parseEdit,
  },
  move: { usage: '/move OLD NEW', about: 'move or rename a file', parse: parseMove },
  delete: {
    usage: '/delete PATH',
    about: 'delete a file or folder; it can be restored',
    parse: (rest) => needs(rest, '/delete old.txt', (path) => work('delete', `/delete ${path}`, { path })),
  },
  list: {
    usage: '/list [PATH]',
    about: 'list a folder',
    parse: (rest) => work('list', `/list ${rest || '.'}`, { path: rest || '.' }),
  },
  search: {
    usage: '/search TEXT',
    about: 'find text in the files of the folder',
    parse: (rest) =>
      needs(rest, '/search TODO', (text) => work('search', `/search ${text}`, { query: text })),
  },
  diagnostics: {
    usage: '/diagnostics [PATH]',
    about: 'errors and warnings that the editor shows',
    parse: (rest) => work('diagnostics', `/diagnostics ${rest}`.trimEnd(), rest === '' ? {} : { path: rest }),
  },
  git: { usage: '/git status | diff | commit PATH… -- MESSAGE', about: 'the repository', parse: parseGit },
  fetch: {
    usage: '/fetch ADDRESS',
    about: 'read a page',
    parse: (rest) =>
      needs(rest, '/fetch https://example.com', (url) => work('fetch', `/fetch ${url}`, { url })),
  },
  http: {
    usage: '/http METHOD ADDRESS',
    about: 'send a request; headers and body on the next lines',
    parse: parseHttp,
  },
  open: { usage: '/open PATH[:LINE]', about: 'show a file in the editor', parse: parseOpen },
  clip: {
    usage: '/clip [TEXT]',
    about: 'show the clipboard, or put a text on it (owners, in direct messages)',
    parse: (rest) =>
      rest === ''
        ? work('clipboard.read', '/clip', {})
        : work('clipboard.write', `/clip ${rest}`, { text: rest }),
  },
  history: {
    usage: '/history WORDS',
    about: 'search what you said and had done (in direct messages)',
    parse: (rest) =>
      needs(rest, '/history npm test', (query) => work('history.search', `/history ${query}`, { query })),
  },
  screenshot: {
    usage: '/screenshot',
    about: 'a picture of the screen (owners)',
    parse: () => work('screenshot', '/screenshot', {}),
  },
};
