import { t } from '../../src/views/protocol/l10n';
import { clear, el } from '../dom';
import { buckets, type Figures } from './charts';

/**
 * A strip of bars above the table: how much happened when, and how much of it was denied. A bar narrows the filter
 * to its hour or day. One stop for the Tab key; arrows walk along it.
 */
export class Timeline {
  readonly element = el('div', { class: 'timeline', role: 'toolbar' });
  private at = 0;

  /** `narrow` gets the beginning and the end of what was chosen, in milliseconds since the epoch. */
  constructor(private readonly narrow: (from: number, to: number) => void) {
    this.element.setAttribute('aria-label', t('Timeline'));
    this.element.hidden = true;
    this.element.addEventListener('keydown', (event) => this.key(event));
  }

  show(figures: Figures): void {
    const hadFocus = this.element.contains(document.activeElement);
    const times = buckets(figures);
    const all = sums(figures.activity);
    const decided = sums(figures.decisions);
    const denied = sums(figures.decisions.filter(({ series }) => series === 'deny'));
    // Decisions are the engine's own and have no channel, so that nothing is counted twice.
    const count = (at: number) => (all.get(at) ?? 0) + (decided.get(at) ?? 0);
    const most = Math.max(1, ...times.map(({ at }) => count(at)));
    const unit = figures.bucket === 'day' ? 86_400_000 : 3_600_000;
    clear(this.element);
    this.element.hidden = times.length < 2;
    this.at = Math.min(this.at, times.length - 1);
    times.forEach(({ at, label }, index) => {
      const bad = denied.get(at) ?? 0;
      const name =
        bad === 0
          ? t('{0}: {1} events', label, count(at))
          : t('{0}: {1} events, {2} denied', label, count(at), bad);
      const bar = el('button', {
        class: 'time',
        title: name,
        'aria-label': name,
        tabindex: index === this.at ? '0' : '-1',
      });
      bar.type = 'button';
      const fill = el('span', { class: 'time-all' });
      fill.style.blockSize = `${(100 * count(at)) / most}%`;
      const part = el('span', { class: 'time-denied' });
      part.style.blockSize = `${(100 * bad) / most}%`;
      bar.append(fill, part);
      bar.addEventListener('click', () => this.narrow(at, at + unit));
      this.element.append(bar);
    });
    if (hadFocus) this.focus(this.at);
  }

  private focus(index: number): void {
    const bars = [...this.element.querySelectorAll('button')];
    this.at = Math.max(0, Math.min(bars.length - 1, index));
    bars.forEach((bar, place) => {
      bar.tabIndex = place === this.at ? 0 : -1;
    });
    bars[this.at]?.focus();
  }

  private key(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: this.at + 1,
      ArrowLeft: this.at - 1,
      Home: 0,
      End: this.element.children.length - 1,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.focus(next);
  }
}

function sums(points: Figures['activity']): ReadonlyMap<number, number> {
  const result = new Map<number, number>();
  for (const { at, count } of points) result.set(at, (result.get(at) ?? 0) + count);
  return result;
}
