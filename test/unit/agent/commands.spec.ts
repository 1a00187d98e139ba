import assert from 'node:assert/strict';
import fc from 'fast-check';
import { COMMANDS, helpText, parseCommand } from '../../../src/engine/agent/commands';

describe('direct commands', () => {
  it('reads a command line as it stands', () => {
    assert.deepEqual(parseCommand('/run echo "a  b" | wc -c'), {
      kind: 'work',
      tool: 'run',
      title: '/run echo "a  b" | wc -c',
      args: { command: 'echo "a  b" | wc -c' },
    });
  });

  it('takes the content of a file from the lines after the path, or from the same line', () => {
    const content = (text: string) => {
      const command = parseCommand(text);
      return command.kind === 'work' ? command.args : command;
    };
    assert.deepEqual(content('/write src/a.ts\nconst a = 1;\n\nexport { a };'), {
      path: 'src/a.ts',
      content: 'const a = 1;\n\nexport { a };\n',
    });
    assert.deepEqual(content('/write notes.txt hello there'), {
      path: 'notes.txt',
      content: 'hello there\n',
    });
  });

  for (const incomplete of ['/run', '/read', '/search  ', '/write', '/write a.txt']) {
    it(`says what is missing from ${incomplete}`, () => {
      const command = parseCommand(incomplete);
      assert.equal(command.kind, 'misused');
    });
  }

  it('tells an unknown command and prose apart from commands', () => {
    assert.deepEqual(parseCommand('/frobnicate now'), { kind: 'unknown', word: '/frobnicate' });
    assert.deepEqual(parseCommand('/constructor'), { kind: 'unknown', word: '/constructor' });
    assert.equal(parseCommand('please run the tests').kind, 'prose');
  });

  it('lists every command in /help', () => {
    for (const name of Object.keys(COMMANDS)) assert.match(helpText(), new RegExp(`^/${name}\\b`, 'm'));
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseCommand(`/${text}`)));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseCommand(text)));
  });
});
