// npm start: opens VS Code with the extension on a copy of the sample folder.
//
//   npm start              keeps the folder and the profile of earlier runs
//   npm start -- --fresh   starts over with both
import { createRequire } from 'node:module';
import { bootstrap, root, runtimePackages, say } from './bootstrap.mjs';
import { run } from './processes.mjs';

const unknown = process.argv.slice(2).filter((argument) => argument !== '--fresh');
if (unknown.length > 0) {
  console.error(`cowork: "${unknown[0]}" is not an option. There is --fresh.`);
  process.exit(1);
}
await bootstrap({ systemPackages: runtimePackages });

say('building');
const { code } = await run(process.execPath, ['esbuild.mjs'], { cwd: root });
if (code !== 0) process.exit(code);

// The harness of the tests opens the workbench; it is TypeScript, and runs as it is.
const { register } = await import('tsx/cjs/api');
register();
const { tryIt } = createRequire(import.meta.url)('../test/harness/try-it.ts');
await tryIt({ fresh: process.argv.includes('--fresh'), say });
process.exit(process.exitCode ?? 0);
