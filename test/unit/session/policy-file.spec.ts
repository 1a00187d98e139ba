import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestSession } from '../../helpers/session';

/** The file as the host reads it, and nobody who tells of its changes. */
function unwatchedFile(path: string) {
  return {
    read: () => readFile(path, 'utf8').catch(() => undefined),
    stamp: async () => {
      const found = await stat(path).catch(() => undefined);
      return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : 'none';
    },
    onChange: () => ({ dispose() {} }),
  };
}

describe('the policy file of a folder', () => {
  let tested: TestSession;
  afterEach(() => tested.remove());

  it('[LAW-2] counts from the next decision on, though nobody told that it was written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cowork-policy-file-'));
    const path = join(folder, 'workspace/.cowork/policy.jsonc');
    tested = await TestSession.start({ folder, policyFile: unwatchedFile(path) });
    const said: string[] = [];
    const peer = tested.session.hub.attach({ name: 'alice', onMessage: ({ text }) => void said.push(text) });
    const { code } = await tested.engine.pairing.issue({ channel: 'local', context: 'dm' });
    await peer.say(code);
    await peer.say('/run echo one');
    const approval = await tested.approval();
    await tested.engine.approvals.deny(approval.id);
    await tested.until(() => tested.engine.approvals.pending().length === 0);
    await mkdir(join(folder, 'workspace/.cowork'), { recursive: true });
    await writeFile(path, '{ "capabilities": { "shell": "deny" } }');
    await peer.say('/run echo two');
    await tested.until(() =>
      tested.engine.tasks.list().some(({ id, state }) => id === 't2' && state === 'denied'),
    );
    assert.equal(tested.engine.approvals.pending().length, 0, 'it is refused, not asked about');
  });
});
