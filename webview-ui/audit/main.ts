import * as z from 'zod/mini';
import {
  type AuditFromPage,
  type AuditRow,
  type AuditToPage,
  auditToPage,
  PAGE_SIZE,
} from '../../src/views/protocol/audit';
import type { PageEngineState } from '../../src/views/protocol/common';
import { filterTerm } from '../../src/views/protocol/filter-words';
import { t } from '../../src/views/protocol/l10n';
import { Announcer, button, toggle } from '../components';
import { byId, clear, el } from '../dom';
import { Host, useLocale } from '../host';
import { waysOn } from '../ways-on';
import '../base.css';
import './style.css';
import { activityChart, decisionsChart, denialsChart, type Figures, unusualList } from './charts';
import { withTerm } from './chips';
import { DetailPane } from './detail';
import { FilterBar } from './filter-bar';
import { type LoadedPage, Records } from './records';
import { AuditTable } from './table';
import { Timeline } from './timeline';
import { VerifyBanner } from './verify';

/** The figures are counted again at most this often while records come in, in milliseconds. */
const RECOUNT_MS = 5000;

const keptSchema = z.object({ filter: z.string(), follow: z.boolean(), charts: z.boolean() });
type Kept = z.infer<typeof keptSchema>;
type Ahead = NonNullable<Extract<AuditToPage, { type: 'state' }>['ahead']>;

/** The audit: a filter, the records that match, one of them in full, and the check of the whole journal. */
class AuditPage {
  private readonly host = new Host<AuditToPage, AuditFromPage>(auditToPage, (message) =>
    this.receive(message),
  );
  private readonly announcer = new Announcer(document.body);
  private kept: Kept = this.host.restore(keptSchema) ?? { filter: '', follow: true, charts: false };
  private parts: ReturnType<AuditPage['build']> | undefined;
  private records = new Records(true);
  private readonly requests = new Map<number, { readonly records: Records; readonly page: number }>();
  private requestId = 0;
  /** The request for figures whose answer is wanted; 0 when none were asked for since the filter changed. */
  private counted = 0;
  private recount: ReturnType<typeof setTimeout> | undefined;
  private away = false;
  private newer = false;
  private goal: number | undefined;

  constructor() {
    this.host.post({ type: 'ready' });
  }

  private receive(message: AuditToPage): void {
    switch (message.type) {
      case 'state':
        this.state(message);
        return;
      case 'page':
        this.page(message);
        return;
      case 'failed':
        this.failed(message);
        return;
      case 'grown':
        this.grown();
        return;
      case 'verify':
        this.parts?.banner.show(message.verify);
        return;
      case 'record':
        this.parts?.detail.record(message.seq, message.text);
        return;
      case 'proof':
        this.parts?.detail.showProof(message.seq, message.proof, message.message);
        return;
      case 'charts':
        if (message.requestId === this.counted) this.figures(message);
    }
  }

  private state(message: Extract<AuditToPage, { type: 'state' }>): void {
    useLocale(message.locale);
    this.parts ??= this.build();
    const { parts } = this;
    this.engine(message.engine, parts.engine);
    parts.filter.know(message, message.saved);
    const { filter, ahead } = message;
    const shown = this.records.isLoaded && filter === this.kept.filter;
    if (filter !== undefined && !shown) this.go(filter, ahead);
    else if (!this.records.isLoaded && this.requests.size === 0) this.run(this.kept.filter, ahead);
  }

  /** Why the engine stands still, and what to do about it; what is on record may be readable all the same. Drawn anew only when it is something else. */
  private engine({ kind, detail }: PageEngineState, box: HTMLElement): void {
    const working = kind === 'ready' || kind === 'paused';
    const news = working ? '' : `${kind} ${detail}`;
    if (box.dataset.news === news) return;
    box.dataset.news = news;
    clear(box);
    if (working) return;
    const ways = waysOn(kind, (name) => this.host.post({ type: 'command', name }));
    box.append(
      el('p', { class: kind === 'starting' ? 'quiet' : 'problem' }, detail),
      el('div', { class: 'actions' }, ...ways.map(({ element }) => element)),
    );
  }

  private build() {
    const root = byId('root');
    const engine = el('div', { class: 'engine', role: 'status' });
    const filter = new FilterBar(
      {
        onFilter: (text) => this.run(text),
        onSave: (text) => this.host.post({ type: 'saveFilter', filter: text }),
        onManage: (name) => this.host.post({ type: 'manageFilter', name }),
      },
      this.kept.filter,
    );
    const table = new AuditTable({
      onView: (from, to) => this.view(from, to),
      onSelect: (row) => this.detail(row),
      onOpen: () => this.parts?.detail.focus(),
      onScrolledAway: (away) => {
        this.away = away;
      },
    });
    const detail = new DetailPane({
      onRecord: (seq) => this.host.post({ type: 'record', seq }),
      onProof: (seq) => this.host.post({ type: 'proof', seq }),
      onReceipt: (seq) => this.host.post({ type: 'saveReceipt', seq }),
      onCopy: (seq) => {
        this.host.post({ type: 'copyRecord', seq });
        this.announcer.say(t('The record is in the clipboard.'));
      },
      onExplain: (seq) => this.host.post({ type: 'explain', seq }),
      onOpenTask: (taskId) => this.host.post({ type: 'openTask', taskId }),
      onOnly: (taskId) => this.parts?.filter.only(filterTerm('task', taskId)),
      onClose: () => {
        this.parts?.detail.close();
        this.parts?.table.element.focus();
      },
    });
    const banner = new VerifyBanner(
      (seq) => this.goTo(seq),
      () => this.host.post({ type: 'stopVerify' }),
    );
    const timeline = new Timeline((from, to) => this.narrow(from, to));
    const charts = el('section', { class: 'charts', 'aria-label': t('Charts') });
    charts.hidden = !this.kept.charts;
    const count = el('span', { class: 'quiet count', role: 'status' });
    const fresh = button({
      label: t('Show new records'),
      look: 'primary',
      onPress: () => this.run(this.kept.filter),
    });
    fresh.element.hidden = true;
    root.append(
      el('h1', { class: 'sr-only' }, t('Audit')),
      el('div', { class: 'toolbar' }, filter.box, this.actions(charts)),
      filter.chips,
      filter.help,
      filter.problem,
      engine,
      banner.element,
      timeline.element,
      charts,
      el('div', { class: 'counts' }, count, fresh.element),
      el('div', { class: 'panes' }, table.element, detail.element),
    );
    return { filter, engine, table, banner, timeline, count, fresh, charts, detail };
  }

  private actions(charts: HTMLElement): HTMLElement {
    return el(
      'div',
      { class: 'actions' },
      toggle(t('Follow'), this.kept.follow, (on) => {
        this.keep({ follow: on });
        if (on && this.newer) this.run(this.kept.filter);
      }),
      toggle(t('Charts'), this.kept.charts, (on) => {
        this.keep({ charts: on });
        charts.hidden = !on;
      }),
      button({
        label: t('Export…'),
        onPress: () => this.host.post({ type: 'export', filter: this.kept.filter }),
      }).element,
      button({
        label: t('Verify'),
        look: 'primary',
        icon: 'shield',
        onPress: () => this.host.post({ type: 'verify' }),
      }).element,
    );
  }

  private keep(change: Partial<Kept>): void {
    this.kept = { ...this.kept, ...change };
    this.host.keep(this.kept);
  }

  /** Shows another filter than the one in the box. */
  private go(filter: string, ahead?: Ahead): void {
    if (this.parts !== undefined) this.parts.filter.value = filter;
    this.run(filter, ahead);
  }

  /** Starts a query from its newest record; `ahead` is its answer if it is there already. */
  private run(filter: string, ahead?: Ahead): void {
    const { parts } = this;
    if (parts === undefined) return;
    const same = filter === this.kept.filter && this.records.isLoaded;
    this.keep({ filter });
    this.newer = false;
    parts.fresh.element.hidden = true;
    this.records = new Records(filter.trim() === '');
    this.requests.clear();
    if (same) this.countLater();
    else {
      clearTimeout(this.recount);
      this.recount = undefined;
      this.counted = 0;
    }
    if (ahead?.filter === filter) this.arrived(0, ahead);
    else this.fetch(0, 1);
  }

  private countNow(): void {
    clearTimeout(this.recount);
    this.recount = undefined;
    this.requestId += 1;
    this.counted = this.requestId;
    this.host.post({ type: 'charts', requestId: this.counted, filter: this.kept.filter });
  }

  private countLater(): void {
    this.recount ??= setTimeout(() => this.countNow(), RECOUNT_MS);
  }

  private figures(figures: Figures): void {
    const { parts } = this;
    if (parts === undefined) return;
    parts.timeline.show(figures);
    const open = [...parts.charts.querySelectorAll('details')].map((behind) => behind.open);
    clear(parts.charts);
    for (const chart of [
      activityChart(figures),
      decisionsChart(figures),
      denialsChart(figures),
      unusualList(figures, (seq) => this.goTo(seq)),
    ]) {
      if (chart !== undefined) parts.charts.append(chart);
    }
    [...parts.charts.querySelectorAll('details')].forEach((behind, index) => {
      behind.open = open[index] === true;
    });
  }

  private view(from: number, to: number): void {
    if (this.records.isLoaded) this.fetch(from, to);
  }

  private fetch(from: number, to: number): void {
    for (const { page, beforeSeq } of this.records.need(from, to)) {
      this.requestId += 1;
      this.requests.set(this.requestId, { records: this.records, page });
      this.host.post({
        type: 'query',
        requestId: this.requestId,
        filter: this.kept.filter,
        limit: PAGE_SIZE,
        ...(beforeSeq === undefined ? {} : { beforeSeq }),
      });
    }
  }

  private page(message: Extract<AuditToPage, { type: 'page' }>): void {
    const request = this.requests.get(message.requestId);
    this.requests.delete(message.requestId);
    // An answer to an earlier filter.
    if (request === undefined || request.records !== this.records) return;
    this.arrived(request.page, message);
  }

  private arrived(page: number, loaded: LoadedPage): void {
    const { parts, records } = this;
    if (parts === undefined) return;
    const first = !records.isLoaded;
    records.add(page, loaded, first ? 0 : parts.table.viewIndex);
    parts.filter.fault('', false);
    if (first) parts.table.show(records);
    else parts.table.refresh();
    this.counts(records.total);
    if (!first) return;
    this.reachGoal();
    // The records come first: they are what a person waits for.
    if (this.counted === 0) requestAnimationFrame(() => setTimeout(() => this.countNow()));
  }

  private counts(total: number): void {
    const { parts } = this;
    if (parts === undefined) return;
    const number = new Intl.NumberFormat(document.documentElement.lang).format(total);
    const text =
      total === 0 ? t('No record matches.') : total === 1 ? t('1 record') : t('{0} records', number);
    // A region that is written to is read out, also when it says the same.
    if (parts.count.textContent !== text) parts.count.textContent = text;
  }

  private failed(message: Extract<AuditToPage, { type: 'failed' }>): void {
    const request = this.requests.get(message.requestId);
    this.requests.delete(message.requestId);
    const { parts } = this;
    if (request === undefined || request.records !== this.records || parts === undefined) return;
    this.records.forget(request.page);
    // What stands there already as the state of the engine is not said twice.
    const said = parts.engine.textContent?.includes(message.message) === true;
    parts.filter.fault(said ? '' : message.message, message.term !== undefined);
  }

  private grown(): void {
    const { parts } = this;
    if (parts === undefined) return;
    if (this.kept.follow && !this.away) this.run(this.kept.filter);
    else {
      this.newer = true;
      parts.fresh.element.hidden = false;
      this.countLater();
    }
  }

  private detail(row: AuditRow): void {
    this.parts?.detail.show(row);
  }

  /** Only what happened between two times, in milliseconds since the epoch; the end is not part of it. */
  private narrow(from: number, to: number): void {
    const { filter } = this.kept;
    const after = withTerm(filter, filterTerm('after', localTime(from)), true);
    this.go(withTerm(after, filterTerm('before', localTime(to - 60_000)), true));
  }

  /** Shows the record with this number among its neighbours, which takes a list without a filter. */
  private goTo(seq: number): void {
    this.goal = seq;
    this.go('');
  }

  private reachGoal(): void {
    if (this.goal === undefined || this.parts === undefined) return;
    const index = this.records.top - this.goal;
    this.goal = undefined;
    this.parts.table.select(index);
    this.parts.table.element.focus();
  }
}

/** As the filter reads it: `2026-11-23T14:30`, local, to the minute. */
function localTime(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

new AuditPage();
