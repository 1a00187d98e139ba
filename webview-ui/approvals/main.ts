import {
  type ApprovalsFromPage,
  type ApprovalsState,
  type ApprovalsToPage,
  approvalsToPage,
} from '../../src/views/protocol/approvals';
import { t } from '../../src/views/protocol/l10n';
import { flat } from '../../src/views/protocol/marks';
import { Announcer } from '../components';
import { byId, clear, el } from '../dom';
import { Host, useLocale } from '../host';
import '../base.css';
import './style.css';
import { Batch } from './batch';
import { Card, type CardActions, type Consequence } from './card';
import { empty } from './empty';
import { cardKey, reconcile } from './reconcile';

const TICK_MS = 1000;

/** The page of the requests that wait for an answer. */
class ApprovalsPage {
  private readonly root = byId('root');
  private readonly host = new Host<ApprovalsToPage, ApprovalsFromPage>(approvalsToPage, (message) =>
    this.receive(message),
  );
  private readonly announcer = new Announcer(document.body);
  private readonly list = el('div', { class: 'deck', role: 'feed' });
  private readonly nothing = el('div', {});
  private readonly help = el('div', { class: 'help', role: 'note' });
  private readonly cards = new Map<string, Card>();
  private readonly batch = new Batch({
    approve: (cards) => {
      for (const card of cards) this.actions.approve(card, 0);
    },
    deny: (cards) => {
      for (const card of cards) this.actions.deny(card, 'deny');
    },
    announce: (text) => this.announcer.say(text),
  });
  private readonly asked = new Map<number, { readonly card: Card; readonly done: string }>();
  private state: ApprovalsState | undefined;
  private clockOffset = 0;
  private requests = 0;
  private hovered = false;
  private wantedToReveal: string | undefined;

  constructor() {
    this.help.hidden = true;
    this.root.append(this.nothing, this.help, this.batch.element, this.list);
    this.list.addEventListener('pointerenter', () => {
      this.hovered = true;
    });
    this.list.addEventListener('pointerleave', () => {
      this.hovered = false;
      this.draw();
    });
    this.list.addEventListener('focusout', () => setTimeout(() => this.draw()));
    document.addEventListener('wheel', () => this.moved(), { passive: true });
    document.addEventListener('keydown', (event) => this.key(event));
    setInterval(() => this.tick(), TICK_MS);
    this.host.post({ type: 'ready' });
  }

  private receive(message: ApprovalsToPage): void {
    switch (message.type) {
      case 'state':
        useLocale(message.locale);
        this.clockOffset = message.now - Date.now();
        this.state = message;
        this.list.setAttribute('aria-label', t('Requests that wait for your approval'));
        this.draw();
        return;
      case 'reveal':
        this.wantedToReveal = message.id;
        this.reveal();
        return;
      case 'forecast': {
        const asked = [...this.cards.values()].filter(({ data }) => data.id === message.id);
        for (const card of asked) card.forecast(message.pattern, message.forecast);
        return;
      }
      case 'result': {
        const asked = this.asked.get(message.requestId);
        this.asked.delete(message.requestId);
        if (asked === undefined) return;
        if (message.ok) {
          asked.card.close(asked.done);
          this.forget(asked.card.key);
          this.announcer.say(asked.done);
        } else {
          asked.card.failed(message.message);
          this.announcer.alert(message.message);
        }
        this.draw();
      }
    }
  }

  /** The state that follows an answer may still be under way; until then the old one would bring the card back. */
  private forget(key: string): void {
    if (this.state === undefined) return;
    this.state = { ...this.state, cards: this.state.cards.filter((card) => cardKey(card) !== key) };
  }

  private draw(): void {
    const { state } = this;
    if (state === undefined) return;
    const data = new Map(state.cards.map((card) => [cardKey(card), card]));
    const shown = [...this.cards.values()].map((card) => ({
      key: card.key,
      closed: card.closed,
      held: this.hovered || (!card.closed && card.element.contains(document.activeElement)),
    }));
    const changes = reconcile(shown, [...data.keys()]);
    for (const key of changes.close) this.cards.get(key)?.close(this.whyGone(key));
    const focusWas = this.focused();
    for (const key of changes.remove) this.remove(key);
    for (const key of changes.add) {
      const card = data.get(key);
      if (card === undefined) continue;
      // A card that was closed too early (an answer that crossed with news) makes room for the living one.
      this.remove(key);
      const added = new Card(key, card, this.actions);
      this.cards.set(key, added);
      this.list.append(added.element);
      const name = flat(card.who.displayName || card.who.sender);
      this.announcer.say(t('New request from {0}: {1}', name, flat(card.action)));
    }
    if (changes.remove.length > 0) this.moved();
    if (focusWas !== undefined && !focusWas.isConnected) this.focusNear();
    this.number();
    this.batch.update([...this.cards.values()]);
    clear(this.nothing);
    if (this.cards.size === 0) {
      this.nothing.append(empty(state, (name) => this.host.post({ type: 'command', name })));
    }
    this.tick();
    this.reveal();
  }

  /** A request that was shown is gone: it changed, or somebody else answered, or its time is over. */
  private whyGone(key: string): string {
    const card = this.cards.get(key);
    const id = card?.data.id;
    if (this.state?.cards.some((other) => other.id === id)) {
      return t('This request has changed. The new one is below; look at it as if you had not seen this one.');
    }
    if (card !== undefined && Date.now() + this.clockOffset >= card.data.expiresAt) {
      return t('This request has expired. Nothing was done.');
    }
    return t('This request no longer waits: it was answered or withdrawn.');
  }

  private remove(key: string): void {
    this.cards.get(key)?.element.remove();
    this.cards.delete(key);
  }

  private number(): void {
    const size = String(this.cards.size);
    let position = 0;
    for (const { element } of this.cards.values()) {
      position += 1;
      element.setAttribute('aria-posinset', String(position));
      element.setAttribute('aria-setsize', size);
    }
  }

  private readonly actions: CardActions = {
    approve: (card, index) => {
      const choice = card.data.scopes[index];
      const requestId = this.ask(card, t('Approved.'));
      this.host.post({
        type: 'approve',
        requestId,
        id: card.data.id,
        bindingHash: card.data.bindingHash,
        scope: choice?.scope ?? 'once',
        ...(choice?.pattern === undefined ? {} : { pattern: choice.pattern }),
      });
    },
    deny: (card, consequence) => {
      const requestId = this.ask(card, denied(consequence));
      this.host.post({ type: 'deny', requestId, id: card.data.id, consequence });
    },
    openTask: (taskId) => this.host.post({ type: 'openTask', taskId }),
    copy: (id) => this.host.post({ type: 'copy', id }),
    compare: (id) => this.host.post({ type: 'compare', id }),
    openAudit: (taskId) => this.host.post({ type: 'openAudit', taskId }),
    askForecast: (id, pattern) => this.host.post({ type: 'forecast', id, pattern }),
    announce: (text) => this.announcer.say(text),
  };

  private ask(card: Card, done: string): number {
    this.requests += 1;
    this.asked.set(this.requests, { card, done });
    card.working();
    card.element.focus();
    return this.requests;
  }

  private tick(): void {
    const now = Date.now() + this.clockOffset;
    for (const card of this.cards.values()) card.tick(now);
  }

  private reveal(): void {
    if (this.wantedToReveal === undefined) return;
    const card = [...this.cards.values()].find(
      (candidate) => candidate.data.id === this.wantedToReveal && !candidate.closed,
    );
    if (card === undefined) return;
    this.wantedToReveal = undefined;
    card.element.scrollIntoView({ block: 'nearest' });
    card.element.focus();
  }

  private moved(): void {
    for (const card of this.cards.values()) card.moved();
  }

  private focused(): HTMLElement | undefined {
    return [...this.cards.values()].find((card) => card.element.contains(document.activeElement))?.element;
  }

  private focusNear(): void {
    const open = [...this.cards.values()].find((card) => !card.closed);
    (open?.element ?? this.nothing.querySelector<HTMLElement>('vscode-button'))?.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement) return;
    if (event.key === '?') {
      this.toggleHelp();
      return;
    }
    const cards = [...this.cards.values()];
    const index = cards.findIndex((card) => card.element.contains(document.activeElement));
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const next = cards[index === -1 ? (step > 0 ? 0 : cards.length - 1) : index + step];
      // Inside a block that scrolls, the arrows scroll.
      if (next === undefined || (event.target instanceof HTMLPreElement && scrolls(event.target))) return;
      event.preventDefault();
      next.element.focus();
      next.element.scrollIntoView({ block: 'nearest' });
      return;
    }
    const card = cards[index];
    if (card === undefined || event.repeat) return;
    const key = event.key.toLowerCase();
    const press = key === 'a' ? 'approve' : key === 'd' ? 'deny' : key === 'escape' ? 'back' : undefined;
    if (press === undefined) return;
    event.preventDefault();
    card.press(press);
  }

  private toggleHelp(): void {
    this.help.hidden = !this.help.hidden;
    clear(this.help);
    if (this.help.hidden) return;
    const rows: readonly (readonly [string, string])[] = [
      ['A', t('Approve the request that has the focus')],
      ['D', t('Deny it')],
      ['↑ ↓', t('Go to the request before or after')],
      ['Esc', t('Back from a second step')],
      ['?', t('Show or hide this help')],
    ];
    const list = el('dl', { class: 'keys' });
    for (const [keys, meaning] of rows) list.append(el('dt', {}, el('kbd', {}, keys)), el('dd', {}, meaning));
    this.help.append(el('h2', {}, t('Keyboard')), list);
    this.announcer.say(rows.map(([keys, meaning]) => `${keys}: ${meaning}`).join('. '));
  }
}

function scrolls(element: HTMLElement): boolean {
  return element.scrollHeight > element.clientHeight;
}

function denied(consequence: Consequence): string {
  switch (consequence) {
    case 'deny':
      return t('Denied.');
    case 'cancel-task':
      return t('Denied, and the task is cancelled.');
    case 'revoke-user':
      return t('Denied, and the person’s access is revoked.');
  }
}

new ApprovalsPage();
