import assert from 'node:assert/strict';
import type { Guard } from '../../../src/engine/guard';
import { readCases, theGuard, verdict } from './support';

/** Lines of shell and what must happen to them. Each file is one table; each line of it is one check. */
describe('command cases', () => {
  let guard: Guard;
  before(async () => {
    guard = await theGuard();
  });

  for (const { file, cases } of readCases()) {
    it(`[INI-3a] decides all ${cases.length} lines of ${file} as expected`, () => {
      const wrong = cases.map((one) => verdict(guard, one)).filter((text) => text !== undefined);
      assert.deepEqual(wrong, []);
    });
  }
});
