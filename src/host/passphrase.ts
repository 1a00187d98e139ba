import * as vscode from 'vscode';

/** NIST SP 800-63B asks for at least 15 characters where a passphrase is the only factor. */
const SHORTEST = 15;

/** One clear question: asked when neither VS Code's secret storage nor the system's keychain works. */
export async function askPassphrase(isNew: boolean): Promise<string | undefined> {
  const chosen = await vscode.window.showInputBox({
    password: true,
    ignoreFocusOut: true,
    title: isNew
      ? vscode.l10n.t('Choose a passphrase for your credentials')
      : vscode.l10n.t('Unlock your credentials'),
    prompt: isNew
      ? vscode.l10n.t(
          'This machine offers no keychain, so credentials are kept in a file that is encrypted with your passphrase. It is asked for once per window and stored nowhere.',
        )
      : vscode.l10n.t('The credentials are in an encrypted file. Type the passphrase that you chose for it.'),
    validateInput: (value) =>
      isNew && value.length < SHORTEST
        ? vscode.l10n.t('At least {0} characters: four or five random words are easy to remember.', SHORTEST)
        : undefined,
  });
  if (!isNew || chosen === undefined) return chosen;
  const again = await vscode.window.showInputBox({
    password: true,
    ignoreFocusOut: true,
    title: vscode.l10n.t('Type the passphrase again'),
    validateInput: (value) => (value === chosen ? undefined : vscode.l10n.t('The two are not the same yet.')),
  });
  return again === chosen ? chosen : undefined;
}
