import * as vscode from 'vscode';
import { LOCAL_TERMINAL_TITLE } from './local-terminal';

interface TaskLink extends vscode.TerminalLink {
  readonly taskId: string;
}

/** As the answer to a long output ends: the rest stands on the page of the task. */
const MENTION = /\bpage of task (t[0-9]{1,9})\b/g;

/** Where the local chat says that the page of a task has more, the words open it. */
export function registerTaskLinks(): vscode.Disposable {
  const provider: vscode.TerminalLinkProvider<TaskLink> = {
    provideTerminalLinks({ line, terminal }) {
      if (terminal.name !== LOCAL_TERMINAL_TITLE) return [];
      return taskMentions(line);
    },
    async handleTerminalLink({ taskId }) {
      await vscode.commands.executeCommand('cowork.tasks.open', taskId);
    },
  };
  return vscode.window.registerTerminalLinkProvider(provider);
}

/** The tasks that a line sends its reader to, with where they stand in it. */
export function taskMentions(line: string): TaskLink[] {
  return [...line.matchAll(MENTION)].map((match) => {
    const [text, taskId = ''] = match;
    return { startIndex: match.index, length: text.length, taskId };
  });
}
