/** Drawn here so that a page loads no font and no picture. 16×16, in the colour of the text around them. */
const PATHS = {
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  warning: 'M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.75v.1',
  stop: 'M5.25 2h5.5L14 5.25v5.5L10.75 14h-5.5L2 10.75v-5.5zM5.5 8h5',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.25v3.5M8 5.1v.1',
  shield: 'M8 1.75 3 3.5v4c0 3.2 2.1 5.7 5 6.9 2.9-1.2 5-3.7 5-6.9v-4z',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.75V8l2.25 1.75',
  key: 'M10.25 9.25a3.5 3.5 0 1 0-3.3-2.35L2 11.85V14h2.15v-1.5h1.5V11h1.4l1.3-1.95c.6.2 1.2.200 1.9.200zM11 5.1v.1',
  folder: 'M2 12.5v-9h4.25L7.75 5H14v7.5z',
  chat: 'M2.5 3h11v8H8l-3 2.5V11H2.5z',
  spin: 'M8 2a6 6 0 1 1-5.2 3',
  more: 'M5 6.5 8 9.5l3-3',
  play: 'M5 3l8 5-8 5z',
  star: 'M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z',
  pause: 'M5.5 3v10M10.5 3v10',
} as const;
export type IconName = keyof typeof PATHS;

const SVG = 'http://www.w3.org/2000/svg';

/** Decoration: the words beside it say the same. */
export function icon(name: IconName, className = ''): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `icon ${className}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
