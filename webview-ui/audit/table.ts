import type { AuditRow } from '../../src/views/protocol/audit';
import { t } from '../../src/views/protocol/l10n';
import { flat } from '../../src/views/protocol/marks';
import { el, untrusted } from '../dom';
import { type IconName, icon } from '../icons';
import { moment } from '../time';
import type { Records } from './records';
import { ScrollMap, visibleRange } from './window';

/** Height of a row; `style.css` has the same. */
export const ROW_PX = 24;

interface TableEvents {
  /** Rows came into view: whatever is missing has to be fetched. */
  onView(from: number, to: number): void;
  onSelect(row: AuditRow): void;
  onOpen(): void;
  onScrolledAway(away: boolean): void;
}

interface Drawn {
  readonly element: HTMLElement;
  readonly data: AuditRow | undefined;
}

const PICTURES: Readonly<Record<AuditRow['tone'], IconName | undefined>> = {
  bad: 'stop',
  warn: 'warning',
  good: 'check',
  plain: undefined,
};

/** The list of records. Only the rows in view exist as elements, whatever the number of records. */
export class AuditTable {
  readonly element = el('div', { class: 'grid', role: 'grid', tabindex: '0', 'aria-readonly': 'true' });
  private readonly body = el('div', { class: 'rows', role: 'rowgroup' });
  private readonly drawn = new Map<number, Drawn>();
  private records: Records | undefined;
  private map = new ScrollMap(0, ROW_PX, 0);
  /** The one that was chosen, and its number: an index means another record after the list has grown. */
  private selected = -1;
  private selectedSeq: number | undefined;
  private frame = 0;

  constructor(private readonly events: TableEvents) {
    const head = el('div', { class: 'head', role: 'row', 'aria-rowindex': '1' });
    for (const [name, label] of [
      ['seq', t('No.')],
      ['at', t('Time')],
      ['type', t('Type')],
      ['actor', t('By')],
      ['channel', t('Channel')],
      ['summary', t('What happened')],
    ] as const) {
      head.append(el('span', { class: `cell ${name}`, role: 'columnheader' }, label));
    }
    this.element.setAttribute('aria-label', t('Records, the newest first'));
    this.element.append(el('div', { role: 'rowgroup', class: 'head-group' }, head), this.body);
    this.element.addEventListener('scroll', () => this.schedule());
    this.element.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.schedule()).observe(this.element);
  }

  /** Another query, or the same one again: starts at the newest record. */
  show(records: Records): void {
    this.records = records;
    this.selected = this.selectedSeq === undefined ? -1 : records.indexOf(this.selectedSeq);
    this.element.scrollTop = 0;
    this.draw();
  }

  /** Rows have arrived; perhaps the one that was chosen before it was there. */
  refresh(): void {
    const row = this.records?.row(this.selected);
    if (this.selectedSeq === undefined && row !== undefined) this.select(this.selected);
    else this.draw();
  }

  /** The first row that is seen. */
  get viewIndex(): number {
    return Math.floor(this.map.placeAt(this.element.scrollTop) / ROW_PX);
  }

  select(index: number): void {
    const count = this.records?.count ?? 0;
    if (count === 0) return;
    this.selected = Math.max(0, Math.min(count - 1, index));
    const top = this.selected * ROW_PX;
    const view = this.view();
    const place = this.map.placeAt(this.element.scrollTop);
    if (top < place) this.element.scrollTop = this.map.scrollTo(top);
    else if (top + ROW_PX > place + view) this.element.scrollTop = this.map.scrollTo(top + ROW_PX - view);
    const row = this.records?.row(this.selected);
    this.selectedSeq = row?.seq;
    this.draw();
    if (row !== undefined) this.events.onSelect(row);
  }

  /** Height in which rows are seen: all but the head. */
  private view(): number {
    return Math.max(0, this.element.clientHeight - ROW_PX);
  }

  private schedule(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { records } = this;
    if (records === undefined) return;
    const { scrollTop } = this.element;
    this.map = new ScrollMap(records.count, ROW_PX, this.view());
    this.element.setAttribute('aria-rowcount', String(records.total + 1));
    this.body.style.height = `${this.map.height}px`;
    const place = this.map.placeAt(scrollTop);
    const { from, to } = visibleRange(place, this.element.clientHeight, ROW_PX, records.count);
    for (const [index, { element }] of this.drawn) {
      if (index >= from && index < to) continue;
      element.remove();
      this.drawn.delete(index);
    }
    const fresh = document.createDocumentFragment();
    for (let index = from; index < to; index += 1) {
      const data = records.row(index);
      let row = this.drawn.get(index);
      if (row === undefined || row.data !== data) {
        row?.element.remove();
        row = { element: this.row(index, data), data };
        row.element.style.top = `${this.map.topOf(index, scrollTop)}px`;
        this.drawn.set(index, row);
        fresh.append(row.element);
      } else if (this.map.isScaled) row.element.style.top = `${this.map.topOf(index, scrollTop)}px`;
      this.mark(row.element, this.isChosen(index, data));
    }
    this.body.append(fresh);
    const active = this.drawn.get(this.selected);
    if (active === undefined) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', active.element.id);
    this.events.onScrolledAway(scrollTop > ROW_PX);
    this.events.onView(from, Math.max(to, from + 1));
  }

  private isChosen(index: number, data: AuditRow | undefined): boolean {
    return data !== undefined && this.selectedSeq !== undefined
      ? data.seq === this.selectedSeq
      : index === this.selected;
  }

  private mark(element: HTMLElement, chosen: boolean): void {
    if ((element.getAttribute('aria-selected') === 'true') === chosen) return;
    element.classList.toggle('selected', chosen);
    element.setAttribute('aria-selected', String(chosen));
  }

  private row(index: number, data: AuditRow | undefined): HTMLElement {
    const row = el('div', {
      class: `row ${data?.tone ?? 'loading'}`,
      role: 'row',
      id: `row-${index}`,
      'aria-rowindex': String(index + 2),
      'aria-selected': 'false',
    });
    if (data === undefined) {
      row.append(el('span', { class: 'cell summary quiet', role: 'gridcell' }, t('Loading…')));
      return row;
    }
    const cell = (name: string, content: Node | string) =>
      el('span', { class: `cell ${name}`, role: 'gridcell' }, content);
    const type = el('span', { class: `cell type`, role: 'gridcell' });
    const picture = PICTURES[data.tone];
    type.append(picture === undefined ? el('span', { class: 'icon' }) : icon(picture, data.tone));
    type.append(el('span', { class: 'type-name' }, data.type));
    row.append(
      cell('seq', String(data.seq)),
      cell('at', moment(data.at)),
      type,
      cell('actor', untrusted(data.actor)),
      cell('channel', untrusted(data.channel)),
      cell('summary', untrusted(data.summary)),
    );
    row.setAttribute(
      'aria-label',
      `${data.seq}, ${moment(data.at)}, ${data.type}, ${flat(data.actor)}: ${flat(data.summary)}`,
    );
    row.addEventListener('click', () => this.select(index));
    return row;
  }

  private key(event: KeyboardEvent): void {
    const screen = Math.max(1, Math.floor(this.element.clientHeight / ROW_PX) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: this.selected + 1,
      ArrowUp: this.selected - 1,
      PageDown: this.selected + screen,
      PageUp: this.selected - screen,
      Home: 0,
      End: (this.records?.count ?? 0) - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      this.select(next);
    } else if (event.key === 'Enter' && this.selected >= 0) this.events.onOpen();
  }
}
