import assert from 'node:assert/strict';
import {
  CanonicalError,
  canonicalJson,
  hasLoneSurrogate,
  toWellFormed,
} from '../../../src/engine/journal/canonical';

describe('canonical JSON', () => {
  it('[FAQ-7] writes the example of RFC 8785 §3.2.2 byte for byte', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    assert.equal(
      canonicalJson(value),
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('orders keys by UTF-16 code unit, as RFC 8785 §3.2.3 does', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const value = Object.fromEntries(keys.map((key) => [key, 0]));
    const order = [...canonicalJson(value).matchAll(/"((?:[^"\\]|\\.)*)":/gu)].map((m) =>
      JSON.parse(`"${m[1]}"`),
    );
    assert.deepEqual(order, ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\u{1f600}', '\ufb33']);
  });

  it('writes numbers as ECMAScript does, minus zero included', () => {
    assert.equal(canonicalJson([-0, 1e21, 5e-324, 9007199254740991]), '[0,1e+21,5e-324,9007199254740991]');
  });

  for (const [name, value, path] of [
    ['undefined', { a: { b: undefined } }, '$.a.b'],
    ['NaN', [1, Number.NaN], '$[1]'],
    ['infinity', { a: Number.POSITIVE_INFINITY }, '$.a'],
    ['a bigint', { a: 1n }, '$.a'],
    ['a date', { when: new Date(0) }, '$.when'],
    ['a map', { m: new Map() }, '$.m'],
    ['a hole', Object.assign(new Array(3), { 0: 1, 2: 3 }), '$[1]'],
    ['half a surrogate pair', { t: 'a\ud83d' }, '$.t'],
  ] as const) {
    it(`refuses ${name} and says where it is`, () => {
      assert.throws(
        () => canonicalJson(value),
        (error: unknown) => error instanceof CanonicalError && error.path === path,
      );
    });
  }

  it('refuses a cycle instead of running out of stack', () => {
    const value: Record<string, unknown> = {};
    value.self = value;
    assert.throws(() => canonicalJson(value), CanonicalError);
  });

  it('repairs half surrogates and nothing else', () => {
    assert.deepEqual(toWellFormed({ a: ['x\ud83d', 'ok 😀', 'back\\ud83d'] }), {
      a: ['x\ufffd', 'ok 😀', 'back\\ud83d'],
    });
    assert.equal(hasLoneSurrogate('😀'), false);
  });
});
