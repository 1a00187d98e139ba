import { t } from '../src/views/protocol/l10n';

let format: { readonly language: string; readonly moment: Intl.DateTimeFormat } | undefined;

/** A point in time in the page's language, to the second; `at` in milliseconds since the epoch. */
export function moment(at: number): string {
  const language = document.documentElement.lang || 'en';
  // Making one costs more than all else in a row of a table.
  if (format?.language !== language) {
    const moment = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' });
    format = { language, moment };
  }
  return format.moment.format(at);
}

/** A duration in milliseconds: `0.4 s`, `12 s`, `3 min 4 s`, `2 h 5 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 10_000) return t('{0} s', (Math.max(0, milliseconds) / 1000).toFixed(1));
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return t('{0} s', seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('{0} min {1} s', minutes, seconds % 60);
  return t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}
