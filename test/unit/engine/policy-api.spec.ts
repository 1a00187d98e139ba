import assert from 'node:assert/strict';
import { EngineError } from '../../../src/engine/api';
import { TestEngine } from '../../helpers/engine';

const HOUR = 3_600_000;
const ANN = 'local:test:ann';

describe('the policy as a person reaches it', () => {
  let tested: TestEngine;
  beforeEach(async () => {
    tested = await TestEngine.start();
    await tested.file('a.txt', 'one');
    await tested.pair();
  });
  afterEach(() => tested.remove());

  const done = (id: string) => tested.until(() => tested.engine.tasks.get(id)?.state === 'done');
  const denyAsked = async (line: string) => {
    await tested.say(`/run ${line}`);
    const { id } = await tested.approval();
    await tested.engine.approvals.deny(id);
    await tested.until(() => tested.engine.approvals.pending().length === 0);
  };

  describe('simulator', () => {
    it('says what a rule would have run, asked and blocked, from the journal', async () => {
      await denyAsked('npm test');
      await denyAsked('npm run build');
      const { policy } = tested.engine;
      const seen: number[] = [];
      const allowed = await policy.simulate('allow run "npm test *"', { progress: (n) => seen.push(n) });
      assert.deepEqual(
        [allowed.considered, allowed.wouldAutoRun, allowed.wouldAsk, allowed.wouldBlock, allowed.changed],
        [2, 1, 0, 0, 1],
      );
      assert.equal(allowed.complete, true);
      assert.equal(allowed.examples[0]?.action, 'npm test');
      const denied = await policy.simulate('{ "effect": "deny", "command": "npm *", /* all */ }', {
        days: 1,
      });
      assert.equal(denied.wouldBlock, 2);
      assert.equal((await policy.simulate('trust "npm run build"')).wouldAutoRun, 1);
    });

    it('stops when it is told to, and says so', async () => {
      await denyAsked('npm test');
      const report = await tested.engine.policy.simulate('deny run', { signal: AbortSignal.abort() });
      assert.equal(report.complete, false);
    });

    it('says what is wrong with a rule that it does not understand', async () => {
      const { policy } = tested.engine;
      for (const [rule, words] of [
        ['', /no rule/],
        ['{ "effect": ', /not JSON/],
        ['permit run x', /effect/],
        ['allow run', /command/],
        ['deny colour red', /"colour"/],
        ['deny domain', /missing/],
        ['{ "effect": "deny", "comand": "x" }', /"command"/],
      ] as const) {
        await assert.rejects(policy.simulate(rule), (error) => {
          assert.ok(error instanceof EngineError, rule);
          assert.match(error.message, words);
          return true;
        });
      }
    });
  });

  describe('use of rules', () => {
    it('counts from the journal what was asked, approved and denied of what each rule is about', async () => {
      await denyAsked('npm test');
      await tested.say('/run npm test');
      const { id, bindingHash } = await tested.approval();
      await tested.engine.approvals.approve(id, bindingHash);
      await tested.until(() => tested.engine.tasks.list().every(({ state }) => state !== 'running'));
      const rules = [{ effect: 'ask', command: 'npm *' }, { effect: 'deny', path: 'infra/**' }, 'x'];
      const { uses, days, considered } = await tested.engine.policy.ruleUse(rules);
      assert.deepEqual([days, considered], [30, 2]);
      const [npm, infra, none] = uses;
      assert.deepEqual([npm?.matched, npm?.asked, npm?.approved], [2, 2, 1]);
      assert.equal(infra?.matched, 0);
      assert.equal(none, null);
    });

    it('looks at between 1 and 365 days', async () => {
      for (const days of [0, 366, Number.NaN])
        await assert.rejects(tested.engine.policy.ruleUse([], { days }), EngineError);
    });
  });

  it('is shown value by value, with where each comes from', () => {
    const lines = tested.engine.policy.effective();
    const mode = lines.find(({ path }) => path[0] === 'mode');
    assert.deepEqual(mode, { path: ['mode'], value: 'ask', origin: 'default' });
  });

  describe('explanations', () => {
    it('tell of an open approval and of a decision in the record what each layer said', async () => {
      await tested.say('/run npm run lint');
      const { id } = await tested.approval();
      const { policy } = tested.engine;
      const open = await policy.explain(id);
      assert.equal(open.asOf, 'then');
      assert.equal(open.alter[0], 'Approve it.');
      const record = (await tested.records()).find(({ type }) => type === 'decision.made');
      assert.ok(record);
      tested.policy.user = { rules: [{ effect: 'deny', command: 'npm *', id: 'no-npm' }] };
      const past = await policy.explain(record.seq);
      assert.deepEqual([past.asOf, past.decided.effect, past.effect], ['today', 'ask', 'deny']);
      assert.ok(past.layers.some(({ ruleId }) => ruleId === 'no-npm'));
      assert.match(past.alter[0] ?? '', /rules/);
      await assert.rejects(policy.explain('a99'), EngineError);
      await assert.rejects(policy.explain(1), EngineError);
    });
  });

  describe('pre-approval', () => {
    it('[FAQ-8] runs what was named without asking, and asks about the rest', async () => {
      const { policy } = tested.engine;
      const set = await policy.commandSet('cat a.txt');
      assert.deepEqual(set.patterns, ['cat a.txt']);
      await policy.preApprove({ user: ANN, patterns: set.patterns, until: Date.now() + HOUR });
      await tested.say('/run cat a.txt');
      await done('t1');
      await tested.say('/run cat b.txt');
      const { id, action } = await tested.approval();
      assert.equal(action, 'cat b.txt');
      await tested.engine.approvals.deny(id);
      await tested.pair('bob');
      await tested.say('/run cat a.txt', 'bob');
      assert.equal((await tested.approval()).who.displayName, 'bob');
    });

    it('[FAQ-8] takes the built-in reading set whole, and what is denied stays denied', async () => {
      const { policy } = tested.engine;
      const [reading] = await policy.commandSets();
      assert.ok(reading?.kind === 'reading');
      await policy.preApprove({ user: ANN, patterns: reading.patterns, until: Date.now() + HOUR });
      await tested.say('/run ls');
      await done('t1');
      await tested.say('/run cat a.txt | wc -l');
      await done('t2');
      await tested.say('/run sudo ls');
      await tested.reply(/Refused/);
      await tested.say('/run rm a.txt');
      assert.equal((await tested.approval()).action, 'rm a.txt');
    });

    it('[FAQ-8] runs a pre-approved script of the project, and asks about another', async () => {
      const scripts = { hello: 'echo hello', other: 'echo other' };
      await tested.file('package.json', JSON.stringify({ scripts }));
      const { policy } = tested.engine;
      const sets = await policy.commandSets();
      const hello = sets.find(({ patterns }) => patterns.includes('npm run hello'));
      assert.ok(hello);
      await policy.preApprove({ user: ANN, patterns: hello.patterns, until: Date.now() + HOUR });
      await tested.say('/run npm run hello');
      await tested.until(() => tested.engine.tasks.get('t1')?.state.match(/^(done|failed)$/) ?? false);
      const first = (await tested.records()).find(({ type }) => type === 'decision.made');
      assert.ok(first?.type === 'decision.made');
      assert.equal(first.data.effect, 'allow');
      assert.match(first.data.grantedBy ?? '', /^g-/);
      await tested.say('/run npm run other');
      assert.equal((await tested.approval()).action, 'npm run other');
    });

    it('offers the scripts of the project by name, and none with a name that needs quoting', async () => {
      const scripts = { test: 'x', build: 'x', 'a b; rm -rf /': 'x', 'test:unit': 'x' };
      await tested.file('package.json', JSON.stringify({ scripts }));
      const sets = await tested.engine.policy.commandSets();
      const lines = sets.flatMap((set) => (set.kind === 'script' ? set.patterns : []));
      assert.deepEqual(lines, ['npm test', 'npm run build', 'npm run test:unit']);
      for (const set of sets) assert.ok(set.covers.length > 0 && set.leavesOut.length > 0);
    });

    it('[FAQ-8] refuses bare interpreters, runners and shells, what the guard stops, strangers and odd times', async () => {
      const { policy } = tested.engine;
      const until = Date.now() + HOUR;
      for (const pattern of [
        ...['npx *', 'node *', 'bash *', 'sh -c *', 'python3 *', 'env *', 'sudo *', 'xargs *'],
        ...['npm *', 'npm run *', 'git *', 'docker *', 'pnpm dlx *', '* *', '*', '', 'rm -rf ~'],
      ]) {
        await assert.rejects(
          policy.preApprove({ user: ANN, patterns: [pattern], until }),
          EngineError,
          pattern,
        );
      }
      const patterns = ['cat a.txt'];
      for (const bad of [
        { user: 'local:test:eve', patterns, until },
        { user: ANN, patterns, until: Date.now() - 1 },
        { user: ANN, patterns, until: Date.now() + 40 * 24 * HOUR },
        { user: ANN, patterns: [], until },
        { user: ANN, patterns: ['cat a.txt', 'npx *'], until },
      ]) {
        await assert.rejects(policy.preApprove(bad), EngineError);
      }
      assert.ok(!(await tested.records()).some(({ type }) => type === 'grant.added'));
      for (const pattern of ['npx jest *', 'pytest *', 'npm test *', 'git log *', 'npm run build']) {
        assert.deepEqual((await policy.commandSet(pattern)).patterns, [pattern]);
      }
      const both = await policy.commandSet('npm test && npm run build');
      await policy.preApprove({ user: ANN, patterns: both.patterns, until });
    });
  });
});
