import { template } from '../src/views/protocol/l10n';
import { type KnownMark, segments } from '../src/views/protocol/marks';

export type Child = Node | string | undefined | false;

export interface Attributes {
  readonly class?: string;
  readonly role?: string;
  readonly id?: string;
  readonly title?: string;
  readonly tabindex?: string;
  readonly dir?: string;
  readonly [aria: `aria-${string}`]: string;
  readonly [data: `data-${string}`]: string;
}

/**
 * An element with attributes and children. Strings become text nodes: nothing that comes from outside is ever
 * read as markup.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  append(element, children);
  return element;
}

export function append(parent: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false) continue;
    parent.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
  }
}

/** Nodes in the places of a translated sentence: `fill('{0} wants to {1}', who, what)`. */
export function fill(text: string, ...nodes: readonly (Node | string)[]): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const part of template(text).split(/(\{\d+\})/)) {
    const place = /^\{(\d+)\}$/.exec(part);
    const node = place === null ? undefined : nodes[Number(place[1])];
    fragment.append(node ?? part);
  }
  return fragment;
}

/**
 * Text from outside, with every character that is not what it seems shown by its name, and kept from changing the
 * direction of what stands around it.
 */
export function untrusted(text: string, known: readonly KnownMark[] = []): HTMLElement {
  const element = el('bdi', { class: 'untrusted' });
  append(element, markedNodes(text, known));
  return element;
}

/** The same without the element around it, for blocks that isolate by themselves. */
export function markedNodes(text: string, known: readonly KnownMark[] = []): Node[] {
  return segments(text, known).map((part) =>
    part.kind === 'text'
      ? document.createTextNode(part.text)
      : el('span', { class: 'mark', title: part.name }, `${visible(part.raw)}${part.code} ${part.name}`),
  );
}

/** A look-alike letter is shown before its name; what cannot be seen, or turns the text around, is named only. */
function visible(raw: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(raw) ? `${raw} ` : '';
}

export function clear(element: Element): void {
  element.replaceChildren();
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element ${id}`);
  return element;
}
