import { FILTER_KEYS } from '../../src/views/protocol/filter-words';
import { t } from '../../src/views/protocol/l10n';
import { flat } from '../../src/views/protocol/marks';
import { button, textInput, toggle } from '../components';
import { clear, el, untrusted } from '../dom';
import { icon } from '../icons';
import { complete, furtherTerms, hasTerm, keyHelp, quickFilters, type Vocabulary, withTerm } from './chips';
import { Suggestions } from './suggest';

/** Typing is over when nothing was typed for this long, in milliseconds. */
const TYPING_MS = 250;

interface FilterEvents {
  onFilter(text: string): void;
  onSave(text: string): void;
  onManage(name: string): void;
}

type Saved = readonly { readonly name: string; readonly filter: string }[];

/** The filter as text, as chips and by saved name: three views of the same words. */
export class FilterBar {
  /** The box, and what stands beside it. */
  readonly box: HTMLElement;
  readonly chips = el('div', { class: 'chips', role: 'group' });
  readonly help = el('section', { class: 'help', id: 'filter-help' });
  readonly problem = el('p', { class: 'problem', id: 'filter-problem', role: 'alert' });
  private readonly input: HTMLInputElement;
  private readonly suggestions: Suggestions;
  private known: Vocabulary = { types: [], channels: [], tools: [], users: [] };
  private saved: Saved = [];
  private typing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly events: FilterEvents,
    value: string,
  ) {
    const { element, input } = textInput({
      label: t('Filter the records'),
      placeholder: t('Filter, for example: effect:deny after:2d'),
      value,
      describedBy: 'filter-problem',
      onInput: () => this.typed(),
    });
    this.input = input;
    this.suggestions = new Suggestions(
      input,
      (text, caret) => complete(text, caret, this.known),
      () => this.typed(),
    );
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.defaultPrevented) this.run();
    });
    element.append(this.suggestions.list);
    this.chips.setAttribute('aria-label', t('Common filters'));
    this.help.hidden = true;
    this.help.setAttribute('aria-label', t('How to filter'));
    this.box = el('div', { class: 'filter-box' }, element, this.helpButton(), this.saveButton());
    this.drawHelp();
  }

  get value(): string {
    return this.input.value;
  }

  /** Shows another text without asking for it. */
  set value(text: string) {
    clearTimeout(this.typing);
    this.input.value = text;
    this.suggestions.close();
    this.drawChips();
  }

  /** What the box may complete, and the filters that have names. */
  know(known: Vocabulary, saved: Saved): void {
    this.known = known;
    this.saved = saved;
    this.drawChips();
  }

  /** The filter was not understood, or was again. */
  fault(message: string, inFilter: boolean): void {
    this.problem.textContent = message;
    if (inFilter) this.input.setAttribute('aria-invalid', 'true');
    else this.input.removeAttribute('aria-invalid');
  }

  /** Puts a term into the filter and asks for it. */
  only(term: string): void {
    this.ask(withTerm(this.value, term, true));
  }

  private ask(text: string): void {
    this.value = text;
    this.events.onFilter(text);
  }

  private typed(): void {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.run(), TYPING_MS);
  }

  private run(): void {
    clearTimeout(this.typing);
    this.drawChips();
    this.events.onFilter(this.value);
  }

  private helpButton(): HTMLElement {
    const control = el('button', {
      class: 'toggle square',
      title: t('How to filter'),
      'aria-label': t('How to filter'),
      'aria-expanded': 'false',
      'aria-controls': 'filter-help',
    });
    control.type = 'button';
    control.append('?');
    control.addEventListener('click', () => {
      this.help.hidden = !this.help.hidden;
      control.setAttribute('aria-expanded', String(!this.help.hidden));
    });
    return control;
  }

  private saveButton(): HTMLElement {
    return button({
      label: t('Save…'),
      name: t('Save… the filter under a name'),
      onPress: () => this.value.trim() !== '' && this.events.onSave(this.value),
    }).element;
  }

  private drawHelp(): void {
    const list = el('dl', {});
    const help = keyHelp();
    for (const key of FILTER_KEYS) list.append(el('dt', {}, `${key}:`), el('dd', {}, help[key]));
    list.append(
      el('dt', {}, '"npm test"'),
      el('dd', {}, t('Words and phrases to look for; all of them must occur')),
    );
    this.help.append(
      list,
      el(
        'p',
        { class: 'quiet' },
        t('Each term narrows what the others find; several “type:” widen each other.'),
      ),
      el(
        'p',
        { class: 'quiet' },
        t('For example: {0}', 'user:telegram:7001:84512 effect:deny tool:run after:2d'),
      ),
    );
  }

  private drawChips(): void {
    const { chips, value } = this;
    const hadFocus = [...chips.querySelectorAll<Element>('button')].indexOf(document.activeElement ?? chips);
    clear(chips);
    for (const { label, term } of quickFilters()) {
      chips.append(toggle(label, hasTerm(value, term), (on) => this.ask(withTerm(this.value, term, on))));
    }
    for (const term of furtherTerms(value)) chips.append(this.termChip(term));
    for (const { name, filter } of this.saved) chips.append(this.savedChip(name, filter));
    if (hadFocus >= 0) {
      const all = [...chips.querySelectorAll('button')];
      all[Math.min(hadFocus, all.length - 1)]?.focus();
    }
  }

  /** A term that stands in the text; a press takes it out. */
  private termChip(term: string): HTMLElement {
    const chip = el('button', { class: 'toggle term', 'aria-label': t('Remove {0}', flat(term)) });
    chip.type = 'button';
    chip.append(untrusted(term), icon('cross'));
    chip.addEventListener('click', () => this.ask(withTerm(this.value, term, false)));
    return chip;
  }

  private savedChip(name: string, filter: string): HTMLElement {
    const chip = toggle('', this.value.trim() === filter.trim(), (on) => this.ask(on ? filter : ''));
    chip.append(icon('star'), untrusted(name));
    const more = el('button', { class: 'toggle more', 'aria-label': t('Rename or delete {0}', flat(name)) });
    more.type = 'button';
    more.append(icon('more'));
    more.addEventListener('click', () => this.events.onManage(name));
    return el('span', { class: 'saved' }, chip, more);
  }
}
