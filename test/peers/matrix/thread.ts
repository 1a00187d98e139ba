import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { cryptoInside } from '../../../scripts/crypto-inside.mjs';

const SOURCE = join(__dirname, '../../../src/channels/matrix/crypto/matrix-crypto-worker.ts');
const WASM = 'pkg/matrix_sdk_crypto_wasm_bg.wasm';

let built: Promise<string> | undefined;

/** The path of the thread that encrypts, made as it is shipped: one file, with the WebAssembly beside it. */
export function bundledThread(): Promise<string> {
  built ??= make();
  return built;
}

async function make(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'cowork-crypto-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, 'matrix-crypto-worker.cjs');
  await build({
    entryPoints: [SOURCE],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    conditions: ['node'],
    logLevel: 'error',
    plugins: [cryptoInside],
    define: { 'import.meta.url': '__moduleUrl' },
    banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  mkdirSync(join(directory, 'pkg'));
  copyFileSync(
    join(dirname(require.resolve('@matrix-org/matrix-sdk-crypto-wasm')), WASM),
    join(directory, WASM),
  );
  return outfile;
}
