import type { PageCommand, PageEngineState } from '../src/views/protocol/common';
import { t } from '../src/views/protocol/l10n';
import { type Button, button } from './components';

/** What a person can do while the engine does not work, the first thing to try first. */
export function waysOn(kind: PageEngineState['kind'], run: (command: PageCommand) => void): Button[] {
  const act = (label: string, command: PageCommand, look: 'primary' | 'secondary' = 'primary') =>
    button({ label, look, onPress: () => run(command) });
  switch (kind) {
    case 'no-folder':
      return [act(t('Open Folder'), 'openFolder')];
    case 'restricted':
      return [act(t('Manage Workspace Trust'), 'manageTrust')];
    case 'held':
    case 'failed':
      return [act(t('Try Again'), 'retry'), act(t('Show Log'), 'showLog', 'secondary')];
    case 'paused':
      return [act(t('Resume'), 'resume')];
    case 'starting':
    case 'ready':
      return [];
  }
}
