import assert from 'node:assert/strict';
import { TestSession } from '../../helpers/session';

describe('a setting that is wrong', () => {
  it('is told to the person and put on the record, with its name and the fix, and opens nothing', async () => {
    const tested = await TestSession.start({ policy: { mode: 'trustd', defaultTrusted: 'yes' } });
    try {
      assert.ok(
        tested.problems.some((text) => /mode.*trusted/.test(text)),
        tested.problems.join('\n'),
      );
      assert.ok(
        tested.problems.some((text) => /defaultTrusted.*true or false/.test(text)),
        tested.problems.join('\n'),
      );
      assert.equal(tested.session.policy.current().mode.value, 'ask');
      assert.equal(tested.session.policy.current().defaultTrusted, false);
      const { records } = await tested.engine.audit.query({ types: ['engine.notice'] });
      assert.equal(records.length, tested.problems.length);
    } finally {
      await tested.remove();
    }
  });
});
