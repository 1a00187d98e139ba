const SVG = 'http://www.w3.org/2000/svg';

/** An element of a picture; `text` becomes its content as text. */
export function svg(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  text = '',
): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}

/** An empty picture of this many units, with what it shows in words for who cannot see it. */
export function chartFrame(label: string, width: number, height: number): SVGElement {
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, class: 'chart' });
}
