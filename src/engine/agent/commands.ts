import type { Command, CommandForm } from './command-form';
import { TOOL_COMMANDS } from './tool-commands';

export type { Command } from './command-form';

/** Every direct command, in the order in which `/help` lists them. */
export const COMMANDS: Readonly<Record<string, CommandForm>> = {
  ...TOOL_COMMANDS,
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
