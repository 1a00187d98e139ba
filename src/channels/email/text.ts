/** Lines that mail programs put above the mail that is answered. Fixed forms only, so nothing of a command fits. */
const ATTRIBUTIONS: readonly RegExp[] = [
  /^on\b.{5,300}\bwrote:$/i,
  /^am\b.{5,300}\bschrieb\b.{0,200}:$/i,
  /^le\b.{5,300}\ba écrit ?:$/i,
  /^el\b.{5,300}\bescribió:$/i,
  /^il\b.{5,300}\bha scritto:$/i,
  /^op\b.{5,300}\bschreef\b.{0,200}:$/i,
  /^em\b.{5,300}\bescreveu:$/i,
  /^-{2,} ?(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|forwarded message|weitergeleitete nachricht) ?-{2,}$/i,
  /^begin forwarded message:$/i,
  /^_{20,}$/,
];

/** The first line of the block of headers that Outlook puts above the mail that is answered, and the second. */
const OUTLOOK_FIRST = /^\*?(?:from|von|de|da|van):\*? .+/i;
const OUTLOOK_SECOND = /^\*?(?:sent|date|gesendet|datum|envoyé|enviado|inviato|verzonden):\*? .+/i;

/** RFC 3676, 4.3. */
const SIGNATURE = /^-- ?$/;
/** What phones add below. */
const SENT_FROM =
  /^(?:sent from (?:my|mail for|outlook|yahoo|proton)\b.*|get outlook for .*|(?:von meinem .+|gesendet von .+|von unterwegs) gesendet.*|gesendet mit .+|envoyé de mon .+|enviado desde mi .+)$/i;

/**
 * What the person wrote, without the mail that it answers and without a signature. Text above a quotation counts;
 * when there is none, the text below it does.
 */
export function ownWords(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const quote = lines.findIndex((_, index) => isAttribution(lines, index));
  const top = clean(quote < 0 ? lines : lines.slice(0, quote));
  if (top !== '' || quote < 0) return top;
  // Answered below: what is quoted is marked line by line then, or it cannot be told apart.
  const below = lines.slice(quote + 1);
  return below.some((line) => line.startsWith('>')) ? clean(below) : '';
}

function clean(lines: readonly string[]): string {
  const end = lines.findIndex((line) => SIGNATURE.test(line) || SENT_FROM.test(line.trim()));
  return (end < 0 ? lines : lines.slice(0, end))
    .filter((line) => !line.startsWith('>'))
    .map((line) => line.replace(/[ \t\u00a0]+$/, ''))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** The longer forms are often broken over two lines. */
function isAttribution(lines: readonly string[], index: number): boolean {
  const line = (lines[index] ?? '').trim();
  if (line === '' || line.startsWith('>')) return false;
  const next = (lines[index + 1] ?? '').trim();
  if (OUTLOOK_FIRST.test(line) && OUTLOOK_SECOND.test(next)) return true;
  return ATTRIBUTIONS.some((form) => form.test(line) || form.test(`${line} ${next}`));
}
