/**
 * The product's sentences in the language of the editor. The English sentence is its own key; the other languages
 * are `l10n/bundle.l10n.<language>.json`. Used by the extension and by its webviews, which get the bundle with
 * their first message.
 */
export type Bundle = Readonly<Record<string, string>>;

let bundle: Bundle = {};

/** Sets the language for this process or page. An empty bundle is English. */
export function setBundle(next: Bundle): void {
  bundle = next;
}

/** The translation of `text`, without filling its places: for callers that put elements there. */
export function template(text: string): string {
  return Object.hasOwn(bundle, text) ? (bundle[text] ?? text) : text;
}

/** Translates `text` and fills `{0}`, `{1}`, … A place without a value stays as it is. */
export function t(text: string, ...values: readonly (string | number)[]): string {
  return template(text).replace(/\{(\d+)\}/g, (place, index: string) =>
    String(values[Number(index)] ?? place),
  );
}

/**
 * The translation of a sentence that is not written in the views: one of a channel's descriptor. A test demands
 * that the bundles have all of those.
 */
export function translated(text: string): string {
  return template(text);
}
