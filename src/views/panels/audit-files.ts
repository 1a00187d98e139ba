import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { AuditApi, AuditFilter, ExportFormat } from '../../engine/api';
import { t } from '../protocol/l10n';

/** Where a save dialog starts: in the folder that is open, else at home. */
function suggested(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  return folder === undefined
    ? vscode.Uri.file(join(homedir(), name))
    : vscode.Uri.joinPath(folder.uri, name);
}

function stamp(now: Date): string {
  return now.toISOString().slice(0, 16).replace(/[-:]/g, '').replace('T', '-');
}

/** Asks for a format and a file, and writes the records of a filter there. The person can stop it. */
export async function exportRecords(audit: AuditApi, filter: AuditFilter): Promise<void> {
  const formats: readonly (vscode.QuickPickItem & { readonly format: ExportFormat; readonly end: string })[] =
    [
      {
        label: t('JSON Lines'),
        detail: t('Each record as it stands in the journal, with its hash. Can be verified.'),
        format: 'jsonl',
        end: 'jsonl',
      },
      { label: 'CSV', detail: t('A table for a spreadsheet.'), format: 'csv', end: 'csv' },
      {
        label: 'OCSF',
        detail: t('Events of the Open Cybersecurity Schema Framework, as lines of JSON.'),
        format: 'ocsf',
        end: 'ocsf.jsonl',
      },
      {
        label: 'CEF',
        detail: t('Events of the Common Event Format, for a SIEM.'),
        format: 'cef',
        end: 'cef',
      },
    ];
  const chosen = await vscode.window.showQuickPick(formats, {
    title: t('Export the audit'),
    placeHolder: t('Which format?'),
    matchOnDetail: true,
  });
  if (chosen === undefined) return;
  const target = await vscode.window.showSaveDialog({
    title: t('Export the audit'),
    saveLabel: t('Export'),
    defaultUri: suggested(`audit-${stamp(new Date())}.${chosen.end}`),
  });
  if (target === undefined) return;
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: t('Exporting the audit…'),
      cancellable: true,
    },
    async (progress, token) => {
      const stop = new AbortController();
      const listening = token.onCancellationRequested(() => stop.abort());
      let done = 0;
      try {
        const { records, masked } = await audit.export(
          filter,
          chosen.format,
          target.fsPath,
          (share) => {
            progress.report({ increment: Math.max(0, share * 100 - done) });
            done = Math.max(done, share * 100);
          },
          stop.signal,
        );
        void told(
          masked === 0
            ? t('{0} records were exported.', records)
            : t('{0} records were exported; in {1} of them a credential is masked.', records, masked),
          target,
        );
      } catch (error) {
        // What the person stopped needs no message of failure.
        if (!stop.signal.aborted) throw error;
        void vscode.window.showInformationMessage(t('The export was stopped. Nothing was written.'));
      } finally {
        listening.dispose();
      }
    },
  );
}

/** Asks for a file and writes a receipt there, with which somebody else can verify one record. */
export async function saveReceipt(audit: AuditApi, seq: number): Promise<void> {
  const { file } = await audit.receipt(seq);
  const target = await vscode.window.showSaveDialog({
    title: t('Save the receipt of record {0}', seq),
    saveLabel: t('Save'),
    defaultUri: suggested(`receipt-${seq}.json`),
  });
  if (target === undefined) return;
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(file));
  void told(t('The receipt was saved. “cowork audit receipt --check” verifies it.'), target);
}

async function told(text: string, target: vscode.Uri): Promise<void> {
  const open = t('Open');
  const choice = await vscode.window.showInformationMessage(text, open);
  if (choice === open) await vscode.commands.executeCommand('vscode.open', target);
}
