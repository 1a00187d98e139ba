import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { looseAgents } from '../../../src/engine/posture/survey/agents';
import { surveyLoose, syncedBy } from '../../../src/engine/posture/survey/places';
import { surveyRepository } from '../../../src/engine/posture/survey/repository';
import { bitsOf, secretsIn } from '../../../src/engine/posture/survey/secret-kinds';
import { root } from '../views/sources';

const chance = (length: number, alphabet = 'aB3dE5fG7hJ9kL2mN4pQ6rS8tU') =>
  Array.from({ length }, (_, at) => alphabet[(at * 7 + 3) % alphabet.length]).join('');

/** In the form of credentials; none of them opens anything. */
const SECRETS: readonly (readonly [kind: string, text: string])[] = [
  ['a Telegram bot token', `123456789:AA${chance(33)}`],
  ['a Slack token', `xoxb-123456789012-${chance(24)}`],
  ['a Discord bot token', `M${chance(25)}.GaBcDe.${chance(30)}`],
  ['an Anthropic key', `sk-ant-api03-${chance(40)}`],
  ['an OpenAI key', `sk-proj-${chance(48)}`],
  ['an AWS access key', 'AKIAQ2W3E4R5T6Y7U8I9'],
  ['a GitHub token', `ghp_${chance(36)}`],
  ['a GitLab token', `glpat-${chance(20)}`],
  ['an npm token', `npm_${chance(36)}`],
  ['a Google API key', `AIza${chance(35)}`],
  ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
];

describe('what is looked for in a folder', () => {
  it('[SEC-1] knows a credential by its form, wherever in a line it stands', () => {
    for (const [kind, text] of SECRETS)
      for (const around of [text, `x = "${text}"`, `<a>${text}</a>`])
        assert.deepEqual(secretsIn(`one\n${around}`), [{ line: 2, kind }], around);
  });

  it('[SEC-1] takes no example, hash, id or path for one', () => {
    const harmless = [
      'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      'AKIAIOSFODNN7EXAMPLE',
      'sha512-Zz0XkhTYK8mY1cVZ2YYq1pQdGZyHqHkXK3v0Q==',
      '0123456789abcdef0123456789abcdef01234567',
      'task-ant-api03',
      'https://example.com/a/b/c?d=e',
      '-----BEGIN PUBLIC KEY-----',
    ];
    for (const line of harmless) assert.deepEqual(secretsIn(line), [], line);
  });

  it('[SEC-1] finds nothing in the sources of this product', async function () {
    this.timeout(60_000);
    const { secrets } = await surveyRepository(join(root, 'src'));
    assert.deepEqual(secrets, []);
  });

  it('[SEC-1] tells what git keeps from what only lies there, and follows no link out of the folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cowork-survey-'));
    try {
      const token = SECRETS[6]?.[1] ?? '';
      for (const name of ['kept.txt', 'lies.txt']) await writeFile(join(folder, name), token);
      await mkdir(join(folder, 'node_modules/x'), { recursive: true });
      await writeFile(join(folder, 'node_modules/x/a.txt'), token);
      await writeFile(join(folder, 'data.bin'), Buffer.concat([Buffer.from([0]), Buffer.from(token)]));
      await symlink('/etc', join(folder, 'out'));
      execFileSync('git', ['init', '-q'], { cwd: folder });
      execFileSync('git', ['add', 'kept.txt'], { cwd: folder });
      const { secrets, whole } = await surveyRepository(folder);
      assert.deepEqual(
        secrets.map(({ file, tracked }) => [file, tracked]),
        [
          ['kept.txt', true],
          ['lies.txt', false],
        ],
      );
      assert.ok(whole);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('[BOX-2] finds what takes a container’s wall away, and not in comments', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cowork-survey-'));
    try {
      await writeFile(
        join(folder, 'docker-compose.yml'),
        'services:\n  a:\n    # privileged: true\n    network_mode: host\n    volumes:\n      - /var/run/docker.sock:/x\n',
      );
      await mkdir(join(folder, '.devcontainer'));
      await writeFile(
        join(folder, '.devcontainer/devcontainer.json'),
        '{ "privileged": true, "capAdd": ["SYS_PTRACE"] }',
      );
      const { containers } = await surveyRepository(folder);
      assert.deepEqual(
        containers.map(({ file, line, option }) => `${file}:${line} ${option}`),
        [
          '.devcontainer/devcontainer.json:1 capabilities are added',
          'docker-compose.yml:4 a namespace of the machine is shared',
          'docker-compose.yml:6 the socket of the container engine is mounted',
        ],
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('[HOST-1] finds a folder that others may enter', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cowork-survey-'));
    try {
      await chmod(folder, 0o750);
      assert.deepEqual(await surveyLoose([folder, join(folder, 'nowhere')], 'linux'), [
        { path: folder, mode: 0o750, folder: true },
      ]);
      await chmod(folder, 0o700);
      assert.deepEqual(await surveyLoose([folder], 'linux'), []);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('[HOST-2] knows the folders of services that copy them elsewhere, on each system', () => {
    for (const [path, service] of [
      ['/home/a/Dropbox/work', 'Dropbox'],
      ['C:\\Users\\a\\OneDrive - Company\\x', 'OneDrive'],
      ['/Users/a/Library/Mobile Documents/com~apple~CloudDocs/x', 'iCloud'],
      ['/Users/a/Library/CloudStorage/GoogleDrive-a@b.c/x', 'Google Drive'],
      ['/home/a/Nextcloud', 'Nextcloud'],
    ] as const)
      assert.equal(syncedBy(path), service, path);
    for (const path of ['/home/a/work', '/srv/dropboxes/x', '/home/a/boxer'])
      assert.equal(syncedBy(path), undefined, path);
  });

  it('[HOST-3] knows settings that let another agent act without asking, and only while they do', () => {
    const one = (key: string, value: unknown) =>
      looseAgents((wanted) => (wanted === key ? value : undefined)).length;
    assert.equal(one('chat.tools.global.autoApprove', true), 1);
    assert.equal(one('chat.tools.global.autoApprove', false), 0);
    assert.equal(one('chat.tools.terminal.autoApprove', { '/.*/': true }), 1);
    assert.equal(one('chat.tools.terminal.autoApprove', { ls: true, '/.*/': false }), 0);
    assert.equal(one('claudeCode.initialPermissionMode', 'bypassPermissions'), 1);
    assert.equal(one('claudeCode.initialPermissionMode', 'plan'), 0);
    assert.equal(one('roo-cline.allowedCommands', ['npm test', '*']), 1);
    assert.deepEqual(
      looseAgents(() => undefined),
      [],
    );
  });

  it('[SEC-3] counts the chance in a secret: words and repetitions have little', () => {
    for (const weak of ['', 'aaaaaaaaaaaaaaaaaaaaaaaa', 'password', 'abc123', '1234567890'])
      assert.ok(bitsOf(weak) < 60, `${weak}: ${bitsOf(weak)}`);
    for (const strong of [chance(26), '7f3a9c1e5b2d8f4a6c0e3b7d9f1a5c2e', 'correct-Horse7battery-Staple'])
      assert.ok(bitsOf(strong) >= 60, `${strong}: ${bitsOf(strong)}`);
  });
});
