import * as vscode from 'vscode';
import { t } from '../protocol/l10n';
import type { SavedFilters } from '../saved-filters';

function askName(saved: SavedFilters, title: string, value: string, instead?: string) {
  return vscode.window.showInputBox({
    title,
    prompt: t('A name to find it by.'),
    value,
    validateInput: (name) => {
      switch (saved.fault(name, instead)) {
        case 'empty':
          return t('Give it a name.');
        case 'long':
          return t('That name is too long.');
        case 'taken':
          return t('There is a filter of that name already.');
        default:
          return undefined;
      }
    },
  });
}

/** Asks for a name and keeps a filter under it. True when it was kept. */
export async function saveFilter(saved: SavedFilters, filter: string): Promise<boolean> {
  const name = await askName(saved, t('Save the filter'), '');
  if (name === undefined || saved.fault(name) !== undefined) return false;
  await saved.save(name, filter);
  return true;
}

/** Asks what to do with a saved filter, and does it. True when something has changed. */
export async function manageFilter(saved: SavedFilters, name: string): Promise<boolean> {
  const found = saved.list().find((filter) => filter.name === name);
  if (found === undefined) return false;
  const rename = { label: t('Rename…') };
  const remove = { label: t('Delete') };
  const chosen = await vscode.window.showQuickPick([rename, remove], {
    title: found.name,
    placeHolder: found.filter,
  });
  if (chosen === remove) {
    await saved.remove(name);
    return true;
  }
  if (chosen !== rename) return false;
  const next = await askName(saved, t('Rename the filter'), name, name);
  if (next === undefined || saved.fault(next, name) !== undefined) return false;
  await saved.rename(name, next);
  return true;
}
