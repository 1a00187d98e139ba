import type { ChartPoint } from '../../src/views/protocol/audit';
import { t } from '../../src/views/protocol/l10n';
import { el } from '../dom';

const SVG = 'http://www.w3.org/2000/svg';
const HOURS = 24;
const WIDTH = 480;
const HEIGHT = 120;
/** Room below the bars for the hours, and at the side for the largest count. */
const FOOT = 16;
const SIDE = 34;
/** Classes of `style.css`, one a series; told apart by pattern and legend as well as by colour. */
const SERIES = 5;

function svg(tag: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}

function frame(label: string, width: number, height: number): SVGElement {
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, class: 'chart' });
}

function hour(at: number): string {
  return `${String(new Date(at).getHours()).padStart(2, '0')}:00`;
}

/** Messages by hour, one colour a channel, with the figures in a table behind it. */
export function activityChart(points: readonly ChartPoint[]): HTMLElement {
  const channels = [...new Set(points.map((point) => point.series))];
  const hours = [...new Set(points.map((point) => point.at))].sort((a, b) => a - b).slice(-HOURS);
  const at = new Map(points.map((point) => [`${point.series}\u0000${point.at}`, point.count]));
  const count = (channel: string, time: number) => at.get(`${channel}\u0000${time}`) ?? 0;
  const sums = hours.map((time) => channels.reduce((sum, channel) => sum + count(channel, time), 0));
  const most = Math.max(1, ...sums);
  const total = sums.reduce((sum, value) => sum + value, 0);
  const picture = frame(t('{0} messages in the last 24 hours', total), WIDTH, HEIGHT);
  const step = (WIDTH - SIDE) / HOURS;
  const scale = (HEIGHT - FOOT - 8) / most;
  picture.append(
    svg('line', { x1: SIDE, x2: WIDTH, y1: HEIGHT - FOOT, y2: HEIGHT - FOOT, class: 'axis' }),
    svg('text', { x: SIDE - 4, y: 12, class: 'tick end' }, String(most)),
    svg('text', { x: SIDE - 4, y: HEIGHT - FOOT, class: 'tick end' }, '0'),
  );
  hours.forEach((time, index) => {
    let y = HEIGHT - FOOT;
    channels.forEach((channel, series) => {
      const height = count(channel, time) * scale;
      if (height === 0) return;
      y -= height;
      picture.append(
        svg('rect', {
          x: SIDE + index * step + 1,
          y,
          width: step - 2,
          height,
          class: `series-${series % SERIES}`,
        }),
      );
    });
    if (index % 6 === 0)
      picture.append(svg('text', { x: SIDE + index * step, y: HEIGHT - 3, class: 'tick' }, hour(time)));
  });
  const rows = hours
    .map((time) => [hour(time), ...channels.map((channel) => String(count(channel, time)))])
    .filter((row) => row.slice(1).some((value) => value !== '0'));
  return figure(t('Messages by hour and channel'), picture, legend(channels), [t('Hour'), ...channels], rows);
}

/** Decisions by effect over the same time. */
export function decisionsChart(points: readonly ChartPoint[]): HTMLElement {
  const names: Readonly<Record<string, string>> = { allow: t('allowed'), ask: t('asked'), deny: t('denied') };
  const most = Math.max(1, ...points.map((point) => point.count));
  const line = 28;
  const picture = frame(
    points.map((point) => `${names[point.series] ?? point.series}: ${point.count}`).join(', '),
    WIDTH,
    line * points.length,
  );
  points.forEach((point, index) => {
    const width = ((WIDTH - 160) * point.count) / most;
    picture.append(
      svg('text', { x: 0, y: index * line + 18, class: 'label' }, names[point.series] ?? point.series),
      svg('rect', {
        x: 90,
        y: index * line + 6,
        width: Math.max(1, width),
        height: 16,
        class: `effect-${point.series}`,
      }),
      svg('text', { x: 96 + width, y: index * line + 18, class: 'label' }, String(point.count)),
    );
  });
  const rows = points.map((point) => [names[point.series] ?? point.series, String(point.count)]);
  return figure(t('Decisions by effect'), picture, undefined, [t('Effect'), t('Decisions')], rows);
}

function legend(names: readonly string[]): HTMLElement {
  const list = el('ul', { class: 'legend' });
  names.forEach((name, index) => {
    list.append(el('li', {}, el('span', { class: `swatch series-${index % SERIES}` }), name));
  });
  return list;
}

function figure(
  title: string,
  picture: SVGElement,
  key: HTMLElement | undefined,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLElement {
  const table = el('table', {}, el('caption', { class: 'sr-only' }, title));
  const header = el('tr', {});
  for (const name of head) {
    const cell = el('th', {}, name);
    cell.scope = 'col';
    header.append(cell);
  }
  const body = el('tbody', {});
  for (const values of rows) {
    const [first = '', ...rest] = values;
    const name = el('th', {}, first);
    name.scope = 'row';
    body.append(el('tr', {}, name, ...rest.map((value) => el('td', {}, value))));
  }
  table.append(el('thead', {}, header), body);
  const empty = rows.length === 0 ? el('p', { class: 'quiet' }, t('Nothing in the last 24 hours.')) : table;
  return el(
    'figure',
    {},
    el('figcaption', {}, title),
    picture,
    key,
    el('details', {}, el('summary', {}, t('Show as a table')), empty),
  );
}
