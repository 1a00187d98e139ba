import type { VerifyState } from '../../src/views/protocol/audit';
import { t } from '../../src/views/protocol/l10n';
import { busy, button } from '../components';
import { clear, el } from '../dom';
import { icon } from '../icons';

/** The result of a check, and the way to the damaged place. */
export class VerifyBanner {
  readonly element = el('div', { class: 'verify', role: 'status' });

  constructor(
    private readonly goTo: (seq: number) => void,
    private readonly stop: () => void,
  ) {
    this.element.hidden = true;
  }

  show(state: VerifyState): void {
    const { element } = this;
    element.hidden = false;
    element.className = `verify ${state.state}`;
    clear(element);
    switch (state.state) {
      case 'running':
        element.append(
          busy(t('Checking… {0} records so far', state.records)),
          button({ label: t('Stop'), onPress: this.stop }).element,
        );
        return;
      case 'intact':
        element.append(
          icon('check', 'good'),
          el(
            'div',
            {},
            el('strong', {}, t('Intact.')),
            ' ',
            t('All {0} records are as they were written, up to number {1}.', state.records, state.lastSeq),
            el('div', { class: 'quiet hash' }, `${t('Head')} `, el('code', { dir: 'ltr' }, state.headHash)),
          ),
        );
        return;
      case 'damaged':
        this.damaged(state);
        return;
      case 'stopped':
        element.append(icon('info'), el('span', {}, state.message));
    }
  }

  private damaged(state: Extract<VerifyState, { state: 'damaged' }>): void {
    const { seq } = state;
    const place =
      seq === null
        ? t('Place: {0}, line {1}', state.segment, state.line)
        : t('Place: record {0}, in {1}, line {2}', seq, state.segment, state.line);
    this.element.append(
      icon('stop', 'bad'),
      el(
        'div',
        {},
        el('strong', {}, t('Not intact.')),
        ' ',
        state.problem,
        el('div', {}, place),
        el(
          'div',
          { class: 'quiet' },
          t('The {0} records before it are as they were written.', state.records),
        ),
      ),
    );
    if (seq !== null)
      this.element.append(button({ label: t('Go to the place'), onPress: () => this.goTo(seq) }).element);
  }
}
