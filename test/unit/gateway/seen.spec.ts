import assert from 'node:assert/strict';
import { Buckets } from '../../../src/channels/gateway/buckets';
import { Seen } from '../../../src/channels/gateway/seen';

describe('what the gateway remembers', () => {
  it('knows the last messages again, those of an earlier run among them, and forgets the oldest', async () => {
    const seen = new Seen(['a', 'b', 'a'], 3);
    const looked: string[] = [];
    const repeated: string[] = [];
    const offer = (key: string) =>
      seen.once(
        key,
        () => void looked.push(key),
        () => repeated.push(key),
      );
    for (const key of ['a', 'b', 'c', 'a']) await offer(key);
    assert.deepEqual(looked, ['c']);
    assert.deepEqual(repeated, ['a', 'b', 'a']);
    // The fourth pushes out the first, and only that.
    for (const key of ['d', 'b', 'c', 'a']) await offer(key);
    assert.deepEqual(looked, ['c', 'd', 'a']);
  });

  it('lets a message come again whose look failed, and waits for one that is being looked at', async () => {
    const seen = new Seen();
    let looks = 0;
    const failing = () => {
      looks++;
      return Promise.reject(new Error('disk'));
    };
    const [one, two] = [seen.once('a', failing, () => {}), seen.once('a', failing, () => {})];
    await assert.rejects(one, /disk/);
    await assert.rejects(two, /disk/);
    assert.equal(looks, 1);
    await seen.once('a', () => Promise.resolve(void looks++), assert.fail);
    assert.equal(looks, 2);
  });

  it('holds no more shares than it may, and forgets those first that were not used for longest', () => {
    const buckets = new Buckets({ burst: 1, perSecond: 0 }, 600);
    assert.ok(buckets.take('busy', 0));
    for (let at = 0; at < 5_000; at++) {
      assert.ok(buckets.take(`stranger${at}`, at));
      assert.ok(!buckets.take('busy', at), 'its share is not given anew');
      assert.ok(buckets.size <= 600);
    }
    assert.ok(buckets.size > 590);
    assert.ok(buckets.has('stranger0', 5_000) && !buckets.has('stranger4999', 5_000));
  });
});
