import * as vscode from 'vscode';

/** Tells the person that something they set is wrong, and offers the place where they can mend it. */
export async function warnOfSetting(
  text: string,
  setting: string,
  log: vscode.LogOutputChannel,
): Promise<void> {
  log.warn(text);
  const open = vscode.l10n.t('Open Settings');
  if ((await vscode.window.showWarningMessage(text, open)) !== open) return;
  await vscode.commands.executeCommand('workbench.action.openSettings', setting);
}
