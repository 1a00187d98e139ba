import type { Logger, Masker } from './ports';

/** A value of plain data with every text in it masked. */
export function masked<T>(value: T, masker: Masker): T;
export function masked(value: unknown, masker: Masker): unknown {
  if (typeof value === 'string') return masker.mask(value);
  if (Array.isArray(value)) return value.map((one) => masked(one, masker));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, masked(one, masker)]));
}

/** A log through which no known secret gets, whoever writes to it. */
export function maskedLogger(log: Logger, masker: Masker): Logger {
  return {
    debug: (text) => log.debug(masker.mask(text)),
    info: (text) => log.info(masker.mask(text)),
    warn: (text) => log.warn(masker.mask(text)),
    error: (text) => log.error(masker.mask(text)),
  };
}
