import assert from 'node:assert/strict';
import { webhookLoad } from '../../helpers/webhook-load';

/** `npm run bench -- webhook` is the same for half a minute with 2,000 a second. */
const PLAN = { seconds: 2, perSecond: 400, slow: 40 };
/** Bytes that a genuine call may leave in memory: its records, which the test's journal keeps, and its key. */
const KEPT_PER_CALL = 16 * 1024;
const KEPT_ANYWAY = 24 * 1024 * 1024;

describe('the webhook server under load', () => {
  it('hears every genuine call once among nine times as many forged ones and slow connections', async function () {
    this.timeout(90_000);
    const seed = Number(process.env.COWORK_SEED ?? Date.now() % 1_000_000);
    const { report, heard, refused, kept, logged } = await webhookLoad({ seed, ...PLAN });
    const what = `seed ${seed}: ${JSON.stringify({ report, refused })}`;
    assert.equal(report.genuine, 80, what);
    assert.equal(report.forged, 720, what);
    assert.equal(report.lost, 0, what);
    assert.equal(new Set(heard).size, report.genuine, what);
    assert.equal(heard.length, report.genuine, `none is heard twice; ${what}`);
    assert.ok(
      heard.every((text) => text.startsWith('genuine ')),
      what,
    );
    assert.equal(report.slowMost, PLAN.slow, what);
    // What was refused is on the record to the last one; slow connections are counted there too.
    const counted = Object.values(refused).reduce((sum, count) => sum + count, 0);
    assert.ok(counted >= report.forged, what);
    assert.equal(report.forgedAnswers['200'], undefined, what);
    assert.ok(kept < KEPT_ANYWAY + report.genuine * KEPT_PER_CALL, `${kept} bytes are kept; ${what}`);
    assert.deepEqual(logged, []);
  });
});
