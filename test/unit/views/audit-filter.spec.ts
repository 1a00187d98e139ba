import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EVENT_TYPES, isEmptyFilter, parseAuditFilter } from '../../../src/views/audit-filter';

const NOW = Date.UTC(2026, 10, 23, 12);

function parsed(text: string) {
  const result = parseAuditFilter(text, NOW);
  assert.ok(result.ok, result.ok ? '' : `${result.term}: ${result.message}`);
  return result.filter;
}

function refused(text: string) {
  const result = parseAuditFilter(text, NOW);
  assert.ok(!result.ok, `${text} was understood`);
  return result;
}

describe('the audit filter', () => {
  it('reads every key', () => {
    assert.deepEqual(
      parsed('user:telegram:7:84 channel:Telegram tool:run effect:deny rule:mode.ask task:t1'),
      {
        user: 'telegram:7:84',
        channel: 'telegram',
        tool: 'run',
        effect: 'deny',
        ruleId: 'mode.ask',
        taskId: 't1',
      },
    );
  });

  it('takes words, and phrases in quotes, as text', () => {
    assert.deepEqual(parsed('npm "git push --force" effect:ask'), {
      text: 'npm git push --force',
      effect: 'ask',
    });
    assert.deepEqual(parsed('user:"a b"'), { user: 'a b' });
  });

  it('is empty for nothing', () => {
    assert.ok(isEmptyFilter(parsed('   ')));
    assert.ok(!isEmptyFilter(parsed('x')));
  });

  it('takes a group of types by its first word, and several types together', () => {
    const { types } = parsed('type:approval type:task.state');
    assert.deepEqual([...(types ?? [])].sort(), ['approval.requested', 'approval.resolved', 'task.state']);
    for (const type of EVENT_TYPES) assert.deepEqual(parsed(`type:${type}`).types?.includes(type), true);
  });

  it('counts relative times back from now, and reads dates as local time', () => {
    assert.equal(parsed('after:2d').after, NOW - 2 * 86_400_000);
    assert.equal(parsed('before:30m').before, NOW - 30 * 60_000);
    assert.equal(parsed('after:2026-11-20').after, new Date(2026, 10, 20).getTime());
    assert.equal(parsed('after:2026-11-20T14:30').after, new Date(2026, 10, 20, 14, 30).getTime());
  });

  it('names the term that it does not understand and says what to write', () => {
    assert.deepEqual(refused('effect:maybe').term, 'effect:maybe');
    assert.match(refused('effect:maybe').message, /allow, ask or deny/);
    assert.match(refused('npm usr:ada').message, /“usr”.*type, user/);
    assert.equal(refused('npm usr:ada').term, 'usr:ada');
    assert.match(refused('type:decisions').message, /There is no record type/);
    assert.match(refused('type:made').message, /decision\.made/);
    assert.match(refused('after:soon').message, /2026-11-23T14:30/);
    assert.match(refused('after:2026-02-30').message, /not a time/);
    assert.match(refused('user:').message, /Write something/);
    assert.match(refused('user:a user:b').message, /once only/);
    assert.match(refused('after:1d before:2d').message, /nothing can match/);
  });

  it('looks for addresses and paths as words', () => {
    assert.deepEqual(parsed('https://example.com C:\\x 12:30 ::1'), {
      text: 'https://example.com C:\\x 12:30 ::1',
    });
  });

  it('never throws and always names a part of the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const result = parseAuditFilter(text, NOW);
        if (!result.ok) assert.ok(text.includes(result.term) || result.term === 'after:');
      }),
      { numRuns: 500 },
    );
  });
});
