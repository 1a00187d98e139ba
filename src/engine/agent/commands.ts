/** What a direct command asks for. `work` needs a tool; everything else is answered by the engine itself. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'status' }
  | { readonly kind: 'whoami' }
  | { readonly kind: 'tasks' }
  | { readonly kind: 'cancel'; readonly taskId?: string }
  | { readonly kind: 'stop' }
  | {
      readonly kind: 'work';
      readonly tool: string;
      readonly title: string;
      readonly args: Record<string, unknown>;
    }
  | { readonly kind: 'misused'; readonly why: string }
  | { readonly kind: 'unknown'; readonly word: string }
  | { readonly kind: 'prose' };

interface CommandForm {
  readonly usage: string;
  readonly about: string;
  parse(rest: string): Command;
}

function needs(rest: string, usage: string, make: (rest: string) => Command): Command {
  return rest === '' ? { kind: 'misused', why: `Say what to do: ${usage}` } : make(rest);
}

function work(tool: string, title: string, args: Record<string, unknown>): Command {
  return { kind: 'work', tool, title, args };
}

/** `/write PATH` and then the content: on the next lines, or after the path on the same line. */
function parseWrite(rest: string): Command {
  const usage = '/write PATH, and the content on the lines after it';
  const [, path, content] = /^(\S+)(?:[ \t]*\r?\n|[ \t]+)([\s\S]+)$/.exec(rest) ?? [];
  if (path === undefined || content === undefined) {
    return { kind: 'misused', why: `A path and the content are needed: ${usage}` };
  }
  return work('write', `/write ${path}`, {
    path,
    content: content.endsWith('\n') ? content : `${content}\n`,
  });
}

/** Every direct command, in the order in which `/help` lists them. */
export const COMMANDS: Readonly<Record<string, CommandForm>> = {
  run: {
    usage: '/run COMMAND',
    about: 'run a command in the folder',
    parse: (rest) => needs(rest, '/run npm test', (line) => work('run', `/run ${line}`, { command: line })),
  },
  read: {
    usage: '/read PATH',
    about: 'show a file',
    parse: (rest) => needs(rest, '/read src/a.ts', (path) => work('read', `/read ${path}`, { path })),
  },
  write: { usage: '/write PATH CONTENT', about: 'create or replace a file', parse: parseWrite },
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
  tasks: { usage: '/tasks', about: 'your tasks and how they stand', parse: () => ({ kind: 'tasks' }) },
  cancel: {
    usage: '/cancel [TASK]',
    about: 'stop a task; without a name, your newest',
    parse: (rest) => (rest === '' ? { kind: 'cancel' } : { kind: 'cancel', taskId: rest }),
  },
  status: { usage: '/status', about: 'what the engine is doing', parse: () => ({ kind: 'status' }) },
  whoami: {
    usage: '/whoami',
    about: 'who you are here and what you may do',
    parse: () => ({ kind: 'whoami' }),
  },
  stop: { usage: '/stop', about: 'stop everything at once (owners only)', parse: () => ({ kind: 'stop' }) },
  help: { usage: '/help', about: 'this list', parse: () => ({ kind: 'help' }) },
};

/** Reads a message as a direct command. Never throws; the text of the message stays text. */
export function parseCommand(text: string): Command {
  const trimmed = text.trim();
  const [, word, rest] = /^\/([A-Za-z]+)(?:\s+([\s\S]*))?$/.exec(trimmed) ?? [];
  if (word === undefined)
    return trimmed.startsWith('/') ? { kind: 'unknown', word: trimmed } : { kind: 'prose' };
  const form = Object.hasOwn(COMMANDS, word.toLowerCase()) ? COMMANDS[word.toLowerCase()] : undefined;
  return form ? form.parse((rest ?? '').trim()) : { kind: 'unknown', word: `/${word}` };
}

/** The list that `/help` shows. */
export function helpText(): string {
  const lines = Object.values(COMMANDS).map(({ usage, about }) => `${usage} — ${about}`);
  return ['This is what you can ask for:', ...lines].join('\n');
}
