import { encode } from 'uqr';

const SVG = 'http://www.w3.org/2000/svg';
/** White modules around the code that readers need (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/** `text` as a QR code, drawn here so that it goes to nobody. Black on white in every theme: readers need it. */
export function qrCode(text: string, label: string): SVGSVGElement {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_ZONE });
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.setAttribute('class', 'qr');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  svg.setAttribute('shape-rendering', 'crispEdges');
  const ground = document.createElementNS(SVG, 'rect');
  ground.setAttribute('width', String(size));
  ground.setAttribute('height', String(size));
  ground.setAttribute('fill', '#ffffff');
  const path = document.createElementNS(SVG, 'path');
  let shape = '';
  data.forEach((line, y) => {
    line.forEach((dark, x) => {
      if (dark) shape += `M${x} ${y}h1v1h-1z`;
    });
  });
  path.setAttribute('d', shape);
  path.setAttribute('fill', '#000000');
  svg.append(ground, path);
  return svg;
}
