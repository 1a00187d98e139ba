import { EngineError } from '../model/error';
import type { PostureSurroundings } from './ports';

const unknown = async () => Promise.reject(new EngineError('Nothing is known of it here.'));

/** Stands in where the engine runs without an editor and without channels: what is outside is unknown. */
export const nothingAround: PostureSurroundings = {
  rulesOf: () => [],
  load: unknown,
  channels: () => [],
  machine: unknown,
  repository: unknown,
  problems: () => [],
  logLevel: () => 'info',
  accessRules: () => ({}),
  secrets: async () => ({ weak: [], shared: [] }),
  settings: { get: () => undefined, set: unknown },
  permissions: { get: unknown, set: unknown },
  settled: async () => {},
  checkForUpdates: unknown,
  every: () => ({}),
  staleDays: () => 30,
  onChange: () => ({ dispose() {} }),
};
