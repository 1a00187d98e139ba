import { t } from '../../src/views/protocol/l10n';
import type { PagePoint } from '../../src/views/protocol/posture';
import { el } from '../dom';
import { chartFrame, svg } from '../svg';

const WIDTH = 320;
const HEIGHT = 140;
/** Room for the days below and the figures at the side. */
const FOOT = 20;
const SIDE = 34;
const TOP = 8;
const ROWS_MOST = 60;

/** The score over time as a line of steps, since it holds until it is another one; the figures in a table behind it. */
export function scoreChart(points: readonly PagePoint[]): HTMLElement {
  const first = points[0];
  const last = points.at(-1);
  const title = t('Score by day');
  if (first === undefined || last === undefined)
    return el('p', { class: 'quiet' }, t('There is no history yet.'));
  const label = t('The score went from {0} to {1}', first.score, last.score);
  const picture = chartFrame(label, WIDTH, HEIGHT);
  const span = Math.max(1, last.at - first.at);
  const x = (at: number) => SIDE + ((at - first.at) / span) * (WIDTH - SIDE - 8);
  const y = (score: number) => TOP + (1 - score / 100) * (HEIGHT - FOOT - TOP);
  for (const mark of [0, 50, 100]) {
    picture.append(
      svg('line', { x1: SIDE, x2: WIDTH, y1: y(mark), y2: y(mark), class: 'axis' }),
      svg('text', { x: SIDE - 6, y: y(mark) + 4, class: 'tick end' }, String(mark)),
    );
  }
  const steps = points.map((point, index) => {
    const before = points[index - 1];
    return before === undefined ? `M${x(point.at)} ${y(point.score)}` : `H${x(point.at)} V${y(point.score)}`;
  });
  picture.append(svg('path', { d: steps.join(' '), class: 'line' }));
  for (const point of points.slice(-ROWS_MOST))
    picture.append(svg('circle', { cx: x(point.at), cy: y(point.score), r: 3, class: 'dot' }));
  picture.append(
    svg('text', { x: SIDE, y: HEIGHT - 4, class: 'tick' }, day(first.at)),
    svg('text', { x: WIDTH - 8, y: HEIGHT - 4, class: 'tick end' }, day(last.at)),
  );
  return el('figure', {}, el('figcaption', {}, title), picture, table(title, points));
}

function table(title: string, points: readonly PagePoint[]): HTMLElement {
  const head = el('tr', {});
  for (const name of [t('Day'), t('Score'), t('Found'), t('Accepted')]) {
    const cell = el('th', {}, name);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = el('tbody', {});
  for (const { at, score, open, accepted } of [...points].reverse().slice(0, ROWS_MOST)) {
    const name = el('th', {}, day(at));
    name.scope = 'row';
    const found = open.reduce((sum, count) => sum + count, 0);
    body.append(el('tr', {}, name, ...[score, found, accepted].map((value) => el('td', {}, String(value)))));
  }
  const whole = el('table', {}, el('caption', { class: 'sr-only' }, title), el('thead', {}, head), body);
  return el('details', {}, el('summary', {}, t('Show as a table')), whole);
}

function day(at: number): string {
  return new Date(at).toLocaleDateString(document.documentElement.lang || 'en', { dateStyle: 'medium' });
}
