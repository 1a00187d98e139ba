// npm run package: builds a .vsix and refuses one with a file that nobody meant to ship, or of a size nobody expects.
// With --no-build it takes dist/ as it is.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root, say } from './bootstrap.mjs';
import { run } from './processes.mjs';

/** Every path in the package matches one of these, or is what the build wrote; this checks .vscodeignore. */
const allowed = [
  /^package(\.nls(\.[a-z-]+)?)?\.json$/i,
  /^(README|CHANGELOG|SECURITY)\.md$/i,
  /^LICENSE(\.txt)?$/i,
  /^l10n\/bundle\.l10n(\.[a-z-]+)?\.json$/i,
  /^media\/[\w./-]+\.(svg|png|md)$/,
  // Pages that the Checklist and the Channels view open.
  /^docs\/(controls|policy|recovery|sandboxes)\.md$/,
  /^docs\/channels\/[a-z]+\.md$/,
  // The keychain binding, as its own package ships it.
  /^dist\/node_modules\/keytar\/(LICENSE\.md|package\.json|lib\/keytar\.js|prebuilds\/[\w-]+\/keytar\.node)$/,
  // The encryption of Matrix, which is read when an account with it first connects.
  /^dist\/channels\/pkg\/matrix_sdk_crypto_wasm_bg\.wasm$/,
  /^dist\/(sql-wasm|tree-sitter|tree-sitter-bash|tree-sitter-powershell)\.wasm$/,
];
const required = [
  'package.json',
  'dist/extension.cjs',
  'dist/store-worker.cjs',
  'dist/cli.js',
  'dist/sql-wasm.wasm',
  'dist/channels/matrix-crypto-worker.cjs',
  'dist/channels/pkg/matrix_sdk_crypto_wasm_bg.wasm',
];

/** Bytes. The store, the grammars, the channels and Matrix’s encryption come to about half of this. */
const sizeLimit = 12_000_000;

await bootstrap({ systemPackages: [] });
const vsce = (...args) => [join(root, 'node_modules/@vscode/vsce/vsce'), ...args];
const { version, name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

if (!process.argv.includes('--no-build')) {
  say('building');
  await must('esbuild.mjs', [join(root, 'esbuild.mjs')]);
}
await must('the size budget', [join(root, 'esbuild.mjs'), '--budget']);

const listing = await must('vsce ls', vsce('ls', '--no-dependencies'), true);
const files = listing
  .split('\n')
  .map((line) => line.trim())
  .filter(Boolean);
const { outputs } = JSON.parse(readFileSync(join(root, 'dist/meta.json'), 'utf8'));
const written = new Set(Object.keys(outputs).filter((path) => !path.endsWith('.map')));
const strangers = files.filter((file) => !written.has(file) && !allowed.some((one) => one.test(file)));
const absent = required.filter((file) => !files.includes(file));
if (strangers.length > 0) refuse(`these files would ship and are not meant to: ${strangers.join(', ')}`);
if (absent.length > 0) refuse(`these files are missing: ${absent.join(', ')}`);

const target = join(root, `${name}-${version}.vsix`);
await must(
  'vsce package',
  vsce(
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--out',
    target,
  ),
  true,
);
const { size } = statSync(target);
if (size > sizeLimit) refuse(`${target} is ${size} bytes, and ${sizeLimit} is the limit`);
say(`${target}: ${files.length} files, ${(size / 1_000_000).toFixed(2)} MB`);

async function must(what, args, quiet = false) {
  const { code, output } = await run(process.execPath, args, { cwd: root, quiet });
  if (code !== 0) refuse(`${what} ended with ${code}${quiet ? `:\n${output}` : ''}`);
  return output;
}

function refuse(why) {
  console.error(`cowork: no package: ${why}`);
  process.exit(1);
}
