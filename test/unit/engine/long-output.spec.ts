import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TestEngine } from '../../helpers/engine';

describe('a command with much to say', () => {
  let house: TestEngine;
  beforeEach(async () => {
    house = await TestEngine.start({ user: { mode: 'trusted', capabilities: { shell: 'allow' } } });
    await house.pair();
  });
  afterEach(() => house.remove());

  async function run(line: string): Promise<void> {
    await house.say(`/run ${line}`);
    const asked = await house.until(() => {
      const { state } = house.engine.tasks.list()[0] ?? {};
      return state === 'waiting-approval'
        ? house.engine.approvals.pending()
        : state === 'queued'
          ? undefined
          : [];
    });
    for (const { id, bindingHash } of asked) await house.engine.approvals.approve(id, bindingHash);
  }

  it('shows its progress while it runs', async () => {
    const seen: string[] = [];
    house.engine.tasks.onOutput(({ text }) => {
      seen.push(text);
      // The command goes on only once somebody has seen its first line.
      if (/first/.test(text)) void house.file('seen', '');
    });
    await run('echo first; while [ ! -e seen ]; do sleep 0.02; done; echo last');
    await house.reply(/exit code 0/);
    assert.ok(existsSync(join(house.root, 'seen')));
    assert.equal(seen.join(''), 'first\nlast\n');
    assert.match(seen[0] ?? '', /^first\n$/);
  });

  it('[FAQ-7] gives the chat its head, its tail and where the rest is; the hash on record is of the whole', async () => {
    await run('seq 1 60000');
    const { text } = await house.reply(/exit code 0/);
    assert.match(text, /```\n1\n2\n3\n/);
    assert.match(text, /\n59999\n60000\n```$/);
    assert.match(text, /… \d+ characters left out; the page of task t1 in VS Code has them …/);
    assert.ok(text.length < 4000, String(text.length));
    const whole = `${Array.from({ length: 60_000 }, (_, at) => at + 1).join('\n')}\n`;
    const finished = (await house.records()).find((record) => record.type === 'action.finished');
    assert.ok(finished?.type === 'action.finished');
    assert.equal(finished.data.outputLength, whole.length);
    assert.equal(finished.data.outputSha256, createHash('sha256').update(whole).digest('hex'));
    assert.ok(finished.data.output.length <= 110_000);
  });
});
