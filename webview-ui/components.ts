import { provideVSCodeDesignSystem, vsCodeButton } from '@vscode/webview-ui-toolkit';
import { append, type Child, el } from './dom';
import { type IconName, icon } from './icons';

/**
 * The pieces that pages are made of. The only module that knows the toolkit: pages import from here, so that
 * another set of components is a change to this file.
 */
provideVSCodeDesignSystem().register(vsCodeButton());

export interface ButtonOptions {
  readonly label: string;
  readonly look?: 'primary' | 'secondary' | 'icon';
  readonly icon?: IconName;
  /** What a screen reader says, when the label alone is not enough. Starts with the label. */
  readonly name?: string;
  readonly className?: string;
  readonly onPress: () => void;
}

export interface Button {
  readonly element: HTMLElement;
  enable(on: boolean): void;
}

export function button(options: ButtonOptions): Button {
  const element = document.createElement('vscode-button');
  element.setAttribute('appearance', options.look ?? 'secondary');
  element.setAttribute('class', options.className ?? '');
  element.setAttribute('aria-label', options.name ?? options.label);
  if (options.look === 'icon') {
    element.setAttribute('title', options.label);
    element.append(icon(options.icon ?? 'more'));
  } else {
    if (options.icon !== undefined) {
      const picture = icon(options.icon);
      picture.setAttribute('slot', 'start');
      element.append(picture);
    }
    element.append(options.label);
  }
  let on = true;
  element.addEventListener('click', (event) => {
    event.stopPropagation();
    if (on) options.onPress();
  });
  return {
    element,
    enable(next) {
      on = next;
      if (next) element.removeAttribute('disabled');
      else element.setAttribute('disabled', '');
    },
  };
}

/** A word in a pill. The toolkit's badge needs inline styles, which the page forbids. */
export function badge(text: string): HTMLElement {
  return el('span', { class: 'badge' }, text);
}

/** Something is being done; `label` says what. The toolkit's ring, like its badge, needs inline styles. */
export function busy(label: string): HTMLElement {
  return el('span', { class: 'busy' }, icon('spin', 'spin'), el('span', {}, label));
}

/** A box to type in, with its label. The label is seen unless `hideLabel`. */
export function textInput(options: {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly describedBy: string;
  readonly onInput: (value: string) => void;
}): { readonly element: HTMLElement; readonly input: HTMLInputElement } {
  const input = el('input', {
    class: 'input',
    'aria-label': options.label,
    'aria-describedby': options.describedBy,
    dir: 'auto',
  });
  input.type = 'text';
  input.spellcheck = false;
  input.autocomplete = 'off';
  input.placeholder = options.placeholder;
  input.value = options.value;
  input.addEventListener('input', () => options.onInput(input.value));
  return { element: el('span', { class: 'input-box' }, input), input };
}

export interface SelectOption {
  readonly value: string;
  readonly label: string;
}

export function select(label: string, options: readonly SelectOption[], onChange: (value: string) => void) {
  const element = el('select', { class: 'select', 'aria-label': label });
  for (const { value, label: text } of options) {
    const option = el('option', {}, text);
    option.value = value;
    element.append(option);
  }
  element.addEventListener('change', () => onChange(element.value));
  return element;
}

/** A button that stays pressed. */
export function toggle(label: string, pressed: boolean, onChange: (pressed: boolean) => void): HTMLElement {
  const control = el('button', { class: 'toggle', 'aria-pressed': String(pressed) }, label);
  control.type = 'button';
  control.addEventListener('click', () => {
    const next = control.getAttribute('aria-pressed') !== 'true';
    control.setAttribute('aria-pressed', String(next));
    onChange(next);
  });
  return control;
}

/** A page with nothing on it: what is the case, and what to do about it. */
export function emptyState(
  picture: IconName,
  title: string,
  paragraphs: readonly Child[],
  actions: readonly Button[],
): HTMLElement {
  const element = el('section', { class: 'empty' }, icon(picture, 'large'), el('h2', {}, title));
  append(
    element,
    paragraphs.map((text) => el('p', {}, text)),
  );
  if (actions.length > 0) {
    const row = el('div', { class: 'actions' });
    append(
      row,
      actions.map((action) => action.element),
    );
    element.append(row);
  }
  return element;
}

/** A region that a screen reader reads out when its text changes. One of each urgency a page. */
export class Announcer {
  private readonly polite = el('div', { class: 'sr-only', 'aria-live': 'polite', role: 'status' });
  private readonly urgent = el('div', { class: 'sr-only', 'aria-live': 'assertive', role: 'alert' });

  constructor(parent: HTMLElement) {
    parent.append(this.polite, this.urgent);
  }

  say(text: string): void {
    this.polite.textContent = text;
  }

  alert(text: string): void {
    this.urgent.textContent = text;
  }
}
