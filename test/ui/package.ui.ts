import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../harness/paths';
import { skip } from '../harness/report';
import { useWorkbench } from '../harness/suite';

describe('the packaged extension', () => {
  const manifest = JSON.parse(readFileSync(join(repoRoot, 'package.json'), 'utf8'));
  const vsix = join(repoRoot, `${manifest.name}-${manifest.version}.vsix`);

  before(function () {
    if (!existsSync(vsix)) skip(this, `${vsix} is not there; npm run package makes it`);
  });

  const session = useWorkbench({ vsix });

  it('installs, starts, and shows its views', async () => {
    const { bench } = session();
    await bench.messages.waitForStatusBar(/CoWork/);
    await bench.sideBar.open('CoWork OS');
    const views = await bench.sideBar.views();
    assert.ok(views.includes('Channels'), `views on show: ${views.join(', ')}`);
    await bench.screenshot('package-installed');
  });
});
