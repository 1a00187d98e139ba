import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { promisify } from 'node:util';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { main } from '../../../src/cli/main';
import { posture } from '../../../src/cli/posture';
import { TestEngine } from '../../helpers/engine';
import { root } from '../views/sources';

// Not a credential: made for these tests in the form of one.
const TOKEN = `ghp_${'aB3dE5fG7h'.repeat(4)}`;

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const texts = { out: '', err: '' };
  out.on('data', (chunk) => (texts.out += String(chunk)));
  err.on('data', (chunk) => (texts.err += String(chunk)));
  const code = await main(['posture', ...args], { stdin: Readable.from([]), out, err });
  return { code, ...texts };
}

describe('cowork posture', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cowork-posture-'));
    for (const name of ['clean', 'bad/.vscode', 'bad/.cowork', 'bad/.devcontainer', 'mild/.cowork'])
      await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, 'clean/readme.md'), 'Nothing here.\n');
    await writeFile(join(folder, 'bad/a b.txt'), `one\ntoken=${TOKEN}\n`);
    await writeFile(join(folder, 'bad/.vscode/settings.json'), '{\n  // c\n  "cowork.mode": "trusted",\n}');
    await writeFile(join(folder, 'bad/.devcontainer/devcontainer.json'), '{ "runArgs": ["--privileged"] }');
    await writeFile(join(folder, 'bad/.cowork/policy.jsonc'), '{ "trusted": ["*"] }');
    await writeFile(join(folder, 'mild/.cowork/policy.jsonc'), '{ "trusted": ["*"] }');
    await writeFile(
      join(folder, 'settings.json'),
      '{ "cowork.mode": "trusted", "cowork.trustedPatterns": ["bash *"], "chat.tools.global.autoApprove": true }',
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('ends with 0 when nothing is found, and says what cannot be seen from there', async () => {
    const { code, out } = await run(join(folder, 'clean'));
    assert.equal(code, 0);
    assert.match(out, /Nothing found\. Score 100 of 100\./);
    assert.match(out, /can only be looked at in the editor/);
  });

  it('[SEC-1] [POL-4] ends with 1 on what is as bad as it is told, and names places and never values', async () => {
    const { code, out } = await run(join(folder, 'bad'));
    assert.equal(code, 1);
    assert.match(out, /^a b\.txt:2: critical: .*a GitHub token.*\[SEC-1\]$/m);
    assert.match(out, /^\.vscode\/settings\.json:3: medium: .*\[POL-4\]$/m);
    assert.match(out, /^\.cowork\/policy\.jsonc:1: medium: .*\[POL-4\]$/m);
    assert.match(out, /privileged.*\[BOX-2\.folder\]$/m);
    assert.ok(!out.includes(TOKEN));
    const accepted = await run('--accept', 'SEC-1:a b.txt:*', join(folder, 'bad'));
    assert.equal(accepted.code, 0);
    assert.match(accepted.out, /^a b\.txt:2: accepted, critical: /m);
    assert.equal(
      /Score \d+/.exec(accepted.out)?.[0],
      /Score \d+/.exec(out)?.[0],
      'accepting raises no score',
    );
    for (const [failOn, wanted] of [
      ['high', 0],
      ['medium', 1],
      ['never', 0],
    ] as const)
      assert.equal((await run('--fail-on', failOn, join(folder, 'mild'))).code, wanted, failOn);
  });

  it('[ENV-PROD] judges a person’s settings against a profile', async () => {
    const settings = ['--settings', join(folder, 'settings.json')];
    const rules = async (...args: readonly string[]) => {
      const { out } = await run('--json', ...settings, ...args, join(folder, 'clean'));
      return (JSON.parse(out) as { findings: { rule: string }[] }).findings.map(({ rule }) => rule).sort();
    };
    assert.deepEqual(await rules(), ['HOST-3', 'POL-1', 'POL-2']);
    assert.deepEqual(await rules('--profile', 'production'), ['ENV-PROD.mode', 'HOST-3', 'POL-1']);
  });

  it('[OPS-3b] looks at the people of a record', async () => {
    const test = await TestEngine.start();
    try {
      await test.pair('ann');
      await test.stop();
      const later = Date.now() + 40 * 86_400_000;
      const out = new PassThrough();
      let text = '';
      out.on('data', (chunk) => (text += String(chunk)));
      const code = await posture(['--json', '--fail-on', 'low', test.folder], { out, err: out, now: later });
      assert.equal(code, 1);
      const { findings } = JSON.parse(text) as { findings: { rule: string; evidence: string }[] };
      assert.match(
        findings.find(({ rule }) => rule === 'OPS-3b')?.evidence ?? '',
        /ann on local was last seen 40 days ago/,
      );
    } finally {
      await test.remove();
    }
  });

  it('writes SARIF that the published schema takes, with places that code scanning finds', async () => {
    const schema = JSON.parse(await readFile(join(root, 'test/fixtures/sarif-schema-2.1.0.json'), 'utf8'));
    // The schema names an older draft, of which it uses nothing that has changed.
    const { $schema: _, id: __, ...rules } = schema;
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
    addFormats(ajv);
    const compiled = ajv.compile(rules);
    const valid = (value: unknown): boolean => compiled(value);
    for (const name of ['clean', 'bad']) {
      const { out } = await run('--sarif', '--profile', 'production', join(folder, name));
      const log = JSON.parse(out);
      assert.ok(valid(log), JSON.stringify(compiled.errors));
      const [{ tool, results }] = log.runs;
      const declared = new Set(tool.driver.rules.map(({ id }: { id: string }) => id));
      for (const { ruleId } of results) assert.ok(declared.has(ruleId), ruleId);
      if (name === 'bad') {
        const [first] = results;
        assert.equal(first.level, 'error');
        const { artifactLocation, region } = first.locations[0].physicalLocation;
        assert.deepEqual([artifactLocation.uri, region.startLine], ['a%20b.txt', 2]);
      }
      // That the schema refuses anything at all.
      assert.equal(valid({ ...log, version: '1' }), false);
    }
  });

  it('ends with 2 on wrong usage and on what cannot be read, with a sentence', async () => {
    for (const [args, wanted] of [
      [[], /Name one folder/],
      [['a', 'b'], /Name one folder/],
      [['--json', '--sarif', '.'], /Either/],
      [['--profile', 'prod', '.'], /"prod" is no profile/],
      [['--fail-on', 'bad', '.'], /"bad" is no severity/],
      [['--nonsense', '.'], /nonsense/],
      [[join(folder, 'nowhere')], /There is no folder/],
      [['--settings', join(folder, 'nowhere.json'), folder], /nowhere\.json/],
    ] as const) {
      const { code, err } = await run(...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, wanted);
    }
  });

  it('is run by the action, whose inputs never become commands', async () => {
    const action = await readFile(join(root, 'action.yml'), 'utf8');
    const scripts = [...action.matchAll(/run: \|\n((?: {8}.*\n?)+)/g)].map((match) =>
      (match[1] ?? '').replace(/^ {8}/gm, ''),
    );
    assert.equal(scripts.length, 2);
    for (const script of scripts) assert.ok(!script.includes('${{'), 'an input is spliced into a script');
    const look = async (directory: string, failOn: string, accept = '') => {
      const sarif = join(folder, 'out.sarif');
      const env = {
        PATH: process.env.PATH ?? '',
        ACTION_PATH: root,
        DIRECTORY: directory,
        PROFILE: 'production',
        FAIL_ON: failOn,
        ACCEPT: accept,
        SARIF_FILE: sarif,
        GITHUB_OUTPUT: join(folder, 'output'),
      };
      const ended = await promisify(execFile)('bash', ['-c', scripts[1] ?? ''], { env }).then(
        () => 0,
        ({ code }) => code as number,
      );
      return [ended, JSON.parse(await readFile(sarif, 'utf8')).version] as const;
    };
    assert.deepEqual(await look(join(folder, 'clean'), 'high'), [0, '2.1.0']);
    assert.deepEqual(await look(join(folder, 'bad'), 'high'), [1, '2.1.0']);
    await rm(join(folder, 'bad/.cowork/policy.jsonc'));
    assert.deepEqual(await look(join(folder, 'bad'), 'high', 'SEC-1:a b.txt:*\n'), [0, '2.1.0']);
    assert.deepEqual(await look(join(folder, 'clean'), 'high; exit 7'), [2, '2.1.0']);
  });
});
