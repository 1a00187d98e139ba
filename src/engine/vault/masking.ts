import type { MaskingService, SecretForms } from '../model/ports';

/** Secrets shorter than this are not masked by value: they would hit ordinary words. Characters. */
const SHORTEST_SECRET = 6;

/**
 * Shapes of keys that are secrets whoever they belong to. Sources: the issuers' own documentation and the rules
 * of gitleaks (MIT). Each is anchored by a literal prefix and linear in time.
 */
const KNOWN_SHAPES: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'telegram token', pattern: /\b\d{8,10}:[A-Za-z0-9_-]{35}\b/g },
  { name: 'slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g },
  { name: 'slack app token', pattern: /\bxapp-\d-[A-Za-z0-9-]{10,}/g },
  { name: 'github token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})/g },
  { name: 'anthropic key', pattern: /\bsk-ant-[A-Za-z0-9_-]{20,}/g },
  { name: 'openai key', pattern: /\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}/g },
  { name: 'aws access key id', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { name: 'google api key', pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
  { name: 'npm token', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { name: 'discord token', pattern: /\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}/g },
  {
    name: 'private key',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
  },
  { name: 'json web token', pattern: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g },
];

/**
 * The one place that every outlet of text passes through (journal, logs, chat, approvals, exports, errors).
 * It knows the live secrets, in the forms in which they could slip out, and the shapes of well-known keys.
 * A masked secret shows its name, so that a reader knows what stood there.
 */
export class Masking implements MaskingService {
  private readonly live = new Map<string, readonly string[]>();
  private ordered: { readonly form: string; readonly name: string }[] = [];

  /** The same service for another thread, from what `known` gave. */
  static of(known: readonly SecretForms[]): Masking {
    const masking = new Masking();
    for (const { name, forms } of known) masking.live.set(name, forms);
    masking.reorder();
    return masking;
  }

  /** Every live secret in its forms. */
  known(): readonly SecretForms[] {
    return [...this.live].map(([name, forms]) => ({ name, forms }));
  }

  /** Learns the value of a secret; an earlier value under the same name stays masked until `forget`. */
  learn(name: string, value: string): void {
    if (value.length < SHORTEST_SECRET) return;
    this.live.set(name, [...new Set([...(this.live.get(name) ?? []), ...formsOf(value)])]);
    this.reorder();
  }

  forget(name: string): void {
    this.live.delete(name);
    this.reorder();
  }

  mask(text: string): string {
    let result = text;
    for (const { form, name } of this.ordered) {
      if (result.includes(form)) result = result.split(form).join(`‹secret ${name}›`);
    }
    for (const { name, pattern } of KNOWN_SHAPES) result = result.replace(pattern, `‹${name}›`);
    return result;
  }

  private reorder(): void {
    // Longest first: a form that contains another must not leave its rest behind.
    this.ordered = [...this.live]
      .flatMap(([name, forms]) => forms.map((form) => ({ form, name })))
      .sort((a, b) => b.form.length - a.form.length);
  }
}

/** A value as it is, and as URL, JSON, HTML, hex and base64 (at each of the three alignments) would write it. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const forms = new Set<string>([
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ]);
  for (const alignment of [0, 1, 2]) {
    const inner = base64Inner(bytes, alignment);
    forms.add(inner);
    forms.add(inner.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...forms].filter((form) => form.length >= SHORTEST_SECRET);
}

/**
 * The part of a base64 text that depends on the value alone when `alignment` bytes stand before it (modulo 3):
 * the first and last characters also carry bits of the neighbours, so they are left out.
 */
function base64Inner(bytes: Buffer, alignment: number): string {
  const padded = Buffer.concat([Buffer.alloc(alignment), bytes]);
  const text = padded.toString('base64').replace(/=+$/, '');
  const start = alignment === 0 ? 0 : alignment + 1;
  const end = padded.length % 3 === 0 ? text.length : text.length - 1;
  return text.slice(start, end);
}
