import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { EngineError } from '../../../src/engine/model/error';
import { PathGuard } from '../../../src/engine/tools/path-guard';
import { checkPathText } from '../../../src/engine/tools/path-names';
import { createTools } from '../../../src/engine/tools/tools';
import { skip } from '../../harness/report';
import { makePlace, type Place } from '../../unit/tools/place';

const RUNS = process.env.COWORK_FULL === '1' ? 10_000 : 600;
const SECRET = 'outside-secret-4711';
/** A name that no generated path has, so that it comes up in a listing only when that is of the outside. */
const ONLY_OUTSIDE = 'only-outside';

/** A workspace full of doors, and an outside that must stay as it is. */
function furnish(place: Place): void {
  const { workspace, outside } = place;
  mkdirSync(join(workspace, 'src', 'deep'), { recursive: true });
  mkdirSync(join(outside, 'folder'));
  writeFileSync(join(outside, 'secret'), SECRET);
  writeFileSync(join(outside, ONLY_OUTSIDE), SECRET);
  writeFileSync(join(outside, 'folder', 'secret'), SECRET);
  writeFileSync(join(workspace, 'file'), 'inside');
  writeFileSync(join(workspace, 'src', 'caf\u00e9'), 'inside');
  writeFileSync(join(workspace, 'src', 'cafe\u0301'), 'inside');
  const links: Record<string, string> = {
    out: outside,
    'src/out': '../../outside',
    'src/deep/up': '../../..',
    'to-secret': '../outside/secret',
    self: '.',
    parent: '..',
    circle: 'circle2',
    circle2: 'circle',
    'long-way': 'src/deep/up/outside/folder',
    dangling: '../outside/made-by-link',
    root: '/',
    proc: '/proc/self/root',
    fd: '/proc/self/fd',
    inside: 'src/deep',
    'via-file': 'file/../../outside',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(workspace, name));
  linkSync(join(workspace, 'file'), join(workspace, 'hard'));
}

const part = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('..', '.', '', 'src', 'deep', 'file', 'hard') },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...['out', 'up', 'to-secret', 'self', 'parent', 'circle', 'long-way', 'dangling', 'root', 'proc', 'fd'],
      ...['inside', 'via-file', 'outside', 'secret', 'folder', 'made-by-link', 'workspace'],
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        'caf\u00e9',
        'cafe\u0301',
        'SRC',
        'File',
        '.. ',
        '...',
        '..\u200b',
        '\uff0e\uff0e',
        '%2e%2e',
        '..;',
      ],
      ...[
        '..\\..',
        'con',
        'NUL',
        'aux.txt',
        'file.',
        'file ',
        'file:stream',
        '~',
        '$HOME',
        '\u2024\u2024',
        'src\\out',
      ],
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('\0', 'a\0b', 'x'.repeat(256), '\ud800', '\u202e', '\n') },
);

function pathsIn(place: Place) {
  const prefix = fc.constantFrom(
    '',
    '',
    '',
    '/',
    `${place.outside}/`,
    `${place.workspace}/`,
    '~/',
    '//',
    '/proc/self/cwd/',
  );
  return fc
    .tuple(prefix, fc.array(part, { minLength: 1, maxLength: 9 }), fc.constantFrom('', '', '/', '/.'))
    .map(([start, parts, end]) => start + parts.join('/') + end);
}

/** Everything outside, as one text. */
function outsideState(place: Place): string {
  const lines: string[] = [];
  const visit = (folder: string) => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const stats = statSync(path);
      lines.push(`${path} ${stats.mode} ${stats.ino} ${stats.isFile() ? readFileSync(path, 'utf8') : ''}`);
      if (stats.isDirectory()) visit(path);
    }
  };
  visit(place.outside);
  lines.push(...readdirSync(place.base).sort());
  return lines.join('\n');
}

describe('paths', () => {
  const tools = createTools();
  let place: Place;
  beforeEach(() => {
    place = makePlace();
    furnish(place);
  });
  afterEach(() => place.remove());

  it(`[INI-4] never lead a read or a write outside, however they are spelled (${RUNS} paths)`, async function () {
    if (process.platform === 'win32') skip(this, 'its links need Linux or macOS');
    this.timeout(300_000);
    const before = outsideState(place);
    const guard = await PathGuard.create({ workspace: place.workspace });
    await fc.assert(
      fc.asyncProperty(pathsIn(place), async (path) => {
        const { context } = place;
        const fact = await guard.fact(path, place.workspace, 'read').catch((error: unknown) => error);
        if (!(fact instanceof Error)) {
          const claimed = fact as Awaited<ReturnType<typeof guard.fact>>;
          // Without links and dots, so that whoever compares names compares the right ones.
          assert.ok(!claimed.path.split('/').includes('..'), claimed.path);
          assert.equal(claimed.inside, `${claimed.path}/`.startsWith(`${place.workspace}/`));
        }
        const read = await tools.get('read')!.run({ path }, context);
        assert.ok(
          !read.output.includes(SECRET) && !read.output.includes('root:'),
          `read ${JSON.stringify(path)}`,
        );
        const listed = await tools.get('list')!.run({ path }, context);
        assert.ok(!listed.ok || !listed.output.includes(ONLY_OUTSIDE), `list ${JSON.stringify(path)}`);
        await tools.get('write')!.run({ path, content: 'written' }, context);
        assert.equal(outsideState(place), before, `write ${JSON.stringify(path)}`);
      }),
      { numRuns: RUNS },
    );
  });

  it('[INI-4] that a second process swaps for links in a loop never lead outside', async function () {
    if (process.platform !== 'linux') skip(this, 'the walk that holds a path open is Linux only');
    this.timeout(120_000);
    const tries = process.env.COWORK_FULL === '1' ? 4000 : 200;
    const door = join(place.workspace, 'door');
    mkdirSync(door);
    writeFileSync(join(door, 'secret'), 'inside');
    const before = outsideState(place);
    const swapper = startSwapper(place);
    try {
      const seen = new Set<string>();
      for (let i = 0; i < tries; i++) {
        const read = await tools.get('read')!.run({ path: 'door/secret' }, place.context);
        seen.add(read.ok ? 'read' : 'refused');
        assert.ok(!read.output.includes(SECRET), `try ${i}`);
        await tools.get('write')!.run({ path: `door/new${i}`, content: 'written' }, place.context);
        await tools.get('write')!.run({ path: 'door/secret', content: 'inside' }, place.context);
      }
      assert.equal(outsideState(place), before);
      // Both sides of the race came up, or the loop has proved nothing.
      assert.deepEqual([...seen].sort(), ['read', 'refused']);
    } finally {
      assert.equal(swapper.exitCode, null, 'the second process was there to the end');
      const gone = new Promise((resolve) => swapper.once('exit', resolve));
      swapper.kill('SIGKILL');
      await gone;
    }
  });

  it('for Windows are refused when they name devices, streams or end in dots (checked here, used there)', () => {
    const bad = ['con', 'NUL.txt', 'a\\aux', 'com1:', 'lpt9.log', 'a:b', 'file::$DATA', 'a.', 'a ', 'C:rel'];
    bad.push('\\\\?\\C:\\x', '\\\\.\\pipe\\x', '//server/share', 'COM¹');
    for (const path of bad) assert.throws(() => checkPathText(path, 'win32'), EngineError, path);
    for (const path of ['C:\\a\\b', 'src/console.ts', '..\\a', './.gitignore', 'nullable.ts']) {
      assert.doesNotThrow(() => checkPathText(path, 'win32'), path);
    }
  });
});

/** Exchanges the folder `door` for a link to the outside and back, as fast as it can. */
function startSwapper(place: Place): ChildProcess {
  const script = `
    const fs = require('fs');
    const [door, kept, link] = ['door', 'door.kept', 'door.link'].map((name) => ${JSON.stringify(`${place.workspace}/`)} + name);
    fs.symlinkSync(${JSON.stringify(place.outside)}, link);
    for (;;) {
      try {
        fs.renameSync(door, kept); fs.renameSync(link, door);
        fs.renameSync(door, link); fs.renameSync(kept, door);
      } catch {
        // A tool has made the folder anew in the gap: put everything back where it was.
        try {
          if (fs.existsSync(kept)) { fs.rmSync(door, { recursive: true, force: true }); fs.renameSync(kept, door); }
          if (!fs.existsSync(link)) fs.symlinkSync(${JSON.stringify(place.outside)}, link);
        } catch {}
      }
    }`;
  return spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
}
