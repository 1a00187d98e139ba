import assert from 'node:assert/strict';
import fc from 'fast-check';
import { flat, markNames, segments } from '../../../src/views/protocol/marks';

const marked = (text: string) => segments(text).filter((part) => part.kind === 'mark');

describe('marks on characters that are not what they seem', () => {
  it('leave plain text alone', () => {
    assert.deepEqual(segments('npm test\n\tok — fine, “quoted” naïve 日本語 عربى Привет 🎉'), [
      { kind: 'text', text: 'npm test\n\tok — fine, “quoted” naïve 日本語 عربى Привет 🎉' },
    ]);
    assert.deepEqual(segments(''), []);
  });

  for (const [char, name] of [
    ['\u202e', 'RIGHT-TO-LEFT OVERRIDE'],
    ['\u2066', 'LEFT-TO-RIGHT ISOLATE'],
    ['\u200b', 'ZERO WIDTH SPACE'],
    ['\ufeff', 'ZERO WIDTH NO-BREAK SPACE'],
    ['\u00ad', 'SOFT HYPHEN'],
    ['\u00a0', 'NO-BREAK SPACE'],
    ['\u3164', 'HANGUL FILLER'],
    ['\u001b', 'ESCAPE'],
    ['\r', 'CARRIAGE RETURN'],
    ['\u2028', 'LINE SEPARATOR'],
    ['\u{e0041}', 'INVISIBLE TAG CHARACTER'],
    ['\ud800', 'BROKEN CHARACTER'],
  ] as const) {
    it(`name ${name}`, () => {
      const found = marked(`rm${char}x`);
      assert.equal(found.length, 1);
      assert.equal(found[0]?.kind === 'mark' && found[0].name, name);
    });
  }

  it('name letters of other scripts in a word with Latin ones, and only there', () => {
    assert.deepEqual(markNames('sud\u043e rm'), ['CYRILLIC LETTER (U+043E)']);
    assert.deepEqual(markNames('судо rm'), []);
    assert.deepEqual(markNames('ｓudo'), ['STYLED LETTER (U+FF53)']);
  });

  it('cut towers of combining marks down to their number', () => {
    const found = marked(`a${'\u0301'.repeat(10_000)}b`);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.kind === 'mark' && found[0].code, '×10000');
    assert.deepEqual(marked('a\u0301\u0302b'), []);
  });

  it('believe the guard about what it found', () => {
    const [, mark] = segments('git push', [{ offset: 4, name: 'LOOKS LIKE P' }]);
    assert.deepEqual(mark, { kind: 'mark', raw: 'p', code: 'U+0070', name: 'LOOKS LIKE P' });
  });

  it('lose nothing: the raw parts joined are the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const joined = segments(text)
          .map((part) => (part.kind === 'text' ? part.text : part.raw))
          .join('');
        assert.equal(joined, text);
      }),
      { numRuns: 1000 },
    );
  });

  it('are quick on a line of a million characters', () => {
    const parts = segments(`${'a'.repeat(1_000_000)}\u202e`);
    assert.equal(parts.length, 2);
  });

  it('leave no control, direction or line character in a label of one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // Its own isolates around right-to-left text are the only ones.
        const label = flat(text).replace(/^\u2068|\u2069$/g, '');
        assert.doesNotMatch(label, /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200b-\u200f]/u);
      }),
      { numRuns: 1000 },
    );
  });
});
