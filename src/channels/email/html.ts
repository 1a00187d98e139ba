import { Parser } from 'htmlparser2';

/** Elements whose content is not text to be read. */
const SILENT: ReadonlySet<string> = new Set([
  'script',
  'style',
  'head',
  'title',
  'template',
  'noscript',
  'svg',
  'math',
  'object',
  'iframe',
  'select',
  'textarea',
  'audio',
  'video',
  'canvas',
]); // prettier-ignore
const BLOCKS: ReadonlySet<string> = new Set([
  'p',
  'div',
  'br',
  'tr',
  'li',
  'ul',
  'ol',
  'table',
  'blockquote',
  'pre',
  'hr',
  'section',
  'article',
  'header',
  'footer',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
]); // prettier-ignore
const VOID: ReadonlySet<string> = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
]); // prettier-ignore

/** Styles with which text is there and not seen. */
const UNSEEN =
  /display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0*)?(?:;|$)|font-size:0(?:\.0*)?(?:px|pt|em|rem|%)?(?:;|!|$)|mso-hide:all|(?:^|;)(?:max-)?(?:height|width):0(?:px)?(?:;|!|$)|text-indent:-\d{3,}|(?:left|top|margin-left):-\d{3,}/;
/** What mail programs put around the mail that is answered. */
const QUOTED_CLASS =
  /(?:^|\s)(?:gmail_quote|gmail_attr|gmail_signature|moz-cite-prefix|moz-signature|yahoo_quoted|protonmail_quote)(?:\s|$|_)/;

const HTML_CAP = 1024 * 1024;
/** Elements within each other. Mail has some dozens; the parser's time grows with the square of it. */
const DEEPEST = 512;

interface Element {
  readonly name: string;
  /** Its content is left out. */
  readonly silent: boolean;
  /** Line ends and spaces in it are kept. */
  readonly pre: boolean;
  /** A link, or in one. Links do not nest, or showing each one's address would take for ever. */
  readonly inLink: boolean;
  readonly link: { readonly href: string; readonly from: number } | undefined;
}

/**
 * The text of a mail in HTML that a person can see, as lines. Scripts, styles, hidden elements and quoted mail are
 * left out; a link is its text, and its address too where that is another. Nothing is fetched, nothing is run.
 * @throws RangeError for elements that are nested as no honest mail has them.
 */
export function htmlText(html: string): string {
  const out: string[] = [];
  const open: Element[] = [];
  const silent = () => open.at(-1)?.silent ?? false;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (BLOCKS.has(name) && !silent()) out.push('\n');
        if (name === 'li' && !silent()) out.push('- ');
        if (VOID.has(name)) return;
        if (open.length >= DEEPEST) throw new RangeError('the page is nested too deeply');
        const hidden = silent() || SILENT.has(name) || isHidden(attributes) || isQuoted(name, attributes);
        const parent = open.at(-1);
        const link =
          name === 'a' && !parent?.inLink
            ? { href: attributes.href?.trim() ?? '', from: out.length }
            : undefined;
        open.push({
          name,
          silent: hidden,
          pre: name === 'pre' || (parent?.pre ?? false),
          inLink: link !== undefined || (parent?.inLink ?? false),
          link,
        });
      },
      ontext(text) {
        if (!silent()) out.push(open.at(-1)?.pre ? text : text.replace(/[ \t\r\n\f]+/g, ' '));
      },
      onclosetag(name) {
        if (VOID.has(name)) return;
        const at = open.findLastIndex((element) => element.name === name);
        if (at < 0) return;
        const element = open[at];
        open.length = at;
        if (element?.link && !element.silent) {
          const shown = out.slice(element.link.from).join('').trim();
          if (/^https?:/i.test(element.link.href) && shown !== element.link.href)
            out.push(` <${element.link.href}>`);
        }
        if (BLOCKS.has(name) && !silent()) out.push('\n');
      },
    },
    { decodeEntities: true },
  );
  parser.write(html.slice(0, HTML_CAP));
  parser.end();
  return out
    .join('')
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function isHidden(attributes: Readonly<Record<string, string>>): boolean {
  if (attributes.hidden !== undefined || attributes['aria-hidden'] === 'true') return true;
  return UNSEEN.test(
    (attributes.style ?? '')
      .replace(/\s+/g, '')
      .replace(/\/\*.*?\*\//g, '')
      .toLowerCase(),
  );
}

function isQuoted(name: string, attributes: Readonly<Record<string, string>>): boolean {
  if (name === 'blockquote' && (attributes.type ?? '').toLowerCase() === 'cite') return true;
  return QUOTED_CLASS.test(attributes.class ?? '') || attributes.id === 'divRplyFwdMsg';
}
