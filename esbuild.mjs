// Builds everything that ships, and the tests that run inside VS Code.
//
//   node esbuild.mjs            minified bundles in dist/, budget printed
//   node esbuild.mjs --dev      the same, not minified
//   node esbuild.mjs --tests    also test/host → out/test/host
//   node esbuild.mjs --watch    --dev --tests, rebuilding on every change
//   node esbuild.mjs --budget   builds nothing; fails when a bundle of the last build is over its budget
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { cryptoInside } from './scripts/crypto-inside.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const flags = new Set(process.argv.slice(2));
const watch = flags.has('--watch');
const dev = watch || flags.has('--dev');
const tests = watch || flags.has('--tests');

/** Limits in bytes. JavaScript loaded before a first channel is enabled, and one webview's script. */
const budget = { core: 1_000_000, webview: 400_000 };
const coreBundles = ['dist/extension.cjs', 'dist/store-worker.cjs'];

/** Native or host-provided modules: present at run time or absent, never bundled. */
const external = [
  'vscode',
  'keytar',
  'bufferutil',
  'utf-8-validate',
  'zlib-sync',
  'cpu-features',
  '@aws-sdk/client-sso-oidc',
];

/**
 * zod names every language it can complain in as part of its own namespace, so that no bundler can leave them out:
 * 260 kB a bundle. Its messages are for developers here; people read sentences of the product. English stays.
 */
const englishOnly = {
  name: 'zod in English',
  setup(context) {
    context.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/**
 * Every schema of zod can describe itself as JSON Schema, by a method that no bundler can see is never called: 18 kB a
 * bundle. Only the language server and the command line describe schemas; elsewhere the method says that it is not there.
 */
const withoutJsonSchema = {
  name: 'zod without JSON Schema',
  setup(context) {
    context.onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)\.js$/ },
      async (file) => {
        const source = await readFile(file.path, 'utf8');
        const names = [...source.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name);
        const renamed = [...source.matchAll(/^export \{ \w+ as (\w+) \};/gm)].map(([, name]) => name);
        return {
          contents: [
            "const absent = () => { throw new Error('This bundle describes no schemas: see esbuild.mjs.'); };",
            // A schema is made with its methods, so those two are called; what they make is not.
            ...[...names, ...renamed].map((name) =>
              name.startsWith('create')
                ? `export const ${name} = () => absent;`
                : `export { absent as ${name} };`,
            ),
          ].join('\n'),
          loader: 'js',
        };
      },
    );
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  plugins: [englishOnly, cryptoInside],
  minify: !dev,
  sourcemap: dev ? 'linked' : 'external',
  define: { 'process.env.NODE_ENV': dev ? '"development"' : '"production"' },
};

/** Bundles for Node. CommonJS has no import.meta.url, which some dependencies read to find their own files. */
const forNode = {
  ...shared,
  platform: 'node',
  format: 'cjs',
  external,
  // The editor may have no symbols of ours to show, but a stack trace with real names is worth its few bytes.
  keepNames: false,
  mainFields: ['module', 'main'],
  conditions: ['node'],
  define: { ...shared.define, 'import.meta.url': '__moduleUrl' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

async function exists(path) {
  return stat(join(root, path)).then(
    () => true,
    () => false,
  );
}

async function foldersOf(path) {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function filesUnder(path, suffix) {
  const entries = await readdir(join(root, path), { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** The entries that exist; a room that is not built yet is left out, and the build still works. */
async function plans() {
  const hostEntries = {};
  if (await exists('src/extension.ts')) hostEntries.extension = 'src/extension.ts';
  for (const worker of await filesUnder('src/engine', '-worker.ts')) {
    hostEntries[basename(worker, '.ts')] = worker;
  }
  if (await exists('src/engine/guard/index.ts')) hostEntries.guard = 'src/engine/guard/index.ts';
  if (await exists('src/session/posture/checklist.ts'))
    hostEntries.checklist = 'src/session/posture/checklist.ts';
  if (await exists('src/policy-server/main.ts')) hostEntries['policy-server'] = 'src/policy-server/main.ts';
  if (await exists('src/views/policy-client.ts')) hostEntries['policy-client'] = 'src/views/policy-client.ts';
  for (const name of await foldersOf('src/channels')) {
    const adapter = `src/channels/${name}/adapter.ts`;
    if (await exists(adapter)) hostEntries[`channels/${name}`] = adapter;
  }
  // Threads of channels, each beside its channel's bundle, where that looks for it.
  for (const worker of await filesUnder('src/channels', '-worker.ts'))
    hostEntries[`channels/${basename(worker, '.ts')}`] = worker;

  const webviewEntries = {};
  for (const name of await foldersOf('webview-ui')) {
    const main = `webview-ui/${name}/main.ts`;
    if (await exists(main)) webviewEntries[name] = main;
  }

  const { 'policy-server': policyServer, ...lean } = hostEntries;
  const list = [
    {
      ...forNode,
      entryPoints: lean,
      plugins: [...forNode.plugins, withoutJsonSchema],
      outdir: 'dist',
      outExtension: { '.js': '.cjs' },
      target: 'node22',
    },
    {
      ...forNode,
      entryPoints: policyServer ? { 'policy-server': policyServer } : {},
      outdir: 'dist',
      outExtension: { '.js': '.cjs' },
      target: 'node22',
    },
    {
      ...shared,
      entryPoints: webviewEntries,
      outdir: 'dist/webview',
      platform: 'browser',
      format: 'iife',
      target: 'chrome132',
      loader: { '.ttf': 'file', '.woff2': 'file', '.svg': 'dataurl' },
    },
  ];
  if (await exists('src/cli/main.ts')) {
    list.push({
      ...forNode,
      entryPoints: { cli: 'src/cli/main.ts' },
      outdir: 'dist',
      target: 'node20',
      banner: { js: `#!/usr/bin/env node\n${forNode.banner.js}` },
    });
  }
  if (tests) {
    const entries = await filesUnder('test/host', '.test.ts');
    if (await exists('test/host/index.ts')) entries.push('test/host/index.ts');
    list.push({
      ...forNode,
      entryPoints: entries,
      outbase: 'test',
      outdir: 'out/test',
      target: 'node22',
      minify: false,
      sourcemap: 'inline',
      // mocha is an ES module of many files and stays one; everything else the tests import travels with them.
      external: [...external, 'mocha'],
    });
  }
  return list.filter((plan) => Object.keys(plan.entryPoints).length > 0);
}

/** Files that are loaded by name beside the bundles. */
async function copyAssets() {
  const require = createRequire(import.meta.url);
  const grammars = dirname(require.resolve('@vscode/tree-sitter-wasm'));
  const assets = [
    join(dirname(require.resolve('sql.js')), 'sql-wasm.wasm'),
    join(grammars, 'tree-sitter.wasm'),
    join(grammars, 'tree-sitter-bash.wasm'),
    join(grammars, 'tree-sitter-powershell.wasm'),
  ];
  await mkdir(join(root, 'dist'), { recursive: true });
  for (const asset of assets) await copyFile(asset, join(root, 'dist', basename(asset)));
  // The library looks for it there, beside the bundle of its thread, when encryption is first used.
  const crypto = 'pkg/matrix_sdk_crypto_wasm_bg.wasm';
  await mkdir(join(root, 'dist/channels/pkg'), { recursive: true });
  await copyFile(
    join(dirname(require.resolve('@matrix-org/matrix-sdk-crypto-wasm')), crypto),
    join(root, 'dist/channels', crypto),
  );
  return [
    ...assets.map((asset) => `dist/${basename(asset)}`),
    `dist/channels/${crypto}`,
    ...(await copyKeychain()),
  ];
}

/**
 * The keychain binding, with its binaries for every platform, where `require('keytar')` of a bundle finds it.
 * It is an optional dependency: without it the vault goes on to its next level.
 */
async function copyKeychain() {
  const from = 'node_modules/keytar';
  const files = (await filesUnder(from, '')).filter((file) =>
    /\/(lib|prebuilds)\/|\/(package\.json|LICENSE\.md)$/.test(file),
  );
  for (const file of files) {
    const to = join(root, 'dist', file);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(join(root, file), to);
  }
  return files.map((file) => `dist/${file}`);
}

/** Removes what an earlier build left behind and this one did not write. */
async function sweep(folder, kept) {
  const written = new Set(kept);
  for (const file of await filesUnder(folder, '')) if (!written.has(file)) await rm(join(root, file));
}

function overBudget(outputs) {
  const sizeOf = (path) => outputs[path]?.bytes ?? 0;
  const core = coreBundles.reduce((sum, path) => sum + sizeOf(path), 0);
  const lines = [`core ${kilobytes(core)} of ${kilobytes(budget.core)} (${coreBundles.join(' + ')})`];
  const problems = [];
  if (core > budget.core) problems.push(`the core bundles are ${kilobytes(core)}`);
  for (const path of Object.keys(outputs)) {
    if (!path.startsWith('dist/webview/') || !path.endsWith('.js')) continue;
    lines.push(`${basename(path)} ${kilobytes(sizeOf(path))} of ${kilobytes(budget.webview)}`);
    if (sizeOf(path) > budget.webview) problems.push(`${path} is ${kilobytes(sizeOf(path))}`);
  }
  return { lines, problems };
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

/** The list of channels, their settings in the manifest, and their pages. On a build machine they must be right already. */
async function generate() {
  const check = process.env.CI ? ['--check'] : [];
  await promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/generate.ts', ...check], {
    cwd: root,
  }).catch(({ stderr, message }) => {
    throw new Error(stderr?.trim() || message);
  });
}

async function build() {
  const started = performance.now();
  // What a failed build leaves is not to be measured.
  await rm(join(root, 'dist/meta.json'), { force: true });
  await generate();
  const results = await Promise.all((await plans()).map((plan) => esbuild.build(plan)));
  const assets = await copyAssets();
  if (await exists('dist/cli.js')) await chmod(join(root, 'dist/cli.js'), 0o755);
  const meta = { inputs: {}, outputs: {} };
  for (const { metafile } of results) {
    Object.assign(meta.inputs, metafile.inputs);
    Object.assign(meta.outputs, metafile.outputs);
  }
  await writeFile(join(root, 'dist/meta.json'), JSON.stringify(meta));
  const outputs = Object.keys(meta.outputs);
  await sweep('dist', [...outputs, ...assets, 'dist/meta.json']);
  if (tests) await sweep('out/test', outputs);

  console.log(`built ${outputs.length} files in ${Math.round(performance.now() - started)} ms`);
}

async function checkBudget() {
  const recorded = await readFile(join(root, 'dist/meta.json'), 'utf8').catch(() => undefined);
  if (recorded === undefined) {
    console.error('over budget: unknown, because the last build failed or there was none');
    process.exitCode = 1;
    return;
  }
  const meta = JSON.parse(recorded);
  const { lines, problems } = overBudget(meta.outputs);
  for (const line of lines) console.log(`budget: ${line}`);
  for (const problem of problems) console.error(`over budget: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

async function keepBuilding() {
  await copyAssets();
  for (const plan of await plans()) {
    const context = await esbuild.context({ ...plan, plugins: [...plan.plugins, announce] });
    await context.watch();
  }
}

/** The two lines that the problem matcher of .vscode/tasks.json waits for. */
const announce = {
  name: 'announce',
  setup(context) {
    context.onStart(() => console.log('[watch] build started'));
    context.onEnd((result) => {
      for (const { text, location } of result.errors) {
        console.error(
          `${location?.file ?? ''}:${location?.line ?? 0}:${location?.column ?? 0}: error: ${text}`,
        );
      }
      console.log('[watch] build finished');
    });
  },
};

const work = flags.has('--budget') ? checkBudget() : watch ? keepBuilding() : build();
await work.catch((error) => {
  // esbuild has printed the messages of a failed build itself.
  if (!(error instanceof Error && 'errors' in error)) console.error(error);
  process.exitCode = 1;
});
