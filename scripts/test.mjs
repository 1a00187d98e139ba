// npm test: every stage runs even when an earlier one failed; the last line has the sums.
//
//   npm test -- --grep "[INI-1]"    tests whose title contains the text (a regular expression unless it starts with [)
//   npm test -- --stage ui          one stage, or several separated by commas
//   npm test -- --full              long matrices instead of samples
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root, testPackages } from './bootstrap.mjs';
import { endMarked, run } from './processes.mjs';

const minute = 60_000;
/** in-host.ts answers this when the machine has no editor to run in. */
const exitCodeSkipped = 77;

const options = readArguments(process.argv.slice(2));
await bootstrap({ systemPackages: testPackages });

/** Of what runs now: whatever carries one is ended with it. */
const marks = new Set();
const results = join(root, 'test-results');
const stretch = options.full ? 6 : 1;
const env = {
  ...process.env,
  COWORK_FULL: options.full ? '1' : '',
  COWORK_GREP: options.grep ?? '',
  COWORK_COLOR: process.stdout.isTTY ? '1' : '',
};

/**
 * A stage either succeeds or fails as a whole (`check`), or counts its own tests (`suite`). `built` says that it
 * uses dist/, so that it has nothing to tell when the build has failed.
 */
const stages = [
  { name: 'build', kind: 'check', always: true, limit: 3, args: ['esbuild.mjs', '--tests'] },
  { name: 'budget', kind: 'check', built: true, limit: 1, args: ['esbuild.mjs', '--budget'] },
  { name: 'lint', kind: 'check', limit: 5, npm: 'lint' },
  { name: 'types', kind: 'check', limit: 5, npm: 'types' },
  { name: 'unit', kind: 'suite', limit: 15, args: mocha() },
  { name: 'contract', kind: 'suite', built: true, limit: 12, shards: contractShards() },
  { name: 'host', kind: 'suite', built: true, limit: 8, args: inHost() },
  { name: 'oldest', kind: 'suite', built: true, limit: 8, args: inHost(), env: { COWORK_VSCODE: 'oldest' } },
  { name: 'package', kind: 'check', built: true, limit: 3, args: ['scripts/package.mjs', '--no-build'] },
  {
    name: 'ui',
    kind: 'suite',
    built: true,
    limit: 25,
    // A step of the browser that came too early on a busy machine is tried once more; what is broken fails twice.
    args: mochaOn(240_000, 'test/ui/**/*.ui.ts', '--retries', '1'),
  },
];

process.on('SIGINT', () => interrupted(130));
process.on('SIGTERM', () => interrupted(143));

mkdirSync(results, { recursive: true });
const outcomes = [];
for (const stage of stages.filter(isWanted)) outcomes.push(await runStage(stage));
report(outcomes);

function readArguments(args) {
  const read = { full: false, grep: undefined, stages: undefined };
  for (let at = 0; at < args.length; at += 1) {
    const [name, inline] = args[at].split(/=(.*)/s, 2);
    const value = () => inline ?? args[++at] ?? '';
    if (name === '--full') read.full = true;
    else if (name === '--grep' || name === '-g') read.grep = value();
    else if (name === '--stage') read.stages = value().split(',');
    else {
      console.error(
        `cowork: "${args[at]}" is not an option. There are --grep TEXT, --stage NAMES and --full.`,
      );
      process.exit(1);
    }
  }
  return read;
}

/** A search for tests is about tests: checks of the whole source and the second host are left out then. */
function isWanted(stage) {
  if (stage.always) return true;
  if (options.stages !== undefined) return options.stages.includes(stage.name);
  return options.grep === undefined || (stage.kind === 'suite' && stage.name !== 'oldest');
}

function mocha(...more) {
  const found =
    options.grep === undefined ? [] : [options.grep.startsWith('[') ? '--fgrep' : '--grep', options.grep];
  return ['node_modules/mocha/bin/mocha.js', '--reporter', 'test/harness/reporter.cjs', ...found, ...more];
}

/** Mocha without the list of specs of .mocharc.json, on these. */
function mochaOn(timeoutMs, ...files) {
  const loader = ['--no-config', '--require', 'tsx/cjs', '--extension', 'ts'];
  return mocha(...loader, '--timeout', String(timeoutMs), ...files);
}

/**
 * Channels wait for their platforms most of the time, so some of them are tried side by side. On a busy machine one can
 * be late, so a test that fails is tried once more, with the same seed; what is broken fails twice.
 */
function contractShards() {
  const benches = readdirSync(join(root, 'test/contract/benches')).map((file) => file.replace(/\.ts$/, ''));
  const shards = Array.from({ length: 4 }, (_, at) => ({
    env: { COWORK_BENCH: benches.filter((_bench, index) => index % 4 === at).join(',') },
    args: mochaOn(
      20_000,
      '--retries',
      '1',
      'test/contract/contract.spec.ts',
      'test/contract/main-job.spec.ts',
    ),
  }));
  const rest = mochaOn(20_000, 'test/contract/*-attacks.spec.ts', 'test/contract/guides.spec.ts');
  return [...shards, { env: {}, args: rest }];
}

function inHost() {
  return ['--import', 'tsx', 'test/harness/in-host.ts'];
}

async function runStage(stage) {
  console.log(`\n── ${stage.name}`);
  if (stage.built && outcomes.some(({ name, failed }) => name === 'build' && failed.length > 0)) {
    const failed = [{ title: stage.name, message: 'did not run, because the build failed' }];
    return { name: stage.name, seconds: 0, passed: 0, failed, skipped: [] };
  }
  const started = performance.now();
  const shards = stage.shards ?? [stage];
  const counted = await Promise.all(shards.map((shard, at) => runShard(stage, shard, at)));
  const seconds = (performance.now() - started) / 1000;
  return {
    name: stage.name,
    seconds,
    passed: counted.reduce((total, { passed }) => total + passed, 0),
    failed: counted.flatMap(({ failed }) => failed),
    skipped: counted.flatMap(({ skipped }) => skipped),
  };
}

/** One of the processes of a stage; most stages have one. What several say is printed one after the other. */
async function runShard(stage, { env: shardEnv, args }, at) {
  const several = stage.shards !== undefined;
  const file = join(results, `${stage.name}${several ? `-${at}` : ''}.json`);
  rmSync(file, { force: true });
  const [command, words] =
    stage.npm === undefined ? [process.execPath, args] : [npmCommand(), ['run', '--silent', stage.npm]];
  // What a shard leaves behind is ended with it, and not what the others are doing.
  const mark = randomUUID();
  marks.add(mark);
  const { code, timedOut, output } = await run(command, words, {
    cwd: root,
    env: { ...env, ...shardEnv, COWORK_RESULTS: file },
    limitMs: stage.limit * minute * stretch,
    mark,
    quiet: several,
  });
  marks.delete(mark);
  if (several) console.log(output);
  return outcomeOf(stage, file, code, timedOut);
}

function outcomeOf(stage, file, code, timedOut) {
  const nothing = { passed: 0, failed: [], skipped: [] };
  if (timedOut) {
    return { ...nothing, failed: [{ title: stage.name, message: 'ended: it ran longer than its limit' }] };
  }
  if (stage.kind === 'check') {
    if (code === 0) return { ...nothing, passed: 1 };
    return { ...nothing, failed: [{ title: stage.name, message: `ended with ${code}` }] };
  }
  if (code === exitCodeSkipped) {
    const reason = 'no editor to run in: no VS Code with a display, and no Chromium for the server build';
    return { ...nothing, skipped: [{ title: 'the whole stage', reason }] };
  }
  let counted;
  try {
    counted = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { ...nothing, failed: [{ title: stage.name, message: `ended with ${code} and no results` }] };
  }
  if (code !== 0 && counted.failed.length === 0) {
    counted.failed.push({ title: stage.name, message: `its tests passed, and yet it ended with ${code}` });
  }
  return counted;
}

function report(outcomes) {
  const sum = (pick) => outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const suites = outcomes.filter(({ name }) => stages.find((stage) => stage.name === name)?.kind === 'suite');
  const matched = suites.reduce(
    (n, { passed, failed, skipped }) => n + passed + failed.length + skipped.length,
    0,
  );
  const problems = outcomes.flatMap(({ name, failed }) => failed.map((one) => ({ name, ...one })));
  if (options.grep !== undefined && matched === 0) {
    problems.push({ name: 'grep', title: options.grep, message: 'no test has this in its title' });
  }

  console.log('\n── stages');
  for (const { name, seconds, passed, failed, skipped } of outcomes) {
    const counts = `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
    console.log(`${name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s   ${counts}`);
  }
  for (const { name, title, message } of problems) {
    console.log(`failed: ${name}: ${title}: ${message.split('\n')[0]}`);
  }
  for (const { name, skipped } of outcomes) {
    for (const { title, reason } of skipped) console.log(`skipped: ${name}: ${title}: ${reason}`);
  }
  const passed = sum((outcome) => outcome.passed);
  const skipped = sum((outcome) => outcome.skipped.length);
  process.exitCode = problems.length > 0 ? 1 : 0;
  console.log(`${passed} passed, ${problems.length} failed, ${skipped} skipped`);
}

function interrupted(code) {
  for (const mark of marks) endMarked(mark);
  process.exit(code);
}

function npmCommand() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}
