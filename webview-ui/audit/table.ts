import type { AuditRow } from '../../src/views/protocol/audit';
import { t } from '../../src/views/protocol/l10n';
import { flat } from '../../src/views/protocol/marks';
import { el, untrusted } from '../dom';
import { icon } from '../icons';
import { moment } from '../time';
import type { Records } from './records';
import { reachable, visibleRange } from './window';

/** Height of a row; `style.css` has the same. */
export const ROW_PX = 24;

interface TableEvents {
  /** Rows came into view: whatever is missing has to be fetched. */
  onView(from: number, to: number): void;
  onSelect(row: AuditRow): void;
  onOpen(): void;
  onScrolledAway(away: boolean): void;
}

/** The list of records. Only the rows in view exist as elements, whatever the number of records. */
export class AuditTable {
  readonly element = el('div', { class: 'grid', role: 'grid', tabindex: '0', 'aria-readonly': 'true' });
  private readonly body = el('div', { class: 'rows', role: 'rowgroup' });
  private readonly drawn = new Map<number, HTMLElement>();
  private records: Records | undefined;
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

  /** Another query: starts at the newest record. */
  show(records: Records): void {
    this.records = records;
    this.selected = -1;
    this.element.scrollTop = 0;
    this.refresh();
  }

  /** Rows have arrived. */
  refresh(): void {
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.draw();
  }

  get viewIndex(): number {
    return Math.floor(this.element.scrollTop / ROW_PX);
  }

  select(index: number): void {
    const count = this.count();
    if (count === 0) return;
    this.selected = Math.max(0, Math.min(count - 1, index));
    const top = this.selected * ROW_PX;
    const view = this.element.clientHeight - ROW_PX;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + ROW_PX > this.element.scrollTop + view) this.element.scrollTop = top + ROW_PX - view;
    const row = this.records?.row(this.selected);
    this.selectedSeq = row?.seq;
    this.refresh();
    if (row !== undefined) this.events.onSelect(row);
  }

  private count(): number {
    return reachable(this.records?.count ?? 0, ROW_PX);
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
    const count = this.count();
    this.element.setAttribute('aria-rowcount', String(records.total + 1));
    this.body.style.height = `${count * ROW_PX}px`;
    const { from, to } = visibleRange(this.element.scrollTop, this.element.clientHeight, ROW_PX, count);
    for (const [index, row] of this.drawn) {
      if (index >= from && index < to) continue;
      row.remove();
      this.drawn.delete(index);
    }
    for (let index = from; index < to; index += 1) {
      if (this.drawn.has(index)) continue;
      const row = this.row(index, records.row(index));
      this.drawn.set(index, row);
      this.body.append(row);
    }
    const active = this.drawn.get(this.selected);
    if (active === undefined) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', active.id);
    this.events.onScrolledAway(this.element.scrollTop > ROW_PX);
    this.events.onView(from, Math.max(to, from + 1));
  }

  private row(index: number, data: AuditRow | undefined): HTMLElement {
    const chosen = index === this.selected || (data !== undefined && data.seq === this.selectedSeq);
    const row = el('div', {
      class: `row ${data?.tone ?? 'loading'}${chosen ? ' selected' : ''}`,
      role: 'row',
      id: `row-${index}`,
      'aria-rowindex': String(index + 2),
      'aria-selected': String(chosen),
    });
    row.style.top = `${index * ROW_PX}px`;
    if (data === undefined) {
      row.append(el('span', { class: 'cell summary quiet', role: 'gridcell' }, t('Loading…')));
      return row;
    }
    const cell = (name: string, content: Node | string) =>
      el('span', { class: `cell ${name}`, role: 'gridcell' }, content);
    const type = el('span', { class: `cell type`, role: 'gridcell' });
    const picture =
      data.tone === 'bad'
        ? 'stop'
        : data.tone === 'warn'
          ? 'warning'
          : data.tone === 'good'
            ? 'check'
            : undefined;
    if (picture !== undefined) type.append(icon(picture, data.tone));
    type.append(data.type);
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
      End: this.count() - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      this.select(next);
    } else if (event.key === 'Enter' && this.selected >= 0) this.events.onOpen();
  }
}
