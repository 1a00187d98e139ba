import assert from 'node:assert/strict';
import { fenceFor, richText } from '../../../src/channels/rich';

describe('text and code of a reply', () => {
  it('are told apart as people write them', () => {
    assert.deepEqual(richText('run `npm test` now\n```sh\na `b`\n```\ndone', 'markdown'), [
      { kind: 'text', text: 'run ' },
      { kind: 'code', text: 'npm test' },
      { kind: 'text', text: ' now' },
      { kind: 'block', text: 'a `b`', language: 'sh' },
      { kind: 'text', text: 'done' },
    ]);
  });

  it('keep an unclosed fence to the end, a longer fence around a shorter, and odd languages out', () => {
    assert.deepEqual(richText('~~~~ <b>x\n```\nin\n~~~', 'markdown'), [
      { kind: 'block', text: '```\nin\n~~~' },
    ]);
    assert.deepEqual(richText('````\n```\n````\nafter', 'markdown'), [
      { kind: 'block', text: '```' },
      { kind: 'text', text: 'after' },
    ]);
  });

  it('are plain where nothing is markup', () => {
    assert.deepEqual(richText('`a`\n```\nb\n```', 'text'), [{ kind: 'text', text: '`a`\n```\nb\n```' }]);
    assert.deepEqual(richText('', 'text'), []);
  });

  it('are fenced by more backticks than they hold', () => {
    assert.equal(fenceFor('none', 3), '```');
    assert.equal(fenceFor('a ```` b', 3), '`````');
    assert.equal(fenceFor('a ` b', 1), '``');
  });
});
