import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import TelegramServer from 'telegram-test-api';
import { type AdapterContext, ChannelError } from '../../../src/channels/contract';
import { freePort } from '../../helpers/ports';
import { TestSession } from '../../helpers/session';

/** Secrets of every kind that the product keeps, none of a shape that would be masked without being known. */
const CANARIES = {
  'telegram/botToken': '7654321:canary-Telegram_token-0123456789abc',
  'slack/botToken': 'canary-slack-bot/with+signs=and&more<>"quotes',
  'anthropic/apiKey': 'canary anthropic key with spaces and ünïcode',
};

const LEAKS = 'leaks.txt';

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

/** Keeps what a channel sends, on its way to the platform. */
class RecordingProxy {
  readonly sent: Buffer[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((from) => {
    const to = connect(this.target, '127.0.0.1');
    from.on('data', (chunk: Buffer) => this.sent.push(chunk));
    from.pipe(to).pipe(from);
    for (const socket of [from, to]) {
      this.sockets.add(socket);
      socket.on('error', () => {});
    }
  });

  constructor(private readonly target: number) {}

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

/** What every process of the machine was given, as bytes: a tool's output would be masked on its way back. */
const LOOK_AROUND = `cat /proc/[0-9]*/environ > seen-environments.bin 2>/dev/null
cat /proc/[0-9]*/cmdline > seen-arguments.bin 2>/dev/null
echo looked around
`;

describe('canary secrets', function () {
  this.timeout(60_000);
  let platform: TelegramServer;
  let proxy: RecordingProxy;
  let tested: TestSession;
  let logged: string[];

  beforeEach(async () => {
    const port = await freePort();
    platform = new TelegramServer({ port, host: '127.0.0.1' });
    await platform.start();
    proxy = new RecordingProxy(port);
    logged = [];
    const keep = (text: string) => void logged.push(text);
    tested = await TestSession.start({
      channels: { telegram: { apiRoot: await proxy.listen() } },
      log: { debug: keep, info: keep, warn: keep, error: keep },
    });
    for (const [name, value] of Object.entries(CANARIES)) await tested.session.vault.set(name, value);
    await tested.session.channels.enable('telegram');
    await tested.until(
      () => tested.session.channels.list().find(({ id }) => id === 'telegram')?.state === 'online',
    );
    // A file into which the secrets got by another way, in every spelling.
    const leaks = Object.values(CANARIES).flatMap((value) => [
      `plain ${value}`,
      `url ${encodeURIComponent(value)}`,
      `json ${JSON.stringify({ value })}`,
      `hex ${Buffer.from(value).toString('hex')}`,
      ...['', 'x', 'xy'].flatMap((before) =>
        (['base64', 'base64url'] as const).map((form) => Buffer.from(`${before}${value}!`).toString(form)),
      ),
    ]);
    await writeFile(join(tested.workspace, LEAKS), leaks.join('\n'));
    await writeFile(join(tested.workspace, 'look.sh'), LOOK_AROUND);
  });
  afterEach(async () => {
    await tested.remove();
    proxy.close();
    await platform.stop();
  });

  it('[FAQ-2] appear in no file, record, log, reply, socket, export, child environment, argv or output, in any encoding', async () => {
    const token = CANARIES['telegram/botToken'];
    const client = platform.getClient(token, { userId: 7, chatId: 7, timeout: 20_000 });
    const heard: string[] = [];
    const say = (text: string) => client.sendMessage(client.makeMessage(text));
    const hear = async (count: number) => {
      while (heard.length < count) {
        for (const { message } of (await client.getUpdates()).result) heard.push(message.text);
      }
    };
    const { code } = await tested.engine.pairing.issue({ channel: 'telegram', context: 'dm', role: 'owner' });
    await say(code);
    await hear(1);
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
      '/run sh look.sh',
      '/search canary',
    ];
    for (const text of asked) {
      const before = tested.engine.tasks.list().length;
      await say(text);
      await tested.until(() => tested.engine.approvals.pending().length > 0 || finishedAfter(before));
      for (const approval of tested.engine.approvals.pending()) {
        assertClean(JSON.stringify(approval), 'the approval');
        await tested.engine.approvals.approve(approval.id, approval.bindingHash);
      }
      await tested.until(() => finishedAfter(before));
    }
    await say(`what is ${token}?`);
    await hear(asked.length + 2);
    assertClean(heard.join('\n'), 'the chat');
    assert.match(heard.join('\n'), /‹secret telegram\/botToken›/);
    assertClean(JSON.stringify(tested.engine.tasks.list()), 'the tasks');
    assertClean(JSON.stringify(tested.session.channels.list()), 'the channels');
    const page = await tested.engine.audit.query({}, { limit: 200 });
    assertClean(JSON.stringify(page.records), 'the audit');
    for (const format of ['jsonl', 'csv', 'ocsf', 'cef'] as const) {
      const { records } = await tested.engine.audit.export({}, format, join(tested.folder, `all.${format}`));
      assert.ok(records > 20);
    }
    const signing = tested.secrets.values.get('journal/signingKey') ?? '';
    await tested.close();

    // The token is part of the address by which the platform itself is asked, and of nothing else.
    const sent = Buffer.concat(proxy.sent).toString('latin1');
    assert.ok(sent.includes(`/bot${token}/getMe`), 'the proxy heard the channel');
    assertClean(sent.replaceAll(`/bot${token}/`, '/bot/'), 'a socket');
    assertClean(logged.join('\n'), 'the log');
    const files = await everyFile(tested.folder);
    assert.ok(
      [...files.keys()].filter((path) => path.includes('seen-')).length === 2,
      'the children looked around',
    );
    for (const [path, content] of files) {
      if (path.endsWith(LEAKS)) continue;
      assertClean(content, path);
      assert.ok(signing.length > 20 && !content.includes(signing), `${path} shows the key of the record`);
    }
  });
});

it('[FAQ-2] canary secrets are hidden in the log and in the state of a channel that quotes them in an error', async () => {
  const token = CANARIES['telegram/botToken'];
  const logged: string[] = [];
  const keep = (text: string) => void logged.push(text);
  const careless = async (context: AdapterContext): Promise<never> => {
    const text = `https://api.telegram.org/bot${await context.secret('botToken')}/getMe answered 500`;
    context.log.debug(text);
    context.log.error(text);
    throw new ChannelError('fatal', text);
  };
  const tested = await TestSession.start({
    log: { debug: keep, info: keep, warn: keep, error: keep },
    loadChunk: async () => ({
      createAdapter: (context) => ({
        connect: () => careless(context),
        disconnect: async () => {},
        send: async () => ({ platformIds: [] }),
      }),
    }),
  });
  try {
    await tested.session.vault.set('telegram/botToken', token);
    await tested.session.channels.enable('telegram');
    const { state, detail } = tested.session.channels.list().find(({ id }) => id === 'telegram') ?? {};
    assert.equal(state, 'fatal');
    assert.equal(detail, 'https://api.telegram.org/bot‹secret telegram/botToken›/getMe answered 500');
    assert.ok(logged.some((line) => line.includes('‹secret telegram/botToken›')));
    assertClean(logged.join('\n'), 'the log');
  } finally {
    await tested.remove();
  }
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
