import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { COLOURED_CHARACTERS, shellTokens, tokensOf } from '../../../webview-ui/approvals/tokens';

const words = (line: string, kind: string) =>
  shellTokens(line)
    .filter((token) => token.kind === kind)
    .map(({ text }) => text);

describe('the colours of an action', () => {
  it('leave every character of it where it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom(...'a -$"\'\\|&;#{}()<>`\n=') }),
        ),
        (line) => {
          for (const tool of ['run', 'edit', 'write'])
            assert.equal(
              tokensOf(tool, line)
                .map(({ text }) => text)
                .join(''),
              line,
            );
        },
      ),
    );
  });

  it('tell commands, options, texts, variables and operators apart', () => {
    const line = `FOO=1 sudo rm -rf "$HOME/a b" $X | grep 'x' && echo ok # done`;
    assert.deepEqual(words(line, 'command'), ['sudo', 'rm', 'grep', 'echo']);
    assert.deepEqual(words(line, 'option'), ['-rf']);
    assert.deepEqual(words(line, 'string'), ['"$HOME/a b"', `'x'`]);
    assert.deepEqual(words(line, 'variable'), ['$X']);
    assert.deepEqual(words(line, 'operator'), ['|', '&&']);
    assert.deepEqual(words(line, 'comment'), ['# done']);
    assert.deepEqual(words('a=#b#c', 'comment'), []);
  });

  it('are left out where they would take long, and take no longer for what is built to be slow', () => {
    assert.equal(shellTokens('x'.repeat(COLOURED_CHARACTERS + 1)).length, 1);
    const began = process.cpuUsage().user;
    for (const piece of ['"', '\\', '$', "'", '#', '${', '$(', ' ', '-'])
      shellTokens(piece.repeat(COLOURED_CHARACTERS / piece.length));
    assert.ok((process.cpuUsage().user - began) / 1000 < 1000);
  });
});
