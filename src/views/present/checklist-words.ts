import type { ChecklistName, Severity, UpkeepTask } from '../../engine/model/posture';
import { t } from '../protocol/l10n';

/** The words of the Checklist as a person reads them. What a rule found is the engine's own sentence. */

export function severityText(severity: Severity): string {
  switch (severity) {
    case 'critical':
      return t('Critical');
    case 'high':
      return t('High');
    case 'medium':
      return t('Medium');
    case 'low':
      return t('Low');
    case 'info':
      return t('Good to know');
  }
}

export function listText(list: ChecklistName): string {
  switch (list) {
    case 'first-use':
      return t('Before first use');
    case 'external':
      return t('Before adding external channels');
    case 'maintenance':
      return t('Regular maintenance');
  }
}

export function taskText(task: UpkeepTask): string {
  switch (task) {
    case 'updates':
      return t('Check for updates');
    case 'users':
      return t('Review who has access');
    case 'audit':
      return t('Check the audit log');
    case 'permissions':
      return t('Review the permissions of tools');
    case 'credentials':
      return t('Rotate credentials');
    case 'drill':
      return t('Test the recovery procedures');
  }
}

/** Titles of the items, by id; one that is not known here keeps the engine's own. */
export function itemText(id: string, title: string): string {
  switch (id) {
    case 'first-use.updated':
      return t('Updated to the latest version');
    case 'first-use.defaults':
      return t('Reviewed the default settings');
    case 'first-use.permissions':
      return t('Configured the permissions of the workspace');
    case 'first-use.pairing':
      return t('Tested the pairing flow');
    case 'external.mode':
      return t('Security mode selected (pairing recommended)');
    case 'external.contexts':
      return t('Context policies configured');
    case 'external.tested':
      return t('Tested with limited users first');
    case 'external.documented':
      return t('Documented who has access');
    default:
      return taskOf(id) === undefined ? title : taskText(taskOf(id) as UpkeepTask);
  }
}

const TASKS: readonly UpkeepTask[] = ['updates', 'users', 'audit', 'permissions', 'credentials', 'drill'];

/** The regular task that an item of the third list is about. */
export function taskOf(id: string): UpkeepTask | undefined {
  return TASKS.find((task) => id === `maintenance.${task}`);
}
