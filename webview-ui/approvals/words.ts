import type { ApprovalCard, Risk } from '../../src/views/protocol/approvals';
import { t, template } from '../../src/views/protocol/l10n';
import { fill, untrusted } from '../dom';
import type { IconName } from '../icons';

export function riskText(risk: Risk): string {
  switch (risk) {
    case 'none':
      return t('No risk seen');
    case 'low':
      return t('Low risk');
    case 'medium':
      return t('Medium risk');
    case 'high':
      return t('High risk');
  }
}

export function riskIcon(risk: Risk): IconName {
  return risk === 'high' ? 'stop' : risk === 'medium' ? 'warning' : risk === 'low' ? 'info' : 'check';
}

/** Who wants what, with the name in an element of its own so that it cannot pass for the rest of the sentence. */
export function intent(card: ApprovalCard): DocumentFragment {
  const name = untrusted(card.who.displayName || card.who.sender);
  name.classList.add('name');
  switch (card.tool) {
    case 'run':
      return fill('{0} wants to run a command', name);
    case 'read':
      return fill('{0} wants to read a file', name);
    case 'write':
    case 'edit':
      return fill('{0} wants to change a file', name);
    case 'list':
      return fill('{0} wants to list a folder', name);
    case 'search':
      return fill('{0} wants to search the files', name);
    default:
      return fill('{0} wants to use the tool {1}', name, untrusted(card.tool));
  }
}

export function accessWord(access: 'read' | 'write' | 'delete'): string {
  return access === 'read' ? t('reads') : access === 'write' ? t('writes') : t('deletes');
}

export function scopeWord(scope: ApprovalCard['scopes'][number]['scope']): string {
  switch (scope) {
    case 'once':
      return t('Only this once');
    case 'task':
      return t('For the rest of this task');
    case 'until':
      return t('For a limited time');
    case 'always':
      return t('Always');
  }
}

/** `4:07` for the time until `expiresAt`; both in milliseconds of one clock. */
export function countdown(expiresAt: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((expiresAt - now) / 1000));
  return template('{0} left').replace(
    '{0}',
    `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`,
  );
}
