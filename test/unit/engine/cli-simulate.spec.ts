import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { main } from '../../../src/cli/main';
import { TestEngine } from '../../helpers/engine';

async function cowork(...args: string[]) {
  const out = new PassThrough();
  const err = new PassThrough();
  const texts = { out: '', err: '' };
  out.on('data', (chunk) => (texts.out += chunk));
  err.on('data', (chunk) => (texts.err += chunk));
  const code = await main(args, { stdin: Readable.from([]), out, err });
  await new Promise((done) => setImmediate(done));
  return { code, ...texts };
}

describe('cowork simulate', () => {
  let tested: TestEngine;
  let copy: string;
  before(async () => {
    tested = await TestEngine.start();
    await tested.pair();
    for (const line of ['npm test', 'npm run build']) {
      await tested.say(`/run ${line}`);
      const { id } = await tested.approval();
      await tested.engine.approvals.deny(id);
      await tested.until(() => tested.engine.approvals.pending().length === 0);
    }
    copy = join(tested.folder, 'copy');
    cpSync(join(tested.folder, 'journal'), copy, { recursive: true });
  });
  after(() => tested.remove());

  const content = () => readdirSync(copy).map((name) => [name, readFileSync(join(copy, name), 'utf8')]);

  it('reports from a copy of the journal and changes nothing in it', async () => {
    const before = content();
    const rule = '{"effect":"allow","command":"npm test *"}';
    const json = await cowork('simulate', copy, '--rule', rule, '--cwd', tested.root, '--json');
    assert.deepEqual([json.code, json.err], [0, '']);
    const report = JSON.parse(json.out);
    assert.deepEqual([report.considered, report.wouldAutoRun, report.wouldBlock, report.days], [2, 1, 0, 30]);
    const text = await cowork('simulate', copy, '--rule', 'deny run "npm *"', '--days', '1');
    assert.match(text.out, /would have been blocked +2/);
    assert.match(text.out, /ask > deny {2}run {2}npm test/);
    assert.deepEqual(content(), before);
  });

  it('adds the rule to the policy that is given', async () => {
    const policy = join(tested.folder, 'policy.jsonc');
    writeFileSync(policy, '{ // mine\n "rules": [{ "effect": "deny", "command": "npm run *" }] }');
    const rule = ['simulate', copy, '--rule', 'trust "npm run build"', '--json'];
    assert.equal(JSON.parse((await cowork(...rule)).out).wouldAutoRun, 1);
    assert.equal(JSON.parse((await cowork(...rule, '--policy', policy)).out).wouldAutoRun, 0);
    writeFileSync(policy, '{ "rulez": [] }');
    const wrong = await cowork('simulate', copy, '--rule', 'deny run', '--policy', policy);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /rulez/);
  });

  it('says what is wrong with how it was called', async () => {
    for (const [args, words] of [
      [[], /folder/],
      [['/nonexistent', '--rule', 'deny run'], /no record/],
      [[copy], /no rule/],
      [[copy, '--rule', 'allow everything'], /"everything"/],
      [[copy, '--rule', 'deny run', '--days', '0'], /--days/],
      [[copy, '--rule', 'deny run', '--shell', 'fish'], /--shell/],
    ] as const) {
      const { code, err } = await cowork('simulate', ...args);
      assert.equal(code, 2, err);
      assert.match(err, words);
    }
    assert.equal((await cowork('simulate', '--help')).code, 0);
  });
});
