import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { main } from '../../../src/cli/main';
import { POLICY_USAGE, policyCommand } from '../../../src/cli/policy';
import { sarifLog } from '../../../src/cli/sarif';

const LOOSE = `{
  // one of each
  "capabilities": { "shell": "allow" },
  "rules": [
    { "effect": "deny", "path": "infra/**" },
    { "effect": "ask", "path": "infra/**" },
    { "effect": "ask", "path": "infra/prod/**" },
    { "effect": "ask", "command": "npx *" },
    { "effect": "maybe" }
  ]
}
`;

describe('cowork policy check', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cowork-policy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const file = (content: string, name = 'policy.jsonc') => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  async function run(...args: readonly string[]) {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const texts = { out: '', err: '' };
    out.on('data', (chunk) => (texts.out += chunk));
    err.on('data', (chunk) => (texts.err += chunk));
    const code = await policyCommand(args, { out, err, cwd: folder });
    await new Promise((done) => setImmediate(done));
    return { code, ...texts };
  }

  it('ends with 0 and says so when nothing is found', async () => {
    const clean = file('{ "rules": [{ "effect": "deny", "command": "git push *" }] } // fine');
    const { code, out, err } = await run('check', clean);
    assert.deepEqual([code, out, err], [0, `${clean}: nothing found.\n`, '']);
    assert.deepEqual(await run('check', clean, '--json'), { code: 0, out: '', err: '' });
  });

  it('ends with 1 and names place, field and kind of each finding', async () => {
    const loose = file(LOOSE);
    const { code, out } = await run('check', loose);
    assert.equal(code, 1);
    const places = out
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(loose.length).replace(/(error|warning): .*\[/, '$1 ['));
    assert.deepEqual(places, [
      ':3:30: error [loosening]',
      ':6:5: warning [contradictory]',
      ':7:5: warning [unreachable]',
      ':8:35: warning [broad]',
      ':9:17: error [invalid]',
    ]);
    assert.match(out, /capabilities\.shell: A workspace can only tighten/);
  });

  it('writes the same as JSON, one line a finding', async () => {
    const { code, out } = await run('check', file(LOOSE), '--json');
    assert.equal(code, 1);
    const found = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      found.map(({ kind, line }) => `${kind} ${line}`),
      ['loosening 3', 'contradictory 6', 'unreachable 7', 'broad 8', 'invalid 9'],
    );
    const keys = ['file', 'line', 'column', 'kind', 'level', 'path', 'value', 'message', 'fix'];
    for (const one of found) assert.deepEqual(Object.keys(one), keys);
  });

  it('writes a SARIF log whose results name rules that it declares and places in the file', async () => {
    const { code, out } = await run('check', file(LOOSE, 'a b.jsonc'), '--sarif');
    assert.equal(code, 1);
    const log = JSON.parse(out);
    assert.equal(log.version, '2.1.0');
    const [{ tool, results }] = log.runs;
    assert.equal(results.length, 5);
    for (const { ruleId, ruleIndex, message, locations } of results) {
      assert.equal(tool.driver.rules[ruleIndex].id, ruleId);
      assert.notEqual(message.text, '');
      const [{ physicalLocation }] = locations;
      assert.equal(physicalLocation.artifactLocation.uri, 'a%20b.jsonc');
      const { startLine, startColumn, endLine, endColumn } = physicalLocation.region;
      assert.ok(startLine >= 1 && startColumn >= 1, 'from one on');
      assert.ok(endLine > startLine || endColumn > startColumn, 'not empty');
    }
    const clean = await run('check', file('{}'), '--sarif');
    assert.deepEqual([clean.code, JSON.parse(clean.out).runs[0].results], [0, []]);
  });

  it('names files outside the folder by their whole address', () => {
    const uri = (path: string) => {
      const text = JSON.stringify(
        sarifLog({
          rules: [],
          root: '/repo',
          results: [{ ruleId: 'x', level: 'note', message: 'm', file: path }],
        }),
      );
      return /"uri":"([^"]*)"/.exec(text)?.[1];
    };
    assert.equal(uri('/repo/.cowork/policy.jsonc'), '.cowork/policy.jsonc');
    assert.equal(uri('/other/ä.jsonc'), 'file:///other/%C3%A4.jsonc');
    assert.equal(uri('/repo/..x/p'), '..x/p');
  });

  it('ends with 2 for wrong usage and for what cannot be read, and says what is wrong', async () => {
    const good = file('{}');
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /"check"/],
      [['lint', good], /"check"/],
      [['check'], /Name the file/],
      [['check', '--json', '--sarif', good], /Either/],
      [['check', '--fast', good], /--fast/],
      [['check', join(folder, 'none.jsonc')], /cannot be read \(ENOENT\)/],
      [['check', folder], /cannot be read \(EISDIR\)/],
      [['check', good, join(folder, 'none.jsonc')], /cannot be read/],
    ];
    for (const [args, words] of wrong) {
      const { code, out, err } = await run(...args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(out, '');
      assert.match(err, words);
      assert.ok(err.endsWith(POLICY_USAGE));
    }
  });

  it('checks several files, and policies of user scope, which may allow', async () => {
    const user = file('{ "mode": "trusted", "trusted": ["npm test", "node *"] }', 'user.jsonc');
    assert.match((await run('check', user)).out, /loosening/);
    const { code, out } = await run('check', '--user', user);
    assert.equal(code, 1);
    assert.match(out, /trusted\[1\]: "node" is an interpreter/);
    assert.equal(out.trimEnd().split('\n').length, 1);
    assert.equal((await run('check', file('{}'), file('{}', 'b.jsonc'))).out, '2 files: nothing found.\n');
  });

  it('cannot be made to write control characters by a hostile file', async () => {
    const { out } = await run(
      'check',
      file('{ "mo\\u001b[2Jde": 1, "rules": [{ "effect": "\\u202edeny" }] }'),
    );
    for (const hidden of ['\u001b', '\u202e']) assert.equal(out.includes(hidden), false);
  });

  it('is a command of the program', async () => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const io = { stdin: Readable.from([]), out, err };
    assert.equal(await main(['policy', 'check', file('{ "mode": "trusted" }')], io), 1);
    assert.equal(await main(['help', 'policy'], io), 0);
    assert.match(String(out.read()), /Exit code: 0 nothing was found, 1 something was found, 2 wrong usage/);
  });
});
