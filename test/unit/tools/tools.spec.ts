import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ToolInputError } from '../../../src/engine/tools/tool';
import { createTools } from '../../../src/engine/tools/tools';
import { nameMatches } from '../../../src/engine/tools/walk-search';
import { skip } from '../../harness/report';
import { makePlace, type Place, use } from './place';

describe('tools', () => {
  const tools = createTools();
  const tool = (name: string) => tools.get(name)!;
  let place: Place;
  const file = (...parts: string[]) => join(place.workspace, ...parts);

  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.remove());

  it('refuse arguments that do not fit, saying which', async () => {
    await assert.rejects(tool('read').facts({ path: 7 }, place.context), ToolInputError);
    assert.throws(() => tool('write').summary({ path: 'a', content: 'b', extra: 1 }), /extra/);
    assert.deepEqual(tool('list').parse({}), { path: '.', depth: 1 });
  });

  describe('read', () => {
    const read = (path: string, more = {}) => use(tool('read'), { path, ...more }, place.context);

    it('shows text in the encodings that files have', async () => {
      const text = 'Grüße, 世界\n';
      const utf16 = Buffer.from(text, 'utf16le');
      writeFileSync(file('utf8'), text);
      writeFileSync(file('bom'), `\ufeff${text}`);
      writeFileSync(file('le'), Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]));
      writeFileSync(file('be'), Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]));
      writeFileSync(file('latin'), Buffer.from('Grüße\n', 'latin1'));
      assert.equal((await read('utf8')).output, text);
      assert.equal((await read('bom')).output, `[bom: read as utf-8 with BOM]\n${text}`);
      assert.equal((await read('le')).output, `[le: read as utf-16le]\n${text}`);
      assert.equal((await read('be')).output, `[be: read as utf-16be]\n${text}`);
      assert.equal((await read('latin')).output, '[latin: read as windows-1252]\nGrüße\n');
    });

    it('tells binary files apart', async () => {
      writeFileSync(file('image.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]));
      const result = await read('image.png');
      assert.equal(result.ok, false);
      assert.match(result.error ?? '', /binary file of 7 bytes/);
    });

    it('reads at most a megabyte and does not take a cut character for another encoding', async () => {
      writeFileSync(file('big'), 'ä'.repeat(1_000_000).slice(0, 700_000).padStart(700_001, 'x'));
      const result = await read('big');
      assert.match(result.output, /^\[big: only the first 1048576 of 1400001 bytes\]\nxää/);
    });

    it('shows the lines asked for', async () => {
      writeFileSync(file('lines'), 'a\nb\nc\nd\n');
      assert.equal((await read('lines', { fromLine: 2, lines: 2 })).output, 'b\nc');
    });

    it('does not hang on a pipe and does not open devices', async function () {
      if (process.platform === 'win32') skip(this, 'pipes, devices and links as on Linux and macOS');
      execFileSync('mkfifo', [file('pipe')]);
      assert.match((await read('pipe')).error ?? '', /not a file but a pipe/);
      symlinkSync('/dev/zero', file('zero'));
      const result = await read('zero');
      assert.equal(result.ok, false);
    });

    it('names what went wrong', async () => {
      assert.match((await read('missing')).error ?? '', /does not exist/);
      mkdirSync(file('folder'));
      assert.match((await read('folder')).error ?? '', /folder, not a file/);
      await assert.rejects(read('a\0b'), /NUL/);
      await assert.rejects(read('a\u202egnp.exe'), /control characters/);
    });

    it('[INI-4] does not read outside, by any way that leads there', async () => {
      writeFileSync(join(place.outside, 'secret'), 'secret');
      symlinkSync(place.outside, file('link'));
      symlinkSync('../outside/secret', file('direct'));
      for (const path of [
        '../outside/secret',
        'link/secret',
        'direct',
        join(place.outside, 'secret'),
        '~/.profile',
      ]) {
        const facts = await tool('read').facts({ path }, place.context);
        assert.equal(facts.paths[0]?.inside, false, path);
        const result = await use(tool('read'), { path }, place.context);
        assert.equal(result.ok, false, path);
        assert.ok(!result.output.includes('secret'));
      }
    });

    it('refuses a link that is swapped between the decision and the run', async () => {
      writeFileSync(file('harmless'), 'harmless');
      writeFileSync(file('.env'), 'TOKEN=1');
      symlinkSync('harmless', file('link'));
      const facts = await tool('read').facts({ path: 'link' }, place.context);
      assert.equal(facts.paths[0]?.relative, 'harmless');
      execFileSync('ln', ['-sfn', '.env', file('link')]);
      const result = await tool('read').run({ path: 'link' }, { ...place.context, facts });
      assert.match(result.error ?? '', /leads elsewhere/);
    });

    it('follows a link that stays inside, and a folder that the user allows', async () => {
      mkdirSync(file('a'));
      writeFileSync(file('a', 'x'), 'content');
      symlinkSync('a', file('b'));
      assert.equal((await read('b/x')).output, 'content');
      writeFileSync(join(place.outside, 'shared'), 'shared');
      const context = { ...place.context, allowedPaths: [place.outside] };
      const result = await use(tool('read'), { path: join(place.outside, 'shared') }, context);
      assert.equal(result.output, 'shared');
    });
  });

  describe('list', () => {
    it('shows folders first, sizes, links and levels', async () => {
      mkdirSync(file('src', 'deep'), { recursive: true });
      writeFileSync(file('src', 'a.ts'), 'x'.repeat(2048));
      writeFileSync(file('z'), '');
      symlinkSync('/etc', file('etc'));
      const one = await use(tool('list'), {}, place.context);
      assert.equal(one.output, 'src/\netc → (link)\nz  0 B');
      const two = await use(tool('list'), { depth: 2 }, place.context);
      assert.equal(two.output, 'src/\n  deep/\n  a.ts  2.0 KB\netc → (link)\nz  0 B');
    });

    it('does not list outside, and a name cannot write lines of its own', async function () {
      if (process.platform === 'win32') skip(this, 'pipes, devices and links as on Linux and macOS');
      symlinkSync(place.outside, file('link'));
      const result = await use(tool('list'), { path: 'link' }, place.context);
      assert.match(result.error ?? '', /outside the workspace/);
      writeFileSync(file('a\nb'), '');
      assert.equal((await use(tool('list'), {}, place.context)).output.split('\n').length, 2);
    });
  });

  describe('write', () => {
    const write = (path: string, content: string) => use(tool('write'), { path, content }, place.context);

    it('creates with missing folders, replaces, and keeps the mode', async () => {
      const created = await write('new/folder/a.sh', 'one\n');
      assert.equal(created.output, 'Created new/folder/a.sh (4 bytes).');
      chmodSync(file('new/folder/a.sh'), 0o750);
      const replaced = await write('new/folder/a.sh', 'two\n');
      assert.equal(replaced.output, 'Replaced new/folder/a.sh (4 bytes).');
      assert.equal(readFileSync(file('new/folder/a.sh'), 'utf8'), 'two\n');
      assert.equal(statSync(file('new/folder/a.sh')).mode & 0o777, 0o750);
      assert.deepEqual(readdirSync(file('new/folder')), ['a.sh']);
    });

    it('[INI-4] writes nothing outside, through links either', async () => {
      writeFileSync(join(place.outside, 'victim'), 'before');
      symlinkSync(place.outside, file('link'));
      symlinkSync(join(place.outside, 'victim'), file('direct'));
      symlinkSync(join(place.outside, 'not-yet'), file('dangling'));
      for (const path of [
        'link/victim',
        'direct',
        'dangling',
        '../outside/victim',
        join(place.outside, 'x'),
      ]) {
        assert.equal((await write(path, 'after')).ok, false, path);
      }
      assert.deepEqual(readdirSync(place.outside), ['victim']);
      assert.equal(readFileSync(join(place.outside, 'victim'), 'utf8'), 'before');
    });

    it('leaves another hard link of the file as it was', async () => {
      writeFileSync(join(place.outside, 'shared'), 'before');
      linkSync(join(place.outside, 'shared'), file('shared'));
      await write('shared', 'after');
      assert.equal(readFileSync(join(place.outside, 'shared'), 'utf8'), 'before');
      assert.equal(readFileSync(file('shared'), 'utf8'), 'after');
    });

    it('leaves folders, pipes and write-protected files alone', async function () {
      if (process.platform === 'win32') skip(this, 'pipes, devices and links as on Linux and macOS');
      mkdirSync(file('folder'));
      execFileSync('mkfifo', [file('pipe')]);
      writeFileSync(file('protected'), 'before', { mode: 0o444 });
      for (const path of ['folder', 'pipe', 'protected', '.'])
        assert.equal((await write(path, 'x')).ok, false, path);
      assert.deepEqual(readdirSync(place.workspace).sort(), ['folder', 'pipe', 'protected']);
    });

    it('shows the whole content to whoever approves', () => {
      const content = 'x'.repeat(5000);
      assert.ok(tool('write').summary({ path: 'a', content }).includes(content));
    });
  });

  describe('search', () => {
    beforeEach(() => {
      mkdirSync(file('src'));
      mkdirSync(file('.git'));
      writeFileSync(file('src', 'a.ts'), 'one\nneedle $(id)\n');
      writeFileSync(file('b.md'), 'Needle\n');
      writeFileSync(file('.git', 'config'), 'needle\n');
      writeFileSync(file('.env'), 'needle\n');
      writeFileSync(join(place.outside, 'c'), 'needle\n');
      symlinkSync(place.outside, file('link'));
    });
    // A path without ripgrep: only the tools that the walk does not need.
    const noRipgrep = () => ({ ...place.context, sandbox: withoutPrograms(place) });

    for (const [engine, context] of [
      ['ripgrep', () => place.context],
      ['the own walk', noRipgrep],
    ] as const) {
      it(`by ${engine}: finds text, not in .git, secrets or outside`, async () => {
        const search = (args: Record<string, unknown>) => use(tool('search'), args, context());
        assert.equal((await search({ query: 'needle' })).output, 'src/a.ts:2:needle $(id)');
        assert.equal((await search({ query: 'needle $(id)' })).output, 'src/a.ts:2:needle $(id)');
        const both = await search({ query: 'needle', ignoreCase: true });
        assert.deepEqual(both.output.split('\n').sort(), ['b.md:1:Needle', 'src/a.ts:2:needle $(id)']);
        assert.equal(
          (await search({ query: 'needle', ignoreCase: true, glob: '*.md' })).output,
          'b.md:1:Needle',
        );
        assert.equal((await search({ query: '--files' })).output, 'Nothing found.');
        assert.match((await search({ query: 'needle', path: 'link' })).error ?? '', /outside/);
      });
    }

    it('takes expressions with ripgrep alone', async () => {
      assert.equal(
        (await use(tool('search'), { query: '^o.e$', regex: true }, place.context)).output,
        'src/a.ts:1:one',
      );
      const bad = await use(tool('search'), { query: '(', regex: true }, place.context);
      assert.match(bad.error ?? '', /not understood/);
      const walk = await use(tool('search'), { query: 'o.e', regex: true }, noRipgrep());
      assert.match(walk.error ?? '', /needs ripgrep/);
    });

    it('matches names without going back for ever', () => {
      assert.ok(
        nameMatches('*.ts', 'a.b.ts') && nameMatches('a?c*', 'abcd') && !nameMatches('*.ts', 'a.tsx'),
      );
      assert.equal(nameMatches(`${'*a'.repeat(30)}b`, 'a'.repeat(200)), false);
    });
  });

  describe('run', () => {
    const run = (command: string, more = {}) => use(tool('run'), { command, ...more }, place.context);

    it('[FAQ-7] gives the output, the exit code and what was left running', async () => {
      const result = await run('echo out; echo err >&2; sleep 600 & exit 4');
      assert.equal(result.exitCode, 4);
      assert.equal(result.ok, false);
      assert.match(result.output, /^out\nerr\n\[One process/);
      assert.equal(result.error, undefined);
    });

    it('runs where the request stands, and hands over the whole line for the decision', async () => {
      mkdirSync(file('sub'));
      const result = await use(tool('run'), { command: 'pwd' }, { ...place.context, cwd: file('sub') });
      assert.equal(result.output, file('sub'));
      const facts = await tool('run').facts({ command: 'a; b' }, place.context);
      assert.equal(facts.commandLine, 'a; b');
      assert.equal(tool('run').summary({ command: 'a; b' }), 'a; b');
    });

    it('tells a command that waits for an answer, or wants a terminal, from one that hangs', async () => {
      const ended = (command: string) => run(command, { timeoutSeconds: 1 });
      const asks = await ended("echo start; printf 'Proceed? [y/N] '; sleep 30");
      assert.match(asks.error ?? '', /after 1 s while it waited for an answer to “Proceed\? \[y\/N\]”/);
      assert.match((await ended('echo working; sleep 30')).error ?? '', /still at work, or hung/);
      // Without a terminal and without input it does not wait at all.
      const terminal = await ended('stty -a');
      assert.equal(terminal.exitCode, 1);
      assert.match(terminal.output, /\[It wanted a terminal or an answer\./);
      assert.doesNotMatch((await ended('echo not a tty; exit 0')).output, /It wanted/);
      assert.doesNotMatch((await ended('false')).output, /It wanted/);
    });

    it('says that a silent command may have waited for input', async () => {
      const result = await run('sleep 600', { timeoutSeconds: 1 });
      assert.match(result.error ?? '', /ended after 1 s without any output/);
      await assert.rejects(run('true', { timeoutSeconds: 301 }), ToolInputError);
    });
  });
});

/** The process backend, where no program is found. */
function withoutPrograms(place: Place): Place['context']['sandbox'] {
  const { sandbox } = place.context;
  return {
    id: sandbox.id,
    describe: () => sandbox.describe(),
    selfTest: () => sandbox.selfTest(),
    run: (spec, signal) =>
      sandbox.run({ ...spec, argv: ['/usr/bin/env', '-i', 'PATH=/nowhere', ...spec.argv] }, signal),
  };
}
