import assert from 'node:assert/strict';
import { decide } from '../../../src/engine/policy/decide';
import { foldSegments } from '../../../src/engine/policy/paths';
import {
  compileProtected,
  type PathAccess,
  protectedMatch,
} from '../../../src/engine/policy/protected-paths';
import { analysed, facts, HOME, inside, outside, policy, principal, ROOT, request } from './support';

const table = compileProtected({
  home: HOME,
  workspace: ROOT,
  storage: [`${HOME}/.local/share/cowork-journal`],
});
const of = (path: string, access: PathAccess) => protectedMatch(table, foldSegments(path), access)?.name;

describe('policy: protected paths', () => {
  const writeOnly = [
    '.git/config',
    '.git/hooks/pre-commit',
    '.git/hooks',
    '.git/modules/lib/hooks/post-checkout',
    '.git',
    '.vscode/settings.json',
    '.vscode/tasks.json',
    '.cowork/policy.jsonc',
    '.mcp.json',
    '.envrc',
    '.env.example',
    '.bashrc',
    '.zshenv',
    '.profile',
    '.github/workflows/ci.yml',
    '.gitlab-ci.yml',
    'Jenkinsfile',
    '.devcontainer/devcontainer.json',
    'app.code-workspace',
    '.npmrc',
  ];

  for (const name of writeOnly) {
    it(`may be read but not written: ${name}, at the top, nested, and before it exists`, () => {
      for (const folder of ['', 'sub/', 'a/b/c/']) {
        const path = `${ROOT}/${folder}${name}`;
        assert.ok(of(path, 'write'), `write ${path}`);
        assert.ok(of(path, 'delete'), `delete ${path}`);
        assert.equal(of(path, 'read'), undefined, `read ${path}`);
      }
    });
  }

  const secret = [
    `${ROOT}/.env`,
    `${ROOT}/packages/api/.env.production`,
    `${HOME}/.ssh/id_ed25519`,
    `${HOME}/.ssh`,
    `${HOME}/.aws/credentials`,
    `${HOME}/.gnupg/private-keys-v1.d/x.key`,
    `${HOME}/.config/gcloud/credentials.db`,
    `${HOME}/.kube/config`,
    `${HOME}/.docker/config.json`,
    `${HOME}/.npmrc`,
    `${HOME}/.netrc`,
    `${HOME}/.mozilla/firefox/x.default/cookies.sqlite`,
    `${HOME}/.bash_history`,
    `${HOME}/.config/Code/User/globalStorage/state.vscdb`,
    `${HOME}/.local/share/cowork-journal/segment-1.jsonl`,
    '/home/bob/notes.txt',
    '/root/.profile',
    '/proc/1234/environ',
    '/etc/shadow',
  ];

  it('may be neither read nor written: keys, credentials, histories, other homes, own storage', () => {
    for (const path of secret)
      for (const access of ['read', 'write', 'delete'] as const)
        assert.ok(of(path, access), `${access} ${path}`);
  });

  it('leaves ordinary files alone', () => {
    const ordinary = ['src/index.ts', 'README.md', '.gitignore', '.gitattributes', 'docs/.vscode-notes.md'];
    const more = [
      'environment.ts',
      'env.ts',
      'ssh/readme.md',
      'git/config',
      '.github/CODEOWNERS',
      'my.env.ts',
    ];
    for (const name of [...ordinary, ...more]) {
      for (const access of ['read', 'write', 'delete'] as const) {
        assert.equal(of(`${ROOT}/${name}`, access), undefined, `${access} ${name}`);
      }
    }
    assert.equal(of('/usr/lib/os-release', 'read'), undefined);
    assert.equal(of(`${ROOT}/.env.example`, 'read'), undefined);
  });

  it('sees through every spelling that a file system takes for the same name', () => {
    const spellings = [
      '.GIT/HOOKS/pre-commit',
      '.Git/Config',
      '.git//config',
      'x/../.git/config',
      './.git/./config',
      '.git\\config',
      '.g\u200cit/config',
      '.git /config',
      '.git./config',
      'git~1/config',
      '.git/config::$DATA',
      '.VSCODE/settings.json',
      '.vscode\u2060/settings.json',
    ];
    for (const name of spellings) assert.ok(of(`${ROOT}/${name}`, 'write'), JSON.stringify(name));
    assert.ok(of(`${ROOT}/.e\u200bnv`, 'read'));
    assert.ok(of('C:\\Users\\bob\\.ssh\\id_rsa', 'read'));
  });

  it('does not take the place of the workspace itself for something protected', () => {
    for (const workspace of ['/usr/src/app', '/home/bob/code', '/root/work', `${HOME}/.claude/trees/a`]) {
      const there = compileProtected({ home: HOME, workspace });
      assert.equal(
        protectedMatch(there, foldSegments(`${workspace}/src/a.ts`), 'write'),
        undefined,
        workspace,
      );
      assert.ok(protectedMatch(there, foldSegments(`${workspace}/.git/config`), 'write'), workspace);
    }
    assert.ok(
      protectedMatch(
        compileProtected({ home: HOME, workspace: '/r/.git' }),
        foldSegments('/r/.git/hooks/x'),
        'write',
      ),
    );
  });

  it('takes additions from both policies, and exceptions from the user alone, never for its own storage', () => {
    const snapshot = policy(
      {
        mode: 'accept-edits',
        protectedPaths: {
          add: [{ path: 'secrets', access: 'read' }],
          exceptions: [`${ROOT}/.vscode/launch.json`, `${HOME}/.local/share/cowork-journal`],
        },
      },
      { protectedPaths: { add: [{ path: 'generated', access: 'write' }] } },
    );
    const effect = (name: string, access: PathAccess) =>
      decide(
        snapshot,
        request(access === 'read' ? 'read' : 'write'),
        facts({ paths: [inside(name, access)] }),
      ).effect;
    assert.equal(effect('a/secrets/x.txt', 'read'), 'deny');
    assert.equal(effect('generated/a.ts', 'write'), 'deny');
    assert.equal(effect('generated/a.ts', 'read'), 'allow');
    assert.equal(effect('.vscode/launch.json', 'write'), 'allow');
    assert.equal(effect('.vscode/tasks.json', 'write'), 'deny');
    const journal = outside(`${HOME}/.local/share/cowork-journal/1.jsonl`, 'read');
    assert.equal(decide(snapshot, request('read'), facts({ paths: [journal] })).effect, 'deny');
  });

  it('denies them to file tools in every mode, whoever asks', () => {
    const open = policy({ mode: 'trusted', allowedPaths: [{ path: '/**', access: 'write' }] });
    for (const path of secret) {
      const decision = decide(
        open,
        request('read', { principal: principal('owner') }),
        facts({ paths: [{ path, access: 'read', inside: path.startsWith(ROOT) }] }),
      );
      assert.equal(decision.ruleId, 'guardrail.protected-path', path);
      assert.equal(decision.effect, 'deny', path);
    }
  });

  it('asks about a command that touches them when the sandbox refuses the access, and denies it when none does', () => {
    const open = policy({ mode: 'trusted', capabilities: { shell: 'allow' } });
    const analysis = analysed([
      { argv: ['cp', 'x', '.git/hooks/pre-commit'], effects: { writes: ['.git/hooks/pre-commit'] } },
    ]);
    assert.equal(decide(open, request('run'), facts({ analysis })).effect, 'ask');
    const bare = facts({ analysis, sandbox: { id: 'process', isolated: false } });
    assert.equal(decide(open, request('run'), bare).effect, 'deny');
    const keys = analysed([{ argv: ['cat', '~/.ssh/id_rsa'], effects: { reads: ['~/.ssh/id_rsa'] } }]);
    assert.equal(decide(open, request('run'), facts({ analysis: keys })).ruleId, 'guardrail.protected-path');
  });
});
