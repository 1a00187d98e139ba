import { t } from '../../src/views/protocol/l10n';
import { el } from '../dom';
import { duration } from '../time';

/** From this share on the bar warns. */
const NEARLY = 0.8;

/** How much of a task's time is used. Hidden when there is no limit. */
export class TimeBudget {
  readonly element = el('div', { class: 'budget' });
  private readonly text = el('span', { class: 'quiet' });
  private readonly fill = el('span', { class: 'budget-fill' });
  private readonly bar = el('span', { class: 'budget-bar', role: 'progressbar' }, this.fill);

  constructor() {
    this.element.hidden = true;
    this.element.append(this.text, this.bar);
  }

  /** Both in milliseconds. */
  show(spent: number, limit: number | undefined): void {
    this.element.hidden = limit === undefined || limit <= 0;
    if (limit === undefined || limit <= 0) return;
    const share = Math.min(1, spent / limit);
    const text = t('Time: {0} of {1}', duration(spent), duration(limit));
    this.text.textContent = text;
    this.fill.style.inlineSize = `${100 * share}%`;
    this.element.classList.toggle('nearly', share >= NEARLY);
    this.bar.setAttribute('aria-label', t('Time used'));
    this.bar.setAttribute('aria-valuemin', '0');
    this.bar.setAttribute('aria-valuemax', '100');
    this.bar.setAttribute('aria-valuenow', String(Math.round(100 * share)));
    this.bar.setAttribute('aria-valuetext', text);
  }
}
