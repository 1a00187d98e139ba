import type { ApprovalCard, ApprovalsFromPage, Forecast } from '../../src/views/protocol/approvals';
import { t } from '../../src/views/protocol/l10n';
import { contextWord } from '../../src/views/protocol/words';
import { type Button, busy, button, select } from '../components';
import { append, clear, el } from '../dom';
import { icon } from '../icons';
import { actionBlock, facts, markWarning, outlook, parts } from './facts';
import { countdown, intent, riskIcon, riskText, scopeWord } from './words';

export type Consequence = Extract<ApprovalsFromPage, { type: 'deny' }>['consequence'];

export interface CardActions {
  approve(card: Card, scope: number): void;
  deny(card: Card, consequence: Consequence): void;
  openTask(taskId: string): void;
  copy(id: string): void;
  /** Lays what would be written beside what is there. */
  compare(id: string): void;
  openAudit(taskId: string): void;
  /** Asks what a choice would have let through; the answer comes to `forecast`. */
  askForecast(id: string, pattern: string): void;
  /** Something that nobody sees must be said. */
  announce(text: string): void;
}

/**
 * For this long after a card appeared or moved, approving is not taken: a click that was meant for something else
 * must not land on it. In milliseconds; longer than a double click.
 */
const SETTLE_MS = 500;
/** Below this, the countdown is shown as urgent. In milliseconds. */
const URGENT_MS = 60_000;

/** One request: all that is known of it, and the buttons that answer it. */
export class Card {
  readonly element: HTMLElement;
  private readonly timer = el('span', { class: 'timer', role: 'timer' });
  private readonly footer = el('div', { class: 'answer' });
  private readonly status = el('div', { class: 'status', role: 'status' });
  private readonly block: HTMLElement;
  private settledAt = Number.POSITIVE_INFINITY;
  private scope = 0;
  private readonly outlook = el('div', { class: 'outlook', 'aria-live': 'polite' });
  private readonly forecasts = new Map<string, Forecast | undefined>();
  private state: 'open' | 'confirming' | 'busy' | 'closed' = 'open';

  constructor(
    readonly key: string,
    readonly data: ApprovalCard,
    private readonly actions: CardActions,
  ) {
    const title = `card-${data.id}`;
    const heading = el('h2', { id: title, class: 'intent' }, intent(data));
    this.block = actionBlock(data);
    this.element = el(
      'article',
      { class: `card ${data.risk}`, tabindex: '0', 'aria-labelledby': title },
      el(
        'header',
        {},
        el('span', { class: `risk ${data.risk}` }, icon(riskIcon(data.risk)), riskText(data.risk)),
        this.timer,
        el('span', { class: 'place' }, `${data.where.channel}, ${contextWord(data.where.context)}`),
      ),
      heading,
      this.block,
    );
    append(this.element, [
      markWarning(data),
      parts(data),
      facts(data, () => this.actions.openAudit(data.taskId)),
      this.links(),
      this.footer,
      this.status,
    ]);
    this.drawAnswer();
    this.moved();
  }

  get closed(): boolean {
    return this.state === 'closed';
  }

  tick(now: number): void {
    if (this.closed) return;
    this.timer.textContent = countdown(this.data.expiresAt, now);
    this.timer.classList.toggle('urgent', this.data.expiresAt - now < URGENT_MS);
  }

  /** The list changed or was scrolled: what is under the pointer now may be another button than before. */
  moved(): void {
    this.settledAt = Number.POSITIVE_INFINITY;
    // Counted from when it can be seen; a page that is hidden draws no frame and takes no approval.
    requestAnimationFrame(() => {
      this.settledAt = performance.now() + SETTLE_MS;
    });
  }

  /** The keyboard's way to the same buttons. */
  press(key: 'approve' | 'deny' | 'back'): void {
    if (this.state === 'open' && key === 'approve') this.askApprove();
    else if (this.state === 'open' && key === 'deny') this.actions.deny(this, 'deny');
    else if (this.state === 'confirming' && key === 'back') this.back();
  }

  working(): void {
    this.state = 'busy';
    clear(this.footer);
    this.footer.append(busy(t('Recording your answer…')));
  }

  /** The answer was not taken; the person may try again. */
  failed(message: string): void {
    if (this.closed) return;
    this.state = 'open';
    this.drawAnswer();
    this.status.className = 'status bad';
    this.status.textContent = message;
  }

  /** The request waits no more. The card stays where it is, without buttons, until it may be taken away. */
  close(message: string): void {
    this.state = 'closed';
    this.element.classList.add('closed');
    this.timer.textContent = '';
    clear(this.footer);
    this.status.className = 'status';
    this.status.textContent = message;
  }

  private links(): HTMLElement {
    return el(
      'div',
      { class: 'links' },
      button({
        label: t('Open task'),
        look: 'secondary',
        className: 'link',
        onPress: () => this.actions.openTask(this.data.taskId),
      }).element,
      this.data.comparable &&
        button({
          label: t('Compare with the file'),
          look: 'secondary',
          className: 'link',
          onPress: () => this.actions.compare(this.data.id),
        }).element,
      button({
        label: t('Copy action'),
        look: 'secondary',
        className: 'link',
        onPress: () => {
          this.actions.copy(this.data.id);
          this.actions.announce(t('The action is in the clipboard.'));
        },
      }).element,
    );
  }

  private drawAnswer(): void {
    clear(this.footer);
    this.status.textContent = '';
    const { scopes } = this.data;
    if (scopes.length > 1) {
      const allows = el('p', { class: 'quiet allows' }, scopes[this.scope]?.allows ?? '');
      const choice = select(
        t('What approving allows'),
        scopes.map((item, index) => ({ value: String(index), label: scopeWord(item.scope) })),
        (value) => {
          this.scope = Number(value);
          allows.textContent = scopes[this.scope]?.allows ?? '';
          this.look();
        },
      );
      choice.value = String(this.scope);
      this.footer.append(el('div', { class: 'scope' }, choice, allows, this.outlook));
      this.look();
    }
    const calm = this.data.cautions.length === 0;
    const approve = button({
      label: t('Approve'),
      look: calm ? 'primary' : 'secondary',
      className: 'approve',
      onPress: () => this.askApprove(),
    });
    const deny = button({
      label: t('Deny'),
      look: calm ? 'secondary' : 'primary',
      className: 'deny',
      onPress: () => this.actions.deny(this, 'deny'),
    });
    const cancelTask = button({
      label: t('Deny and cancel task'),
      className: 'wide',
      onPress: () => this.actions.deny(this, 'cancel-task'),
    });
    const revoke = button({
      label: t('Deny and revoke user…'),
      className: 'wide',
      onPress: () =>
        this.confirm(
          t('Take away this person’s access?'),
          [t('Their tasks are cancelled and they get no answer any more.')],
          t('Deny and revoke'),
          () => this.actions.deny(this, 'revoke-user'),
        ),
    });
    const answers = row(approve, deny);
    answers.classList.add('sticky');
    this.footer.append(answers, row(cancelTask, revoke));
  }

  /** What the choice that is selected would have let through. */
  forecast(pattern: string, found: Forecast | undefined): void {
    this.forecasts.set(pattern, found);
    this.look();
  }

  private look(): void {
    clear(this.outlook);
    const pattern = this.data.scopes[this.scope]?.pattern;
    if (pattern === undefined) return;
    if (!this.forecasts.has(pattern)) {
      this.outlook.append(busy(t('Looking at the past…')));
      this.actions.askForecast(this.data.id, pattern);
      return;
    }
    const found = this.forecasts.get(pattern);
    if (found !== undefined) this.outlook.append(...outlook(found));
  }

  private askApprove(): void {
    if (performance.now() < this.settledAt) {
      this.actions.announce(t('The list has just changed. Look again before you approve.'));
      return;
    }
    const { cautions, scopes } = this.data;
    const scope = scopes[this.scope];
    const reasons = [...cautions];
    if (scope?.scope === 'always')
      reasons.push(t('From now on this is done without asking: {0}', scope.allows));
    if (reasons.length === 0) this.actions.approve(this, this.scope);
    else {
      this.confirm(t('Approve this?'), reasons, t('Approve anyway'), () => {
        if (this.readToEnd()) this.actions.approve(this, this.scope);
      });
    }
  }

  /** A block that scrolls must have been scrolled to its end before it is approved. */
  private readToEnd(): boolean {
    const { scrollHeight, clientHeight, scrollTop } = this.block;
    if (scrollHeight - clientHeight - scrollTop < 4) return true;
    this.status.className = 'status bad';
    this.status.textContent = t('Scroll the action to its end first.');
    this.block.focus();
    return false;
  }

  /** A second, deliberate step. The way back has the focus, and stands where the first button stood. */
  private confirm(question: string, reasons: readonly string[], label: string, go: () => void): void {
    this.state = 'confirming';
    const armedAt = performance.now() + SETTLE_MS;
    const back = button({ label: t('Back'), look: 'primary', onPress: () => this.back() });
    const proceed = button({
      label,
      className: 'wide danger',
      onPress: () => {
        if (performance.now() >= armedAt) go();
      },
    });
    const list = el('ul', { class: 'reasons' });
    for (const reason of reasons) list.append(el('li', {}, icon('warning'), el('span', {}, reason)));
    const group = el(
      'div',
      { class: 'confirm', role: 'group', 'aria-label': question },
      el('h3', {}, question),
      list,
    );
    group.append(row(back), row(proceed));
    clear(this.footer);
    this.footer.append(group);
    this.actions.announce(`${question} ${reasons.join(' ')}`);
    back.element.focus();
  }

  private back(): void {
    this.state = 'open';
    this.drawAnswer();
    this.element.focus();
  }
}

function row(...buttons: readonly Button[]): HTMLElement {
  const element = el('div', { class: 'actions' });
  append(
    element,
    buttons.map((item) => item.element),
  );
  return element;
}
