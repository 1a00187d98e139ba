import { arch, homedir, platform, release } from 'node:os';
import * as vscode from 'vscode';
import { t } from '../protocol/l10n';
import { confirmed, type Desk, type Handler, inform, needEngine, pick } from './kit';

/** Where vulnerabilities are reported; also in SECURITY.md. */
const ADDRESS = 'security@cowork.dev';

/** INC-3: everybody out, codes dead, and then, step by step, what only a person can do. */
async function reset(desk: Desk): Promise<void> {
  const engine = needEngine(desk);
  const people = engine.users.list().filter(({ state }) => state !== 'revoked');
  const rooms = engine.users.conversations();
  const codes = engine.pairing.live();
  const detail = [
    t('1. All work stops and stays stopped until you resume.'),
    t(
      '2. {0} people lose their access, {1} rooms are closed, {2} pairing codes end.',
      people.length,
      rooms.length,
      codes.length,
    ),
    t('3. You review the audit, replace credentials that may have leaked, and make new codes.'),
    t('The record stays. Who is revoked can be let in again later.'),
  ].join('\n');
  if (!(await confirmed(t('Reset security?'), detail, t('Reset')))) return;
  const reason = t('Security was reset by the owner');
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: t('Resetting security…') },
    async () => {
      // First of all nothing goes on, whatever else may fail.
      if (engine.status().phase === 'ready') await engine.pause(reason);
      if (people.length > 0) {
        const keys = people.map(({ key }) => key);
        await engine.users.revoke(keys, reason);
      }
      for (const { key } of rooms) await engine.users.removeConversation(key, reason);
      for (const { codeId } of codes) await engine.pairing.cancel(codeId);
    },
  );
  await next();
}

/** The rest of a reset, in the order of the guide, until the person is through. */
async function next(): Promise<void> {
  for (;;) {
    const step = await pick(
      t('Security was reset'),
      t('What next? Escape ends; all of it can be done later too.'),
      [
        {
          label: `$(list-unordered) ${t('Review the audit')}`,
          detail: t('What was done, by whom, and what was refused'),
          value: 'cowork.audit.open',
        },
        {
          label: `$(key) ${t('Replace a credential')}`,
          detail: t('Each one that may have leaked; the oldest first'),
          value: 'cowork.credentials.rotate',
        },
        {
          label: `$(person-add) ${t('Make a new pairing code')}`,
          detail: t('For those who are to come back, one by one'),
          value: 'cowork.pairing.generate',
        },
        {
          label: `$(debug-start) ${t('Resume work')}`,
          detail: t('When you are done'),
          value: 'cowork.resume',
        },
      ],
      true,
    );
    if (step === undefined) return;
    await vscode.commands.executeCommand(step);
    if (step !== 'cowork.credentials.rotate') return;
  }
}

async function ask(
  title: string,
  step: number,
  prompt: string,
  placeHolder: string,
): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: t('{0} ({1} of {2})', title, step, 4),
    prompt,
    placeHolder,
    ignoreFocusOut: true,
  });
}

/** INC-4: a report on this machine, without secrets and without the person's folders. It is sent by the person alone. */
async function report(desk: Desk): Promise<void> {
  const title = t('Report a Vulnerability');
  const warning = t('Please do not disclose it publicly, and do not open a public issue about it.');
  const description = await ask(title, 1, warning, t('What is the issue?'));
  if (!description?.trim()) return;
  const steps = await ask(title, 2, t('How can it be reproduced?'), t('Step by step'));
  if (steps === undefined) return;
  const impact = await ask(title, 3, t('What could somebody do with it?'), t('Potential impact'));
  if (impact === undefined) return;
  const contact = await ask(title, 4, t('How can you be reached?'), t('Address or number'));
  if (contact === undefined) return;
  const { version } = desk.host.context.extension.packageJSON as { version: string };
  const text = [
    `# ${t('Vulnerability report')}`,
    `> ${t('Not sent yet. Read it, take out what should not leave this machine, and mail it to {0}.', ADDRESS)}`,
    `## ${t('Description')}\n\n${description}`,
    `## ${t('Steps to reproduce')}\n\n${steps}`,
    `## ${t('Potential impact')}\n\n${impact}`,
    `## ${t('Contact')}\n\n${contact}`,
    `## ${t('Versions')}\n\nCoWork OS ${version}, VS Code ${vscode.version}, ${platform()} ${release()} ${arch()}`,
  ].join('\n\n');
  const content = `${withoutFolders(desk.host.mask(text))}\n`;
  await vscode.window.showTextDocument(
    await vscode.workspace.openTextDocument({ content, language: 'markdown' }),
  );
  const open = t('Open Mail');
  const choice = await vscode.window.showInformationMessage(
    t(
      'The report is open here; nothing was sent. Paste it into a mail to {0}, which only its readers see.',
      ADDRESS,
    ),
    open,
  );
  if (choice === open) {
    const subject = encodeURIComponent('CoWork OS: vulnerability report');
    await vscode.env.openExternal(vscode.Uri.parse(`mailto:${ADDRESS}?subject=${subject}`));
  }
  inform(warning);
}

function withoutFolders(text: string): string {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return [...folders.map(({ uri }) => uri.fsPath), homedir()]
    .filter((path) => path.length > 1)
    .reduce(
      (result, path, index) => result.replaceAll(path, index < folders.length ? '<folder>' : '~'),
      text,
    );
}

export function incidentCommands(desk: Desk) {
  return {
    'cowork.security.reset': () => reset(desk),
    'cowork.security.report': () => report(desk),
  } satisfies Record<string, Handler>;
}
