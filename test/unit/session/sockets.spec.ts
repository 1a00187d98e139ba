import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import TelegramServer from 'telegram-test-api';
import { skip } from '../../harness/report';
import { freePort } from '../../helpers/ports';

const TOKEN = '666000:test-token-of-nobody_in-particular0';
const PROGRAM = resolve(__dirname, '../../programs/audited-session.ts');

/** Where a process, or a child of it, wanted to send something, by the kernel's own account. */
function destinations(trace: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const line of trace.split('\n')) {
    const [, family] = /sa_family=(AF_\w+)/.exec(line) ?? [];
    if (family === 'AF_INET' || family === 'AF_INET6') {
      const port = /sin6?_port=htons\((\d+)\)/.exec(line)?.[1];
      const address = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(line);
      found.add(`${address?.[1] ?? address?.[2]}:${port}`);
    } else if (family === 'AF_UNIX') found.add(`unix:${/sun_path=@?"([^"]*)"/.exec(line)?.[1]}`);
    else if (family !== undefined) found.add(family);
  }
  return found;
}

describe('the sockets of a whole session', function () {
  this.timeout(120_000);
  let telegram: TelegramServer;
  let page: Server;
  let folder: string;
  let child: ChildProcess | undefined;

  before(function () {
    if (process.platform !== 'linux') skip(this, 'strace exists on Linux only');
    if (!existsSync('/usr/bin/strace')) skip(this, 'strace is not installed');
  });
  beforeEach(async () => {
    telegram = new TelegramServer({ port: await freePort(), host: '127.0.0.1' });
    await telegram.start();
    page = createServer((_, response) => response.end('the page'));
    await new Promise<void>((done) => page.listen(0, '127.0.0.1', done));
    folder = await mkdtemp(join(tmpdir(), 'cowork-sockets-'));
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    page.close();
    page.closeAllConnections();
    await telegram.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs the session under the watch, talks to it, and gives every destination with those that are not allowed. */
  async function audit(talk: readonly { say: string; answer: RegExp }[], ...more: string[]) {
    const pagePort = (page.address() as AddressInfo).port;
    const trace = join(folder, 'trace');
    const root = `http://127.0.0.1:${telegram.config.port}`;
    const watch = ['-f', '-qq', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', trace];
    const program = [
      process.execPath,
      '--require',
      'tsx/cjs',
      PROGRAM,
      join(folder, 'home'),
      root,
      String(pagePort),
    ];
    child = spawn('/usr/bin/strace', [...watch, ...program, ...more], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const [hello] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const { code, sandbox } = JSON.parse(hello) as { code: string; sandbox: string };
    const client = telegram.getClient(TOKEN, { userId: 7, chatId: 7, timeout: 30_000 });
    const said: string[] = [];
    for (const { say, answer } of [{ say: code, answer: /connected now|paired now/ }, ...talk]) {
      await client.sendMessage(client.makeMessage(say));
      while (!said.some((text) => answer.test(text))) {
        for (const { message } of (await client.getUpdates()).result) said.push(message.text);
      }
    }
    child.stdin?.end();
    await ended;
    const all = destinations(await readFile(trace, 'utf8'));
    const allowed = new Set([
      `127.0.0.1:${telegram.config.port}`,
      `127.0.0.1:${pagePort}`,
      // The end of the bridge that the command sees, in a network of its own.
      '127.0.0.1:3128',
      // The kernel itself: bubblewrap sets up the loopback of a new network.
      'AF_NETLINK',
    ]);
    const own = /^unix:(?:.*\/cowork-net-\w+\/proxy|\/var\/run\/nscd\/socket|.*\/tsx-\d+\/\d+\.pipe)$/;
    return { sandbox, all, others: [...all].filter((one) => !allowed.has(one) && !own.test(one)) };
  }

  it('[FAQ-1] lead to the platform, to hosts that were listed, and nowhere else', async () => {
    const { port } = page.address() as AddressInfo;
    const tools = ['/usr/bin/socat', '/usr/bin/curl'].every((path) => existsSync(path));
    const read = `/run no_proxy= NO_PROXY= curl -sS http://localhost:${port}/`;
    const { sandbox, all, others } = await audit([
      { say: '/run echo $((6*7))', answer: /\b42\b/ },
      { say: '/fetch https://10.0.0.1/', answer: /private network/ },
      { say: '/fetch https://169.254.169.254/latest', answer: /link-local/ },
      ...(tools ? [{ say: read, answer: /the page/ }] : []),
    ]);
    assert.deepEqual(others, [], sandbox);
    // It was really watched: the platform and, through the proxy, the page were reached.
    assert.ok(all.has(`127.0.0.1:${telegram.config.port}`));
    if (tools) assert.ok(all.has(`127.0.0.1:${port}`));
  });

  it('[FAQ-1] are all seen: one that is opened past the gate is found', async () => {
    const { others } = await audit([], 'rogue');
    assert.deepEqual(others, ['127.0.0.1:9']);
  });
});
