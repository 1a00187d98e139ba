import * as z from 'zod/mini';
import {
  type AuditFromPage,
  type AuditRow,
  type AuditToPage,
  auditToPage,
} from '../../src/views/protocol/audit';
import { t } from '../../src/views/protocol/l10n';
import { Announcer, button, textInput, toggle } from '../components';
import { append, byId, clear, el, markedNodes } from '../dom';
import { Host, useLocale } from '../host';
import '../base.css';
import './style.css';
import { activityChart, decisionsChart } from './charts';
import { hasTerm, quickFilters, withTerm } from './chips';
import { PAGE_SIZE, Records } from './records';
import { AuditTable, ROW_PX } from './table';
import { VerifyBanner } from './verify';
import { reachable } from './window';

/** Typing is over when nothing was typed for this long, in milliseconds. */
const TYPING_MS = 250;
const keptSchema = z.object({ filter: z.string(), follow: z.boolean(), charts: z.boolean() });
type Kept = z.infer<typeof keptSchema>;

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
  private typing: ReturnType<typeof setTimeout> | undefined;
  private away = false;
  private newer = false;
  private shown: AuditRow | undefined;
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
      case 'charts':
        if (this.parts === undefined) return;
        clear(this.parts.charts);
        this.parts.charts.append(activityChart(message.activity), decisionsChart(message.decisions));
    }
  }

  private state(message: Extract<AuditToPage, { type: 'state' }>): void {
    useLocale(message.locale);
    const first = this.parts === undefined;
    this.parts ??= this.build();
    const { parts } = this;
    const working = message.engine.kind === 'ready' || message.engine.kind === 'paused';
    parts.engine.textContent = working ? '' : message.engine.detail;
    parts.hint.textContent = t(
      'For example: {0}',
      `user:… channel:${message.channels[0] ?? 'local'} type:decision effect:deny tool:run after:2d before:2026-11-23 "npm test"`,
    );
    if (message.filter !== undefined) {
      parts.input.value = message.filter;
      this.run(message.filter);
    } else if (first || !this.records.isLoaded) this.run(this.kept.filter);
    if (this.kept.charts) this.host.post({ type: 'charts' });
  }

  private build() {
    const root = byId('root');
    const hint = el('p', { class: 'quiet hint', id: 'filter-hint' });
    const problem = el('p', { class: 'problem', id: 'filter-problem', role: 'alert' });
    const engine = el('p', { class: 'problem', role: 'status' });
    const { element, input } = textInput({
      label: t('Filter the records'),
      placeholder: t('Filter, for example: effect:deny after:2d'),
      value: this.kept.filter,
      describedBy: 'filter-hint filter-problem',
      onInput: (value) => this.typed(value),
    });
    const table = new AuditTable({
      onView: (from, to) => this.view(from, to),
      onSelect: (row) => this.detail(row),
      onOpen: () => this.parts?.raw.focus(),
      onScrolledAway: (away) => {
        this.away = away;
      },
    });
    const banner = new VerifyBanner(
      (seq) => this.goTo(seq),
      () => this.host.post({ type: 'stopVerify' }),
    );
    const count = el('span', { class: 'quiet count', role: 'status' });
    const fresh = button({
      label: t('Show new records'),
      look: 'primary',
      onPress: () => this.run(this.kept.filter),
    });
    fresh.element.hidden = true;
    const chips = el('div', { class: 'chips', role: 'group', 'aria-label': t('Common filters') });
    const charts = el('section', { class: 'charts', 'aria-label': t('Charts') });
    charts.hidden = !this.kept.charts;
    const raw = el('pre', {
      class: 'raw',
      dir: 'ltr',
      tabindex: '0',
      role: 'group',
      'aria-label': t('The record as it is stored'),
    });
    const detail = el('section', { class: 'detail', 'aria-label': t('Details of the record') });
    detail.hidden = true;
    root.append(
      el('h1', { class: 'sr-only' }, t('Audit')),
      el(
        'div',
        { class: 'toolbar' },
        element,
        button({
          label: t('Verify'),
          look: 'primary',
          icon: 'shield',
          onPress: () => this.host.post({ type: 'verify' }),
        }).element,
        toggle(t('Follow'), this.kept.follow, (on) => {
          this.keep({ follow: on });
          if (on && this.newer) this.run(this.kept.filter);
        }),
        toggle(t('Charts'), this.kept.charts, (on) => {
          this.keep({ charts: on });
          charts.hidden = !on;
          if (on) this.host.post({ type: 'charts' });
        }),
      ),
      chips,
      hint,
      problem,
      engine,
      banner.element,
      charts,
      el('div', { class: 'counts' }, count, fresh.element),
      el('div', { class: 'panes' }, table.element, detail),
    );
    return { input, hint, problem, engine, table, banner, count, fresh, chips, charts, raw, detail };
  }

  private keep(change: Partial<Kept>): void {
    this.kept = { ...this.kept, ...change };
    this.host.keep(this.kept);
  }

  private typed(value: string): void {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.run(value), TYPING_MS);
  }

  /** Starts a query from its newest record. */
  private run(filter: string): void {
    const { parts } = this;
    if (parts === undefined) return;
    this.keep({ filter });
    this.newer = false;
    parts.fresh.element.hidden = true;
    this.drawChips(filter);
    this.records = new Records(filter.trim() === '');
    this.requests.clear();
    this.fetch(0, 1);
  }

  private drawChips(filter: string): void {
    const { parts } = this;
    if (parts === undefined) return;
    const hadFocus = [...parts.chips.children].indexOf(document.activeElement ?? parts.chips);
    clear(parts.chips);
    for (const { label, term } of quickFilters()) {
      parts.chips.append(
        toggle(label, hasTerm(filter, term), (on) => {
          parts.input.value = withTerm(parts.input.value, term, on);
          this.run(parts.input.value);
        }),
      );
    }
    if (hadFocus >= 0) (parts.chips.children[hadFocus] as HTMLElement | undefined)?.focus();
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
    const { parts, records } = this;
    // An answer to an earlier filter.
    if (request === undefined || request.records !== records || parts === undefined) return;
    const first = !records.isLoaded;
    records.add(request.page, message, parts.table.viewIndex);
    parts.problem.textContent = '';
    parts.input.removeAttribute('aria-invalid');
    if (first) {
      parts.table.show(records);
      this.counts(message.total);
      this.arrive();
    } else parts.table.refresh();
  }

  private counts(total: number): void {
    const { parts } = this;
    if (parts === undefined) return;
    const number = new Intl.NumberFormat(document.documentElement.lang);
    const limit = reachable(total, ROW_PX);
    parts.count.textContent =
      total === 0
        ? t('No record matches.')
        : limit < total
          ? t(
              '{0} records; the newest {1} can be scrolled to, a filter finds the rest',
              number.format(total),
              number.format(limit),
            )
          : total === 1
            ? t('1 record')
            : t('{0} records', number.format(total));
  }

  private failed(message: Extract<AuditToPage, { type: 'failed' }>): void {
    const request = this.requests.get(message.requestId);
    this.requests.delete(message.requestId);
    const { parts } = this;
    if (request === undefined || request.records !== this.records || parts === undefined) return;
    this.records.forget(request.page);
    parts.problem.textContent = message.message;
    parts.input.setAttribute('aria-invalid', String(message.term !== undefined));
  }

  private grown(): void {
    const { parts } = this;
    if (parts === undefined) return;
    if (this.kept.follow && !this.away) this.run(this.kept.filter);
    else {
      this.newer = true;
      parts.fresh.element.hidden = false;
    }
  }

  private detail(row: AuditRow): void {
    const { parts } = this;
    if (parts === undefined || row.seq === this.shown?.seq) return;
    this.shown = row;
    parts.detail.hidden = false;
    clear(parts.detail);
    clear(parts.raw);
    append(parts.raw, markedNodes(row.raw));
    const { taskId } = row;
    const actions = el('div', { class: 'actions' });
    actions.append(
      button({
        label: t('Copy'),
        name: t('Copy the record'),
        onPress: () => {
          this.host.post({ type: 'copyRecord', seq: row.seq });
          this.announcer.say(t('The record is in the clipboard.'));
        },
      }).element,
    );
    if (row.type === 'decision.made') {
      actions.append(
        button({ label: t('Explain'), onPress: () => this.host.post({ type: 'explain', seq: row.seq }) })
          .element,
      );
    }
    if (taskId !== undefined) {
      actions.append(
        button({ label: t('Open task'), onPress: () => this.host.post({ type: 'openTask', taskId }) })
          .element,
        button({ label: t('Only this task'), onPress: () => this.only(`task:${taskId}`) }).element,
      );
    }
    actions.append(
      button({ label: t('Close'), name: t('Close the details'), onPress: () => this.closeDetail() }).element,
    );
    parts.detail.append(el('h2', {}, t('Record {0}', row.seq)), actions, parts.raw);
  }

  private only(term: string): void {
    const { parts } = this;
    if (parts === undefined) return;
    parts.input.value = withTerm(parts.input.value, term, true);
    this.run(parts.input.value);
  }

  private closeDetail(): void {
    const { parts } = this;
    if (parts === undefined) return;
    this.shown = undefined;
    parts.detail.hidden = true;
    parts.table.element.focus();
  }

  /** Shows the record with this number among its neighbours, which takes a list without a filter. */
  private goTo(seq: number): void {
    const { parts } = this;
    if (parts === undefined) return;
    this.goal = seq;
    parts.input.value = '';
    this.run('');
  }

  private arrive(): void {
    if (this.goal === undefined || this.parts === undefined) return;
    const index = this.records.top - this.goal;
    this.goal = undefined;
    this.parts.table.select(index);
    this.parts.table.element.focus();
  }
}

new AuditPage();
