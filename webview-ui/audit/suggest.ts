import { t } from '../../src/views/protocol/l10n';
import { clear, el } from '../dom';
import type { Completion, Suggestion } from './chips';

/**
 * The list of suggestions under a text box (ARIA's combobox with a list): arrows walk, Enter and Tab take, Escape
 * closes. Nothing is taken that was not walked to, so Enter without a walk does what it does in any text box.
 */
export class Suggestions {
  readonly list = el('ul', { class: 'suggestions', role: 'listbox', id: 'suggestions' });
  private shown: Completion | undefined;
  private at = -1;

  constructor(
    private readonly input: HTMLInputElement,
    private readonly complete: (text: string, caret: number) => Completion,
    /** The text was changed by taking a suggestion. */
    private readonly taken: (text: string) => void,
  ) {
    this.list.hidden = true;
    this.list.setAttribute('aria-label', t('Suggestions'));
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-autocomplete', 'list');
    input.setAttribute('aria-controls', 'suggestions');
    input.setAttribute('aria-expanded', 'false');
    input.addEventListener('input', () => this.show());
    input.addEventListener('click', () => this.show());
    input.addEventListener('blur', () => this.close());
    input.addEventListener('keydown', (event) => this.key(event));
  }

  show(): void {
    const { input } = this;
    this.shown = this.complete(input.value, input.selectionStart ?? input.value.length);
    this.at = -1;
    if (this.shown.suggestions.length === 0) {
      this.close();
      return;
    }
    clear(this.list);
    this.shown.suggestions.forEach((suggestion, index) => {
      this.list.append(this.option(suggestion, index));
    });
    this.list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    input.removeAttribute('aria-activedescendant');
  }

  close(): void {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }

  private option({ insert, detail }: Suggestion, index: number): HTMLElement {
    const option = el(
      'li',
      { role: 'option', id: `suggestion-${index}`, 'aria-selected': 'false' },
      el('span', { class: 'insert' }, insert.trim()),
      detail !== '' && el('bdi', { class: 'quiet' }, detail),
    );
    // Before the box loses the focus, which would close the list.
    option.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      this.take(index);
    });
    return option;
  }

  private key(event: KeyboardEvent): void {
    const open = !this.list.hidden;
    const count = this.shown?.suggestions.length ?? 0;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) this.show();
      else this.walk(event.key === 'ArrowDown' ? (this.at + 1) % count : (this.at - 1 + count) % count);
    } else if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      this.show();
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if ((event.key === 'Enter' || event.key === 'Tab') && open && this.at >= 0) {
      event.preventDefault();
      this.take(this.at);
    } else if (event.key === 'Enter') this.close();
  }

  private walk(to: number): void {
    this.at = Math.max(0, to);
    [...this.list.children].forEach((option, index) => {
      option.setAttribute('aria-selected', String(index === this.at));
      if (index !== this.at) return;
      option.scrollIntoView({ block: 'nearest' });
      this.input.setAttribute('aria-activedescendant', option.id);
    });
  }

  private take(index: number): void {
    const { input, shown } = this;
    const suggestion = shown?.suggestions[index];
    if (shown === undefined || suggestion === undefined) return;
    input.value = input.value.slice(0, shown.from) + suggestion.insert + input.value.slice(shown.to);
    const caret = shown.from + suggestion.insert.length;
    input.setSelectionRange(caret, caret);
    // After a key its values come next; after a value there is nothing to suggest before the next word.
    if (suggestion.insert.endsWith(':')) this.show();
    else this.close();
    this.taken(input.value);
  }
}
