import type { AuditToPage, ChartPoint, Count } from '../../src/views/protocol/audit';
import { t } from '../../src/views/protocol/l10n';
import { flat } from '../../src/views/protocol/marks';
import { type Child, el, untrusted } from '../dom';
import { icon } from '../icons';
import { chartFrame, svg } from '../svg';
import { moment } from '../time';

export type Figures = Extract<AuditToPage, { type: 'charts' }>;

const HOUR_MS = 3_600_000;
const WIDTH = 320;
const HEIGHT = 110;
/** Room below the bars for the hours, at the side for the largest count, and above for marks. */
const FOOT = 16;
const SIDE = 30;
const TOP = 12;
/** Classes of `style.css`, one a series; told apart by legend and table as well as by colour. */
const SERIES = 5;
/** The channels with the most records get a colour; the others share the last. */
const OTHERS = 4;
const EFFECT_ORDER = ['allow', 'ask', 'deny'];

/** The hours or days of the figures, each with its name. Days are those of UTC, as they were counted. */
export function buckets({ from, until, bucket }: Figures): readonly { at: number; label: string }[] {
  const unit = bucket === 'day' ? 24 * HOUR_MS : HOUR_MS;
  const result: { at: number; label: string }[] = [];
  for (let at = from; at <= until && result.length < 400; at += unit) {
    const date = new Date(at);
    const label =
      bucket === 'day'
        ? date.toISOString().slice(0, 10)
        : `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
    result.push({ at, label });
  }
  return result;
}

interface Stack {
  readonly title: string;
  readonly label: string;
  readonly first: string;
  readonly series: readonly { readonly name: string; readonly style: string }[];
  readonly count: (series: string, at: number) => number;
}

function counter(points: readonly ChartPoint[]): (series: string, at: number) => number {
  const known = new Map<string, number>();
  for (const { series, at, count } of points) {
    const key = `${series}\u0000${at}`;
    known.set(key, (known.get(key) ?? 0) + count);
  }
  return (series, at) => known.get(`${series}\u0000${at}`) ?? 0;
}

/** Records by hour or day, one colour a channel, marks where something was out of the ordinary. */
export function activityChart(figures: Figures): HTMLElement {
  const sums = new Map<string, number>();
  for (const { series, count } of figures.activity) sums.set(series, (sums.get(series) ?? 0) + count);
  const ranked = [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const rest = ranked.length > SERIES ? new Set(ranked.slice(OTHERS)) : new Set<string>();
  const others = t('others');
  const points = figures.activity.map((point) =>
    rest.has(point.series) ? { ...point, series: others } : point,
  );
  const names = rest.size > 0 ? [...ranked.slice(0, OTHERS), others] : ranked;
  return stacked(figures, {
    title: figures.bucket === 'day' ? t('Activity by day and channel') : t('Activity by hour and channel'),
    label: t('{0} records in all', figures.total),
    first: figures.bucket === 'day' ? t('Day') : t('Hour'),
    series: names.map((name, index) => ({ name, style: `series-${index % SERIES}` })),
    count: counter(points),
  });
}

/** Decisions over the same time, by what they said. */
export function decisionsChart(figures: Figures): HTMLElement {
  const words: Readonly<Record<string, string>> = { allow: t('allowed'), ask: t('asked'), deny: t('denied') };
  const present = new Set(figures.decisions.map(({ series }) => series));
  const count = counter(figures.decisions);
  const names = EFFECT_ORDER.filter((effect) => present.has(effect));
  const sum = (effect: string) =>
    figures.decisions.reduce((all, point) => (point.series === effect ? all + point.count : all), 0);
  return stacked(
    { ...figures, marks: [] },
    {
      title: t('Decisions by effect'),
      label: names.map((effect) => `${words[effect]}: ${sum(effect)}`).join(', ') || t('No decisions'),
      first: figures.bucket === 'day' ? t('Day') : t('Hour'),
      series: names.map((effect) => ({ name: words[effect] ?? effect, style: `effect-${effect}` })),
      count: (name, at) => count(names.find((effect) => words[effect] === name) ?? name, at),
    },
  );
}

function stacked(figures: Figures, stack: Stack): HTMLElement {
  const times = buckets(figures);
  const sums = times.map(({ at }) => stack.series.reduce((sum, { name }) => sum + stack.count(name, at), 0));
  const most = Math.max(1, ...sums);
  const picture = chartFrame(`${stack.title}. ${stack.label}`, WIDTH, HEIGHT);
  const step = (WIDTH - SIDE) / Math.max(1, times.length);
  const scale = (HEIGHT - FOOT - TOP) / most;
  const ground = HEIGHT - FOOT;
  picture.append(
    svg('line', { x1: SIDE, x2: WIDTH, y1: ground, y2: ground, class: 'axis' }),
    svg('text', { x: SIDE - 4, y: TOP + 8, class: 'tick end' }, compact(most)),
    svg('text', { x: SIDE - 4, y: ground, class: 'tick end' }, '0'),
  );
  const each = Math.max(1, Math.ceil(times.length / 6));
  times.forEach(({ at, label }, index) => {
    let y = ground;
    const x = SIDE + index * step;
    for (const { name, style } of stack.series) {
      const height = stack.count(name, at) * scale;
      if (height === 0) continue;
      y -= height;
      picture.append(svg('rect', { x: x + step * 0.08, y, width: step * 0.84, height, class: style }));
    }
    if (index % each === 0) {
      const text = figures.bucket === 'day' ? label.slice(5) : label;
      picture.append(svg('text', { x, y: HEIGHT - 3, class: 'tick' }, text));
    }
  });
  const span = Math.max(1, (times.at(-1)?.at ?? 0) - (times[0]?.at ?? 0) + unitOf(figures));
  for (const { at } of figures.marks) {
    const x = SIDE + ((at - figures.from) / span) * (WIDTH - SIDE);
    picture.append(svg('path', { d: `M${x - 4} 1h8l-4 7z`, class: 'unusual' }));
  }
  const rows = times
    .map(({ at, label }) => [label, ...stack.series.map(({ name }) => String(stack.count(name, at)))])
    .filter((row) => row.slice(1).some((value) => value !== '0'));
  return figure(
    stack.title,
    picture,
    legend(stack.series),
    table(stack.title, [stack.first, ...stack.series.map(({ name }) => name)], rows),
  );
}

function unitOf({ bucket }: Figures): number {
  return bucket === 'day' ? 24 * HOUR_MS : HOUR_MS;
}

function compact(value: number): string {
  return new Intl.NumberFormat(document.documentElement.lang, { notation: 'compact' }).format(value);
}

/** What was denied, by rule and by person. Undefined when nothing was. */
export function denialsChart({ denials }: Figures): HTMLElement | undefined {
  if (denials.byRule.length === 0) return undefined;
  const title = t('Denials');
  const body = el('div', { class: 'denials' });
  const add = (name: string, counts: readonly Count[]) => {
    if (counts.length === 0) return;
    body.append(el('h2', { class: 'quiet' }, name), bars(counts));
  };
  add(t('By rule'), denials.byRule);
  add(t('By person'), denials.byUser);
  const rows = [
    ...denials.byRule.map(({ name, count }) => [name, t('rule'), String(count)]),
    ...denials.byUser.map(({ name, count }) => [name, t('person'), String(count)]),
  ];
  return figure(title, body, undefined, table(title, [t('Name'), t('Kind'), t('Denied')], rows));
}

/** Rows of name, bar and figure: readable without the picture. */
function bars(counts: readonly Count[]): HTMLElement {
  const most = Math.max(1, ...counts.map(({ count }) => count));
  const list = el('ul', { class: 'bars' });
  for (const { name, count } of counts) {
    const bar = el('span', { class: 'bar-fill', 'aria-hidden': 'true' });
    bar.style.inlineSize = `${(100 * count) / most}%`;
    list.append(
      el(
        'li',
        {},
        el('span', { class: 'bar-name', title: flat(name) }, untrusted(name)),
        el('span', { class: 'bar-track' }, bar),
        el('span', { class: 'bar-count' }, String(count)),
      ),
    );
  }
  return list;
}

/** What was out of the ordinary, with the way to its record. Undefined when nothing was. */
export function unusualList({ marks }: Figures, goTo: (seq: number) => void): HTMLElement | undefined {
  if (marks.length === 0) return undefined;
  const list = el('ul', { class: 'unusual-list' });
  for (const { seq, at, text } of marks) {
    const link = el('button', { class: 'link' }, t('Record {0}', seq));
    link.type = 'button';
    link.addEventListener('click', () => goTo(seq));
    list.append(
      el('li', {}, icon('warning', 'warn'), el('span', {}, moment(at), ' · ', untrusted(text), ' · ', link)),
    );
  }
  return el('figure', {}, el('figcaption', {}, t('Out of the ordinary')), list);
}

function legend(series: readonly { readonly name: string; readonly style: string }[]): HTMLElement {
  const list = el('ul', { class: 'legend' });
  for (const { name, style } of series) {
    list.append(el('li', {}, el('span', { class: `swatch ${style}` }), untrusted(name)));
  }
  return list;
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  if (rows.length === 0) return el('p', { class: 'quiet' }, t('Nothing in this time.'));
  const element = el('table', {}, el('caption', { class: 'sr-only' }, title));
  const header = el('tr', {});
  for (const name of head) {
    const cell = el('th', {}, untrusted(name));
    cell.scope = 'col';
    header.append(cell);
  }
  const body = el('tbody', {});
  for (const [first = '', ...rest] of rows) {
    const name = el('th', {}, untrusted(first));
    name.scope = 'row';
    body.append(el('tr', {}, name, ...rest.map((value) => el('td', {}, value))));
  }
  element.append(el('thead', {}, header), body);
  return element;
}

function figure(
  title: string,
  picture: Child,
  key: HTMLElement | undefined,
  behind: HTMLElement,
): HTMLElement {
  return el(
    'figure',
    {},
    el('figcaption', {}, title),
    picture,
    key,
    el('details', {}, el('summary', {}, t('Show as a table')), behind),
  );
}
