import * as vscode from 'vscode';
import { EngineError } from '../engine/model/error';
import { LOCAL_TERMINAL_TITLE, LocalTerminal } from './local-terminal';
import type { WindowSession } from './window-session';

/** The remote user that the terminal plays. */
const NAME = 'terminal';

/** Opens the terminal that plays a remote user, or shows the one that is open. */
export async function openLocalChat(window: WindowSession): Promise<void> {
  const { session } = window;
  if (!session)
    throw new EngineError(window.get().detail || 'The engine is still starting. Try again in a moment.');
  const open = vscode.window.terminals.find(
    ({ name, exitStatus }) => name === LOCAL_TERMINAL_TITLE && !exitStatus,
  );
  const terminal =
    open ??
    vscode.window.createTerminal({
      name: LOCAL_TERMINAL_TITLE,
      iconPath: new vscode.ThemeIcon('comment-discussion'),
      pty: new LocalTerminal(session.hub, { name: NAME, paired: session.isAdmitted('local', NAME) }),
    });
  terminal.show();
}
