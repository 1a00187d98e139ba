import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { createStore, type Store, type StoreOptions } from '../../../src/engine/store';

const built = new Map<string, string>();

/** A script as it is shipped: one file with SQLite's wasm beside it, away from any node_modules. */
export function bundled(source: string): string {
  const known = built.get(source);
  if (known) return known;
  const directory = mkdtempSync(join(tmpdir(), 'cowork-bundle-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, basename(source).replace(/ts$/, 'cjs'));
  buildSync({
    entryPoints: [join(__dirname, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
  });
  copyFileSync(join(dirname(require.resolve('sql.js')), 'sql-wasm.wasm'), join(directory, 'sql-wasm.wasm'));
  built.set(source, outfile);
  return outfile;
}

export function workerStore(directory: string, extra: Partial<StoreOptions> = {}): Store {
  return createStore({
    directory,
    label: 'test workspace',
    workerPath: bundled('tally-worker.ts'),
    ...extra,
  });
}
