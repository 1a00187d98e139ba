import type { LogOutputChannel } from 'vscode';
import type { Masker } from '../engine/model/ports';

const WRITERS: ReadonlySet<PropertyKey> = new Set([
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'append',
  'appendLine',
  'replace',
]);

/** The log that people see, through which no known secret gets, whichever part of the extension writes to it. */
export function maskedLog(log: LogOutputChannel, masker: Masker): LogOutputChannel {
  const shown = (value: unknown) =>
    value instanceof Error ? masker.mask(value.stack ?? value.message) : masker.mask(String(value));
  return new Proxy(log, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      if (!WRITERS.has(key)) return member.bind(target);
      return (...parts: readonly unknown[]) => member.apply(target, parts.map(shown));
    },
  });
}
