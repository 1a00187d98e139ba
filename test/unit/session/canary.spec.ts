import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestSession } from '../../helpers/session';

/** Secrets of every kind that the product keeps, none of a shape that would be masked without being known. */
const CANARIES = {
  'telegram/botToken': '7654321:canary-Telegram_token-0123456789abc',
  'slack/botToken': 'canary-slack-bot/with+signs=and&more<>"quotes',
  'anthropic/apiKey': 'canary anthropic key with spaces and ünïcode',
};

/** Every spelling in which a secret could leave. */
function spellings(value: string): string[] {
  const bytes = Buffer.from(value);
  // Between other bytes a value has one of three spellings; the characters at its ends are also its neighbours'.
  const base64 = ['', 'x', 'xx'].map((before) =>
    Buffer.from(`${before}${value}zz`).toString('base64').replace(/=+$/, '').slice(4, -4),
  );
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

async function everyFile(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path, await readFile(path, 'latin1'));
  }
  return files;
}

describe('canary secrets', () => {
  let tested: TestSession;
  beforeEach(async () => {
    tested = await TestSession.start();
    for (const [name, value] of Object.entries(CANARIES)) await tested.session.vault.set(name, value);
  });
  afterEach(() => tested.remove());

  it('[FAQ-2] appear in no file, record, reply, child environment, argv or output, in any encoding', async () => {
    const heard: string[] = [];
    const peer = tested.session.hub.attach({ name: 'ann', onMessage: ({ text }) => heard.push(text) });
    const { code } = await tested.engine.pairing.issue({ channel: 'local', context: 'dm', role: 'owner' });
    await peer.say(code);
    // A tool that prints whatever it can find, and a file into which the secrets got by another way.
    const leaks = Object.values(CANARIES).flatMap((value) => [
      `plain ${value}`,
      `url ${encodeURIComponent(value)}`,
      `json ${JSON.stringify({ value })}`,
      `hex ${Buffer.from(value).toString('hex')}`,
      ...['', 'x', 'xy'].flatMap((before) =>
        (['base64', 'base64url'] as const).map((form) => Buffer.from(`${before}${value}!`).toString(form)),
      ),
    ]);
    await writeFile(join(tested.workspace, 'leaks.txt'), leaks.join('\n'));
    const finishedAfter = (before: number) => {
      const [newest, ...others] = tested.engine.tasks.list();
      return others.length >= before && newest?.endedAt !== undefined;
    };
    const asked = [
      '/read leaks.txt',
      '/run cat leaks.txt',
      '/run env',
      '/run cat /proc/self/environ',
      '/run ps -ef',
      '/search canary',
    ];
    for (const text of asked) {
      const before = tested.engine.tasks.list().length;
      await peer.say(text);
      await tested.until(() => tested.engine.approvals.pending().length > 0 || finishedAfter(before));
      for (const approval of tested.engine.approvals.pending()) {
        assertClean(JSON.stringify(approval), 'the approval');
        await tested.engine.approvals.approve(approval.id, approval.bindingHash);
      }
      await tested.until(() => finishedAfter(before));
    }
    await peer.say(`what is ${CANARIES['telegram/botToken']}?`);
    await tested.until(() => heard.length >= asked.length + 1);
    assertClean(heard.join('\n'), 'the chat');
    assert.match(heard.join('\n'), /‹secret telegram\/botToken›/);
    assertClean(JSON.stringify(tested.engine.tasks.list()), 'the tasks');
    const page = await tested.engine.audit.query({}, { limit: 200 });
    assertClean(JSON.stringify(page.records), 'the audit');
    await tested.close();
    for (const [path, content] of await everyFile(join(tested.folder, 'storage'))) assertClean(content, path);
  });
});

function assertClean(text: string, where: string): void {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  for (const [name, value] of Object.entries(CANARIES)) {
    for (const spelling of spellings(value)) {
      const found = text.includes(spelling) || bytes.includes(Buffer.from(spelling).toString('latin1'));
      assert.ok(!found, `${where} shows ${name} as ${spelling}`);
    }
  }
}
