import assert from 'node:assert/strict';
import { sendBursts } from '../helpers/bursts';
import { FrontDoor } from '../helpers/front-door';

describe('the gateway inside the extension host', () => {
  it('takes bursts of 5,000 messages from 1,000 identities and drops nothing of those who are let in', async function () {
    this.timeout(60_000);
    const door = new FrontDoor({}, { delay: () => new Promise((resolve) => setImmediate(resolve)) });
    const friends = Array.from({ length: 50 }, (_, at) => `friend${at}`);
    for (const friend of friends) await door.house.pair(friend);
    const { figures, most, turnMs } = await sendBursts(door, friends, 3);
    // How long a turn takes by the clock depends on the machine, so it is reported and not asserted.
    console.log(`${process.env.COWORK_LINE_PREFIX ?? ''}    ${figures}`);
    assert.ok(most <= 2_200 + 1, figures);
    // What it takes of the processor is the product's own (law 9): a turn is 16 ms at most.
    if (turnMs !== undefined) assert.ok(turnMs < 16, figures);
    assert.equal(door.admitted.length, friends.length * 5 * 3);
  });
});
