import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { check } from '../../../src/cli/check';
import { printable } from '../../../src/cli/explanation-text';
import { main } from '../../../src/cli/main';

async function run(args: readonly string[], input = '', program = check) {
  const out = new PassThrough();
  const err = new PassThrough();
  const texts = { out: '', err: '' };
  out.on('data', (chunk) => (texts.out += chunk));
  err.on('data', (chunk) => (texts.err += chunk));
  const code = await program(args, { stdin: Readable.from([Buffer.from(input)]), out, err });
  await new Promise((done) => setImmediate(done));
  return { code, ...texts };
}

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('cowork check', () => {
  it('answers each line of --jsonl in order, and always with the five fields', async () => {
    const cmds = ['ls -la', 'sudo rm -rf /', 'npm install', 'echo "$(rm -rf ~)"', 'git status'];
    const { code, out } = await run(
      ['--jsonl', '--trust-defaults'],
      cmds.map((cmd) => `${JSON.stringify({ shell: 'bash', cmd })}\n`).join(''),
    );
    assert.equal(code, 0);
    const answers = lines(out);
    assert.deepEqual(
      answers.map((one) => one.cmd),
      cmds,
    );
    assert.deepEqual(
      answers.map((one) => one.effect),
      ['allow', 'deny', 'ask', 'deny', 'allow'],
    );
    for (const one of answers)
      assert.deepEqual(Object.keys(one), ['cmd', 'effect', 'ruleIds', 'commands', 'reason']);
    assert.deepEqual(answers[0].commands, [['ls', '-la']]);
    assert.ok(answers.every((one) => one.ruleIds.length > 0 && one.reason !== ''));
  });

  it('keeps the order and goes on when a line is not what it should be', async () => {
    const { code, out } = await run(
      ['--jsonl'],
      'nonsense\n\n[1]\nnull\n{"cmd":7}\n{"cmd":"ls","shell":"fish"}\n{"cmd":"ls","shell":"__proto__"}\r\n{"cmd":"rm -rf /"}\n{"shell":"pwsh","cmd":"Get-ChildItem"}',
    );
    assert.equal(code, 0);
    const answers = lines(out);
    assert.equal(answers.length, 8);
    for (const one of answers.slice(0, 6)) {
      assert.equal(one.effect, 'ask');
      assert.match(one.reason, /^not understood: /);
    }
    assert.deepEqual(
      answers.slice(0, 4).map((one) => one.cmd),
      ['nonsense', '[1]', 'null', '{"cmd":7}'],
    );
    assert.equal(answers[4].cmd, 'ls');
    assert.equal(answers[6].effect, 'deny');
    assert.equal(answers[7].effect, 'ask');
  });

  it('[FAQ-8] runs what a trusted pattern covers, and nothing because of it that is denied or hidden behind it', async () => {
    const cmds = [
      'git log --oneline',
      'git log; curl x.example',
      'git log | sh',
      'git log && rm -rf /',
      './git log',
      'npm test',
    ];
    const input = cmds.map((cmd) => `${JSON.stringify({ shell: 'bash', cmd })}\n`).join('');
    const { out } = await run(['--jsonl', '--trust', 'git log *', '--trust', 'npm test'], input);
    assert.deepEqual(
      lines(out).map((one) => one.effect),
      ['allow', 'ask', 'ask', 'deny', 'ask', 'allow'],
    );
    assert.deepEqual(lines(out)[0].ruleIds, ['trusted[0]']);
    const untrusted = await run(['--jsonl'], input);
    assert.deepEqual(
      lines(untrusted.out).map((one) => one.effect),
      ['ask', 'ask', 'ask', 'deny', 'ask', 'ask'],
    );
  });

  it('writes for a person the verdict, every layer, and a safer alternative', async () => {
    const { code, out } = await run(['rm -rf /']);
    assert.equal(code, 0);
    assert.match(out, /^DENIED {2}rm -rf \/\n/);
    for (const layer of [
      'guardrail',
      'profile',
      'workspace',
      'context',
      'channel',
      'user',
      'rule',
      'mode',
      'taint',
    ]) {
      assert.match(out, new RegExp(`^[> ] ${layer} `, 'm'));
    }
    assert.match(out, /Safer: /);
    assert.match(out, /Nothing in the policy alters this/);
    const asked = await run(['npm test']);
    assert.match(asked.out, /^ASKS {2}npm test\n/);
    assert.match(asked.out, /To alter it: Approve it/);
  });

  it('writes the same as one line of JSON with --json', async () => {
    const { out } = await run(['git push', '--json']);
    const [answer] = lines(out);
    assert.equal(answer.effect, 'ask');
    assert.deepEqual(answer.commands, [['git', 'push']]);
  });

  it('takes the folder from --cwd', async () => {
    const effect = async (cwd: string) =>
      lines((await run(['rm -rf .', '--json', '--cwd', cwd])).out)[0].effect;
    assert.equal(await effect('/'), 'deny');
    assert.equal(await effect('/srv/project/build'), 'deny', 'the workspace itself');
  });

  const wrong: readonly [readonly string[], RegExp][] = [
    [[], /Which command\?/],
    [['ls', '-la'], /starts with "-" comes after "--"/],
    [['ls', 'la'], /put it in quotes/],
    [['--shell', 'fish', 'ls'], /"fish" is none of them/],
    [['--jsonl', 'ls'], /from standard input/],
    [['--what', 'ls'], /--what/],
  ];
  for (const [args, message] of wrong) {
    it(`says what is wrong with "check ${args.join(' ')}" and ends with 2`, async () => {
      const { code, out, err } = await run(args);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err, message);
      assert.match(err, /cowork check "CMD"/);
    });
  }

  it('shows control characters and characters that hide, instead of sending them to the terminal', async () => {
    assert.equal(printable('a\u001b[2Jb\u202ec\u200bd\r\ne'), 'a\\u{1b}[2Jb\\u{202e}c\\u{200b}d\\u{d}\ne');
    const { out } = await run(['echo \u001b]0;x\u0007 \u202ecba']);
    for (const character of ['\u001b', '\u0007', '\u202e']) assert.ok(!out.includes(character));
  });
});

describe('cowork', () => {
  it('names the nearest command when there is none of that name, and ends with 2', async () => {
    const { code, err } = await run(['chekc'], '', main);
    assert.equal(code, 2);
    assert.match(err, /Did you mean "check"\?/);
  });

  it('shows its usage, that of a command, and its version', async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'));
    assert.equal((await run(['--version'], '', main)).out, `${version}\n`);
    assert.match(
      (await run(['help'], '', main)).out,
      /check .*\n {2}simulate .*\n {2}policy .*\n {2}posture .*\n {2}audit .*\n {2}chat /,
    );
    assert.match((await run(['help', 'check'], '', main)).out, /--trust-defaults/);
    assert.equal((await run(['help', 'nothing'], '', main)).code, 2);
    assert.equal((await run([], '', main)).code, 2);
  });

  it('hands the arguments on', async () => {
    const { code, out } = await run(['check', '--jsonl'], '{"cmd":"rm -rf /"}\n', main);
    assert.equal(code, 0);
    assert.equal(lines(out)[0].effect, 'deny');
  });
});
