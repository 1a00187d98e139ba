import type { ApprovalsState } from '../../src/views/protocol/approvals';
import type { PageCommand } from '../../src/views/protocol/common';
import { t } from '../../src/views/protocol/l10n';
import { button, emptyState } from '../components';
import { waysOn } from '../ways-on';

/** What is the case when nothing waits, and what to do next. */
export function empty(state: ApprovalsState, run: (command: PageCommand) => void): HTMLElement {
  const act = (label: string, command: PageCommand, look: 'primary' | 'secondary' = 'primary') =>
    button({ label, look, onPress: () => run(command) });
  const { detail, kind } = state.engine;
  const ways = waysOn(kind, run);
  switch (kind) {
    case 'no-folder':
      return emptyState(
        'folder',
        t('No folder is open'),
        [t('CoWork OS works in one folder. Open the folder that the agent may work in.')],
        ways,
      );
    case 'restricted':
      return emptyState(
        'shield',
        t('Restricted Mode'),
        [
          t(
            'Channels and tools stay off until you trust this folder, because the agent would act on what is in it.',
          ),
        ],
        ways,
      );
    case 'starting':
      return emptyState('clock', t('Starting'), [detail], []);
    case 'held':
      return emptyState(
        'key',
        t('Another window works here'),
        [detail, t('Only one window may, so that the record has one writer.')],
        ways,
      );
    case 'failed':
      return emptyState(
        'stop',
        t('CoWork OS has stopped'),
        [detail, t('Nothing is done until this is mended.')],
        ways,
      );
    case 'paused':
      return emptyState(
        'pause',
        t('Everything is paused'),
        [detail, t('Nothing runs and nobody is answered until you resume.')],
        ways,
      );
    case 'ready':
      if (state.setup.users === 0) {
        return emptyState(
          'key',
          t('Nobody has access yet'),
          [
            t(
              'Generate a pairing code and show it to the person who should have access. They send it to the bot in their chat.',
            ),
            t('Try it with yourself first: the local chat plays the other person.'),
          ],
          [
            act(t('Generate Pairing Code'), 'generateCode'),
            act(t('Open Local Chat'), 'openChat', 'secondary'),
            act(t('Before First Use'), 'openWalkthrough', 'secondary'),
          ],
        );
      }
      return emptyState(
        'check',
        t('Nothing waits for you'),
        [
          t(
            'When somebody asks for something that needs your approval, it appears here with the whole command.',
          ),
        ],
        [],
      );
  }
}
