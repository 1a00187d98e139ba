import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../../harness/paths';
import { skip } from '../../harness/report';
import { installNode } from '../../harness/server-build';

describe('the command line', () => {
  const cli = join(repoRoot, 'dist/cli.js');
  let node = '';

  before(async function () {
    this.timeout(180_000);
    if (!existsSync(cli)) skip(this, 'dist/cli.js is not built (npm run build)');
    try {
      node = await installNode(20, (line) => console.log(line));
    } catch (error) {
      skip(this, `Node 20 cannot be installed: ${error instanceof Error ? error.message : error}`);
    }
  });

  it('runs on Node 20', () => {
    const { status, stdout, stderr } = spawnSync(node, [cli, '--help'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /cowork COMMAND/);
  });

  it('runs as a program of its own', function () {
    if (process.platform === 'win32') skip(this, 'Windows starts npm programs through a script of npm');
    const { status, stderr } = spawnSync(cli, ['--help'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
});
