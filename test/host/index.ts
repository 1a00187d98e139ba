import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import { makeReporter } from '../harness/report';

/**
 * The entry point that both hosts load: VS Code for the desktop through @vscode/test-electron, and the server
 * build through the workbench's `extensionTestsPath`. Rejects when a test failed, which is the host's exit code.
 */
export async function run(): Promise<void> {
  // mocha is an ES module; the host loads this file as CommonJS.
  const { default: Mocha } = await import('mocha');
  const prefix = process.env.COWORK_LINE_PREFIX ?? '';
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => {
    for (const line of format(...args).split('\n')) console.log(`${prefix}${line}`);
  };
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 30_000,
    color: process.env.COWORK_COLOR === '1',
    reporter: makeReporter(Mocha.reporters.Spec),
  });
  const pattern = process.env.COWORK_GREP;
  if (pattern !== undefined && pattern !== '') {
    // A control's id in brackets is meant literally; anything else is a regular expression, as for mocha.
    if (pattern.startsWith('[')) mocha.fgrep(pattern);
    else mocha.grep(pattern);
  }
  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.test.js')).sort()) {
    mocha.addFile(join(__dirname, file));
  }
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} of the tests in VS Code failed`);
}
