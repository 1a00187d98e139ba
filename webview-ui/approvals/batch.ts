import { t } from '../../src/views/protocol/l10n';
import { type Button, button } from '../components';
import { clear, el, markedNodes, untrusted } from '../dom';
import { icon } from '../icons';
import type { Card } from './card';
import { riskIcon, riskText } from './words';

/** From this many on, looking at them one by one is what makes people stop looking. */
const MANY = 3;
/** For this long after something was chosen, nothing is approved. In milliseconds; as for a single card. */
const SETTLE_MS = 500;

export interface BatchActions {
  approve(cards: readonly Card[]): void;
  deny(cards: readonly Card[]): void;
  announce(text: string): void;
}

/** Requests of one person with one tool. */
export function similar(cards: readonly Card[]): readonly Card[] {
  const groups = new Map<string, Card[]>();
  for (const card of cards) {
    if (card.closed) continue;
    const key = `${card.data.who.key}\u0000${card.data.tool}`;
    groups.set(key, [...(groups.get(key) ?? []), card]);
  }
  const largest = [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  return largest.length >= MANY ? largest : [];
}

/**
 * Many similar requests in one list, each with its whole action and a box to tick. What needs a second look of its
 * own (a caution) can be denied here but not approved.
 */
export class Batch {
  readonly element = el('section', { class: 'batch' });
  private readonly chosen = new Set<string>();
  private open = false;
  private confirming = false;
  private cards: readonly Card[] = [];
  private changedAt = 0;
  private drawn = '';

  constructor(private readonly actions: BatchActions) {
    this.element.hidden = true;
  }

  /** Shows what is similar now; what was ticked stays ticked while it waits. */
  update(cards: readonly Card[]): void {
    this.cards = similar(cards);
    const keys = new Set(this.cards.map(({ key }) => key));
    for (const key of this.chosen) if (!keys.has(key)) this.chosen.delete(key);
    const now = JSON.stringify([...keys]);
    if (now === this.drawn) return;
    this.drawn = now;
    // Something else stands under the pointer: what was about to be confirmed is asked for again.
    this.confirming = false;
    this.draw();
  }

  private draw(): void {
    this.changedAt = performance.now();
    clear(this.element);
    this.element.hidden = this.cards.length === 0;
    if (this.element.hidden) {
      this.open = false;
      return;
    }
    const name = this.cards[0]?.data.who.displayName ?? '';
    const head = button({
      label: this.open ? t('Close the list') : t('Review {0} similar requests together', this.cards.length),
      className: 'wide',
      onPress: () => {
        this.open = !this.open;
        this.confirming = false;
        this.draw();
        this.element.querySelector<HTMLElement>('vscode-button')?.focus();
      },
    });
    this.element.append(head.element);
    if (!this.open) return;
    this.element.append(
      el('h2', {}, t('All of one person, with one tool:'), ' ', untrusted(name)),
      this.list(),
      this.confirming ? this.confirmation() : this.answers(),
    );
  }

  private list(): HTMLElement {
    const list = el('ul', { class: 'batch-list' });
    this.cards.forEach((card, index) => {
      const { data } = card;
      const id = `batch-${index}`;
      const box = el('input', { 'aria-labelledby': id });
      box.type = 'checkbox';
      box.checked = this.chosen.has(card.key);
      box.addEventListener('change', () => {
        if (box.checked) this.chosen.add(card.key);
        else this.chosen.delete(card.key);
        this.confirming = false;
        this.draw();
        this.element.querySelectorAll<HTMLElement>('input')[index]?.focus();
      });
      list.append(
        el(
          'li',
          {},
          box,
          el(
            'div',
            { id },
            el('span', { class: `risk ${data.risk}` }, icon(riskIcon(data.risk)), riskText(data.risk)),
            el('pre', { class: 'action', dir: 'ltr' }, ...markedNodes(data.action, data.marks)),
            data.cautions.length > 0 &&
              el('p', { class: 'quiet' }, t('Needs a look of its own: approve it on its card.')),
          ),
        ),
      );
    });
    return list;
  }

  private ticked(): readonly Card[] {
    return this.cards.filter(({ key }) => this.chosen.has(key));
  }

  private answers(): HTMLElement {
    const ticked = this.ticked();
    const calm = ticked.filter(({ data }) => data.cautions.length === 0);
    const all = button({
      label: t('Tick all'),
      className: 'wide',
      onPress: () => {
        for (const { key } of this.cards) this.chosen.add(key);
        this.draw();
      },
    });
    const approve = button({
      label: t('Approve {0} of these…', calm.length),
      onPress: () => {
        this.confirming = true;
        this.draw();
      },
    });
    const deny = button({
      label: t('Deny {0} of these', ticked.length),
      look: 'primary',
      onPress: () => {
        if (performance.now() - this.changedAt >= SETTLE_MS) this.actions.deny(ticked);
      },
    });
    approve.enable(calm.length > 0);
    deny.enable(ticked.length > 0);
    return row(all, approve, deny);
  }

  private confirmation(): HTMLElement {
    const calm = this.ticked().filter(({ data }) => data.cautions.length === 0);
    const question = t('Approve these {0} requests, each once?', calm.length);
    const back = button({
      label: t('Back'),
      look: 'primary',
      onPress: () => {
        this.confirming = false;
        this.draw();
      },
    });
    const go = button({
      label: t('Approve {0} requests', calm.length),
      className: 'wide danger',
      onPress: () => {
        if (performance.now() - this.changedAt < SETTLE_MS) return;
        this.confirming = false;
        this.actions.approve(calm);
      },
    });
    this.actions.announce(question);
    queueMicrotask(() => back.element.focus());
    const group = el(
      'div',
      { class: 'confirm', role: 'group', 'aria-label': question },
      el('h3', {}, question),
    );
    group.append(row(back, go));
    return group;
  }
}

function row(...buttons: readonly Button[]): HTMLElement {
  const element = el('div', { class: 'actions' });
  for (const item of buttons) element.append(item.element);
  return element;
}
