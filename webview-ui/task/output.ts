import { t } from '../../src/views/protocol/l10n';
import { AnsiReader } from '../ansi';
import { append, clear, el, markedNodes } from '../dom';

/** More than this is not kept on the page, in UTF-16 units: the oldest goes first; the audit has head, tail and hash. */
const KEPT = 400_000;

/** A block of output that grows at its end and stays scrolled there while the person has not scrolled away. */
export class Output {
  readonly element = el('pre', { class: 'output', dir: 'ltr', tabindex: '0', role: 'group' });
  private reader = new AnsiReader();
  private length = 0;

  replace(text: string): void {
    clear(this.element);
    this.reader = new AnsiReader();
    this.length = 0;
    this.add(text);
  }

  add(text: string): void {
    this.element.setAttribute('aria-label', t('Output'));
    const { element } = this;
    const follow = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
    for (const run of this.reader.read(text)) {
      const span = el('span', run.classes.length > 0 ? { class: run.classes.join(' ') } : {});
      append(span, markedNodes(run.text));
      element.append(span);
      this.length += run.text.length;
    }
    while (this.length > KEPT && element.firstChild !== null && element.childNodes.length > 1) {
      this.length -= element.firstChild.textContent?.length ?? 0;
      element.firstChild.remove();
    }
    if (follow) element.scrollTop = element.scrollHeight;
  }
}
