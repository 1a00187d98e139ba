import assert from 'node:assert/strict';
import fc from 'fast-check';
import { splitMessage } from '../../../src/channels/gateway/split';

const squeeze = (text: string): string => text.replace(/\s/g, '');

describe('splitting a reply', () => {
  it('leaves a short text alone and makes nothing of an empty one', () => {
    assert.deepEqual(splitMessage('hello', 100), ['hello']);
    assert.deepEqual(splitMessage('', 100), []);
    assert.throws(() => splitMessage('hello', 10), RangeError);
  });

  it('prefers the end of a paragraph, then of a line, then of a word', () => {
    const paragraph = `${'a'.repeat(30)}\n\n${'b'.repeat(30)}`;
    assert.deepEqual(splitMessage(paragraph, 40), ['a'.repeat(30), 'b'.repeat(30)]);
    const lines = `${'a'.repeat(30)}\n${'b'.repeat(30)}`;
    assert.deepEqual(splitMessage(lines, 40), ['a'.repeat(30), 'b'.repeat(30)]);
    const words = `${'a'.repeat(30)} ${'b'.repeat(30)}`;
    assert.deepEqual(splitMessage(words, 40), ['a'.repeat(30), 'b'.repeat(30)]);
  });

  it('keeps a block of code that fits in one part whole', () => {
    const block = `\`\`\`ts\n${'x = 1;\n'.repeat(5)}\`\`\``;
    const parts = splitMessage(`${'w '.repeat(20)}\n${block}\nafter`, 64);
    assert.ok(
      parts.some((part) => part.startsWith(block)),
      JSON.stringify(parts),
    );
  });

  it('closes a long block of code and opens it again in the next part', () => {
    const body = Array.from({ length: 40 }, (_, at) => `line ${at}`);
    const parts = splitMessage(`\`\`\`sh\n${body.join('\n')}\n\`\`\``, 100);
    assert.ok(parts.length > 3);
    for (const part of parts) {
      assert.ok(part.length <= 100);
      assert.match(part, /^```sh\n[\s\S]*\n```$/);
    }
    const lines = parts.flatMap((part) => part.split('\n').slice(1, -1));
    assert.deepEqual(lines, body);
  });

  it('never cuts a character as people see it', () => {
    const family = '👩‍👩‍👧‍👦';
    for (let limit = 32; limit < 64; limit++) {
      const parts = splitMessage(family.repeat(30), limit);
      for (const part of parts) assert.equal(part.length % family.length, 0, `limit ${limit}`);
      assert.equal(parts.join(''), family.repeat(30));
    }
  });

  it('cuts even a pile of marks without end, between code points', () => {
    const parts = splitMessage(`e${'\u0301'.repeat(1000)}`, 50);
    assert.equal(parts.join(''), `e${'\u0301'.repeat(1000)}`);
    for (const part of parts) assert.ok(part.length <= 50);
  });

  it('keeps to the limit, loses nothing but space and halves no surrogate pair, whatever the text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom(
        '\n',
        '\n\n',
        ' ',
        '```',
        '```ts\n',
        '\n```\n',
        '~~~\n',
        '👩‍👩‍👧‍👦',
        'x'.repeat(70),
        'e\u0301',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 32, max: 120 }), (pieces, limit) => {
        const text = pieces.join('');
        const plain = splitMessage(text, limit, { fences: false });
        for (const part of plain) assert.ok(part.length <= limit && part.trim() !== '');
        assert.equal(squeeze(plain.join('')), squeeze(text));
        for (const part of splitMessage(text, limit)) {
          assert.ok(part.length <= limit, `${part.length} > ${limit}`);
          assert.equal(Buffer.from(part, 'utf8').toString('utf8'), part);
        }
      }),
      { numRuns: process.env.COWORK_FULL === '1' ? 5000 : 500 },
    );
  });

  it('leaves every part with its code closed when the text had it closed', () => {
    const block = fc
      .array(fc.string({ unit: fc.constantFrom(...'abc 12;'), maxLength: 30 }), { maxLength: 30 })
      .map((lines) => `\`\`\`js\n${lines.join('\n')}\n\`\`\`\n`);
    const prose = fc
      .string({ unit: fc.constantFrom(...'abc \n.'), maxLength: 60 })
      .map((text) => `${text}\n`);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(block, prose), { maxLength: 8 }),
        fc.integer({ min: 40, max: 200 }),
        (all, limit) => {
          for (const part of splitMessage(all.join(''), limit)) {
            const fences = part.split('\n').filter((line) => line.startsWith('```'));
            assert.equal(fences.length % 2, 0, part);
            assert.ok(part.length <= limit);
          }
        },
      ),
      { numRuns: process.env.COWORK_FULL === '1' ? 5000 : 500 },
    );
  });
});
