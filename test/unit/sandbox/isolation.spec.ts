import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type SandboxBackend } from '../../../src/engine/sandbox/backend';
import { BubblewrapBackend } from '../../../src/engine/sandbox/bubblewrap-backend';
import { chooseSandbox } from '../../../src/engine/sandbox/choose';
import { containerArgv, DEFAULT_CONTAINER, killArgv } from '../../../src/engine/sandbox/container-argv';
import { ContainerBackend } from '../../../src/engine/sandbox/container-backend';
import { findHiddenPlaces } from '../../../src/engine/sandbox/hidden-places';
import { ProcessBackend } from '../../../src/engine/sandbox/process-backend';
import { SandboxExecBackend, sandboxExecArgv } from '../../../src/engine/sandbox/sandbox-exec';
import { createSandboxes } from '../../../src/engine/sandbox/sandboxes';
import { seccompFilter } from '../../../src/engine/sandbox/seccomp';
import { shellArgv } from '../../../src/engine/sandbox/shell';
import { isHarmlessGitConfig } from '../../../src/engine/sandbox/workspace-protection';
import { WorkspaceScan } from '../../../src/engine/sandbox/workspace-scan';
import { skip } from '../../harness/report';
import { type Ground, makeGround, protectedIn } from './backends';

const hasBubblewrap = existsSync('/usr/bin/bwrap');

describe('isolation', () => {
  let ground: Ground;
  const inside = (...parts: string[]) => join(ground.workspace, ...parts);
  beforeEach(() => {
    ground = makeGround();
  });
  afterEach(() => ground.remove());

  const bubblewrap = () =>
    new BubblewrapBackend({ storageDir: ground.storage, isProtected: protectedIn(ground.workspace) });
  const run = (backend: SandboxBackend, line: string, workspace = ground.workspace) =>
    backend.run(
      {
        argv: shellArgv(line, 'bash'),
        cwd: workspace,
        workspace,
        env: {},
        limits: DEFAULT_LIMITS,
        network: 'none',
      },
      new AbortController().signal,
    );

  describe('choice', () => {
    const options = () => ({ storageDir: ground.storage, isProtected: protectedIn(ground.workspace) });

    it('[FAQ-4] takes the strongest that passes its test and remembers why not the others', async function () {
      if (!hasBubblewrap) skip(this, 'bwrap is not installed');
      const choice = await chooseSandbox('auto', createSandboxes(options()));
      assert.equal(choice.backend.id, 'bubblewrap');
      assert.equal(choice.backend.describe().isolated, true);
      const broken = createSandboxes({
        ...options(),
        bubblewrap: '/bin/false',
        container: { ...DEFAULT_CONTAINER, cli: '/nonexistent/docker' },
      });
      const fallback = await chooseSandbox('auto', broken);
      assert.equal(fallback.backend.id, 'process');
      assert.equal(fallback.backend.describe().isolated, false);
      assert.match(fallback.backend.describe().label, /no sandbox/);
      assert.deepEqual(
        fallback.rejected.map(({ id }) => id),
        ['bubblewrap', 'container'],
      );
      assert.ok(fallback.rejected.every(({ why }) => why.length > 20));
    });

    it('does not take a sandbox that lets the attempt through', async () => {
      // Runs everything as it is: what `bwrap` would be if it had been replaced.
      const open = join(ground.base, 'bwrap');
      writeFileSync(
        open,
        '#!/bin/bash\nwhile [ "$1" != -- ]; do [ "$1" = --chdir ] && cd "$2"; shift; done; shift; exec "$@"\n',
        {
          mode: 0o755,
        },
      );
      const test = await new BubblewrapBackend({ ...options(), program: open }).selfTest();
      assert.equal(test.ok, false);
      assert.match(test.why, /get out succeeded/);
      assert.equal(existsSync('/usr/cowork-escape'), false);
    });

    it('never replaces the sandbox that was asked for by a weaker one', async () => {
      const candidates = createSandboxes({ ...options(), bubblewrap: '/bin/false' });
      await assert.rejects(chooseSandbox('bubblewrap', candidates), /does not work here/);
      await assert.rejects(chooseSandbox('sandbox-exec', [new ProcessBackend()]), /does not exist/);
      assert.equal((await chooseSandbox('process', candidates)).backend.id, 'process');
    });
  });

  describe('bubblewrap', () => {
    before(function () {
      if (!hasBubblewrap) skip(this, 'bwrap is not installed');
    });

    it('works for ordinary work: git, pipes, temporary files, background jobs', async () => {
      const result = await run(
        bubblewrap(),
        'git init -q . && git config --get core.bare; echo a > a && git add a && git -c user.name=a -c user.email=a@b commit -qm a && ' +
          'git log --oneline | wc -l; t=$(mktemp); echo tmp > $t; cat $t; echo x | tr x y; sleep 600 & ls ~ >/dev/null && pwd',
      );
      assert.equal(result.exitCode, 0, result.output.text);
      assert.equal(result.output.text, `false\n1\ntmp\ny\n${ground.workspace}\n`);
      assert.deepEqual(result.notices, []);
      assert.ok(existsSync(inside('.git', 'config')), 'a harmless repository is left alone');
    });

    it('ends a command that makes a protected name at the root, and moves it away', async () => {
      const result = await run(bubblewrap(), 'mkdir .vscode; echo {} > .vscode/settings.json; sleep 600');
      assert.equal(result.limit, 'protected');
      assert.match(result.failure ?? '', /\.vscode, which is protected/);
      assert.equal(existsSync(inside('.vscode')), false);
      assert.match(result.notices.join(), /moved to .*quarantine/);
    });

    it('keeps what it moves away', async () => {
      const result = await run(
        bubblewrap(),
        'mkdir -p a/.devcontainer; echo evil > a/.devcontainer/devcontainer.json',
      );
      const [, path] = /moved to (.*)\.$/.exec(result.notices[0] ?? '') ?? [];
      assert.equal(readFileSync(join(path ?? '', 'devcontainer.json'), 'utf8'), 'evil\n');
    });

    it('refuses a workspace that contains the home, and a start outside', async () => {
      const home = await run(bubblewrap(), 'true', '/');
      assert.match(home.failure ?? '', /contains your home/);
      symlinkSync(ground.outside, inside('door'));
      const spec = { argv: ['/bin/true'], cwd: inside('door'), workspace: ground.workspace, env: {} };
      const result = await bubblewrap().run(
        { ...spec, limits: DEFAULT_LIMITS, network: 'none' },
        new AbortController().signal,
      );
      assert.match(result.failure ?? '', /outside of the workspace/);
    });

    it('says so when the sandbox itself cannot start', async () => {
      const broken = new BubblewrapBackend({
        storageDir: ground.storage,
        isProtected: () => false,
        program: '/nonexistent/bwrap',
      });
      assert.match((await run(broken, 'true')).failure ?? '', /nonexistent/);
      assert.equal((await broken.selfTest()).ok, false);
    });

    it('gives an empty home to write to, which nothing of arrives outside', async () => {
      const home = join(ground.base, 'home', 'ada');
      mkdirSync(join(home, '.ssh'), { recursive: true });
      const backend = new BubblewrapBackend({
        storageDir: ground.storage,
        isProtected: () => false,
        home,
        hostEnv: { HOME: home },
      });
      const result = await run(backend, 'cd ~ && ls -A && echo x > .cache && cat .cache && pwd');
      assert.equal(result.output.text, `x\n${home}\n`);
      assert.deepEqual(readdirSync(home), ['.ssh']);
    });

    it('limits temporary space', async () => {
      const result = await run(bubblewrap(), 'fallocate -l 600M /tmp/big; echo code $?');
      assert.match(result.output.text, /code 1/);
    });
  });

  describe('the look at a workspace', () => {
    it('finds protected names at every depth, again and again, and does not enter links', async () => {
      mkdirSync(inside('a', 'b', '.vscode'), { recursive: true });
      mkdirSync(inside('node_modules', 'p', '.vscode'), { recursive: true });
      mkdirSync(inside('node_modules', 'p', '.git', 'hooks'), { recursive: true });
      mkdirSync(join(ground.outside, '.vscode'));
      symlinkSync(ground.outside, inside('link'));
      writeFileSync(inside('.env.local'), '');
      const scan = new WorkspaceScan(ground.workspace, protectedIn(ground.workspace));
      const names = async () => [...(await scan.look()).keys()].sort();
      const first = ['.env.local', 'a/b/.vscode', 'node_modules/p/.git/hooks'];
      assert.deepEqual(await names(), first);
      writeFileSync(inside('a', 'b', '.npmrc'), '');
      // A time that was set back hides nothing: the kernel's own time of change counts.
      utimesSync(inside('a', 'b'), 1, 1);
      assert.deepEqual(await names(), [...first, 'a/b/.npmrc'].sort());
      rmSync(inside('a'), { recursive: true });
      assert.deepEqual(await names(), ['.env.local', 'node_modules/p/.git/hooks']);
    });

    it('knows a harmless git configuration from one that runs something', () => {
      const fresh = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n';
      const remote =
        '[remote "origin"]\n\turl = https://example.com/a.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n';
      assert.ok(isHarmlessGitConfig(fresh + remote));
      for (const line of [
        'fsmonitor = /tmp/x',
        'sshCommand = x',
        'url = ext::sh -c x',
        'url = --upload-pack=x',
        'pager = x',
        'hooksPath = x',
        'worktree = /',
      ]) {
        assert.equal(isHarmlessGitConfig(`${fresh}\t${line}\n`), false, line);
      }
      assert.equal(isHarmlessGitConfig('[filter "x"]\n\tclean = y\n'), false);
      assert.equal(isHarmlessGitConfig('[include]\n\tpath = y\n'), false);
    });
  });

  it('shows of a home only tools, and of tools none that hold the storage', () => {
    const home = join(ground.base, 'home');
    for (const name of ['.ssh', '.nvm/versions/node/v24/bin', '.config/Code', '.local/bin']) {
      mkdirSync(join(home, name), { recursive: true });
    }
    const places = findHiddenPlaces({
      home,
      path: [join(home, '.nvm/versions/node/v24/bin'), join(home, 'my-tools')],
      hidden: [join(home, '.local/bin')],
      exceptions: [],
    });
    assert.ok(places.emptied.includes(home) || places.emptied.includes('/var/tmp'));
    assert.deepEqual(places.shown, [join(home, '.nvm')]);
  });

  it('has a system-call filter for the processors that VS Code runs on', () => {
    for (const arch of ['x64', 'arm64'] as const) {
      const filter = seccompFilter(arch);
      assert.ok(filter && filter.length % 8 === 0 && filter.length / 8 < 256);
      // The last instruction lets through what no earlier one has answered.
      assert.equal(filter.readUInt32LE(filter.length - 4), 0x7fff0000);
    }
    assert.equal(seccompFilter('ppc64'), undefined);
  });

  describe('containers', () => {
    it('are started with every wall, and paths that are one word each', () => {
      const argv = containerArgv({
        settings: { ...DEFAULT_CONTAINER, cliOptions: ['--context', 'x'] },
        limits: { ...DEFAULT_LIMITS, processes: 100 },
        name: 'cowork-1',
        user: '1000:1000',
        workspace: '/home/a b/w,s',
        cwd: '/home/a b/w,s/src',
        masks: ['/home/a b/w,s/.git/hooks'],
        env: { TERM: 'dumb' },
        envNames: ['LISTED'],
        withNetwork: false,
        argv: ['/bin/bash', '-c', 'echo "$(id)"'],
      });
      const text = argv.join('\n');
      for (const wall of [
        '--network\nnone',
        '--read-only',
        '--cap-drop\nALL',
        '--security-opt\nno-new-privileges',
        '--pids-limit\n100',
        `--memory\n${512 * 1024 * 1024}`,
        '--cpus\n1',
        '--user\n1000:1000',
        '--tmpfs\n/tmp:rw,noexec,nosuid,size=100m',
        '--mount\ntype=bind,"source=/home/a b/w,s","target=/home/a b/w,s"',
        '--mount\ntype=bind,"source=/home/a b/w,s/.git/hooks","target=/home/a b/w,s/.git/hooks",readonly',
        '--env\nTERM=dumb',
        '--env\nLISTED\n',
        '--entrypoint\n/bin/bash\nnode:22-bookworm\n-c\necho "$(id)"',
      ]) {
        assert.ok(text.includes(wall), wall);
      }
      assert.equal(argv[0], 'docker');
      assert.deepEqual(killArgv(DEFAULT_CONTAINER, 'x', 'KILL'), ['docker', 'kill', '--signal', 'KILL', 'x']);
    });

    it('say why there are none', async () => {
      const backend = new ContainerBackend({
        storageDir: ground.storage,
        isProtected: () => false,
        settings: { ...DEFAULT_CONTAINER, cli: '/nonexistent/docker' },
      });
      assert.match((await backend.selfTest()).why, /\/nonexistent\/docker does not answer/);
    });
  });

  describe('sandbox-exec', () => {
    it('gets a profile without any path in its text (generated here, run only on macOS)', () => {
      const argv = sandboxExecArgv({
        workspace: '/Users/a/w") (allow default) ("',
        temporary: '/private/tmp/t',
        places: {
          emptied: ['/Users/a'],
          home: '/Users/a',
          shown: ['/Users/a/.nvm'],
          blanked: ['/etc/sudoers'],
        },
        masks: ['/Users/a/w/.git/hooks'],
      });
      const profile = argv.at(-1) ?? '';
      assert.ok(!profile.includes('/Users/'));
      assert.deepEqual(argv.slice(0, 3), ['/usr/bin/sandbox-exec', '-D', 'P0=/Users/a']);
      assert.equal(
        profile,
        [
          '(version 1)',
          '(deny default)',
          '(allow process-exec process-fork)',
          '(allow signal process-info* (target same-sandbox))',
          '(allow sysctl-read)',
          '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo") (global-name "com.apple.system.logger"))',
          '(allow file-read*)',
          '(deny file-read* (subpath (param "P0")))',
          '(deny file-read* (subpath (param "P1")))',
          '(allow file-read* (subpath (param "P2")))',
          '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper"))',
          '(allow file-read* file-write* (subpath (param "P3")))',
          '(allow file-read* file-write* (subpath (param "P4")))',
          '(deny file-write* (subpath (param "P5")))',
          '(deny network*)',
        ].join('\n'),
      );
    });

    it('is not taken where it does not exist', async function () {
      if (process.platform === 'darwin') skip(this, 'it would find the real one');
      const backend = new SandboxExecBackend({ storageDir: ground.storage, isProtected: () => false });
      assert.deepEqual(await backend.selfTest(), { ok: false, why: 'sandbox-exec exists on macOS only.' });
    });
  });

  it('leaves nothing of itself in the workspace', async function () {
    if (!hasBubblewrap) skip(this, 'bwrap is not installed');
    await run(bubblewrap(), 'true');
    assert.deepEqual(readdirSync(ground.workspace), []);
  });
});
