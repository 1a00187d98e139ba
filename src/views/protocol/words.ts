import { CHAT_CONTEXTS, type ChatContext, ROLES, type Role } from '../../engine/model/identity';
import { t } from './l10n';

/** Enumerations of the product in words that a person reads, for the extension and its webviews alike. */

export function roleText(role: Role): string {
  switch (role) {
    case 'owner':
      return t('owner');
    case 'approver':
      return t('approver');
    case 'member':
      return t('member');
    case 'observer':
      return t('observer');
  }
}

export function contextText(context: ChatContext): string {
  switch (context) {
    case 'dm':
      return t('direct message');
    case 'group':
      return t('group');
    case 'public':
      return t('public room');
  }
}

/** What is sent to a page is untrusted: a word that is no kind of conversation is shown as it is. */
export function contextWord(context: string): string {
  const known = CHAT_CONTEXTS.find((one) => one === context);
  return known === undefined ? context : contextText(known);
}

/** As `contextWord`, for roles. */
export function roleWord(role: string): string {
  const known = ROLES.find((one) => one === role);
  return known === undefined ? role : roleText(known);
}
