import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, FORCE_STOP, type SandboxBackend } from '../../../src/engine/sandbox/backend';
import { BubblewrapBackend } from '../../../src/engine/sandbox/bubblewrap-backend';
import { DEFAULT_CONTAINER } from '../../../src/engine/sandbox/container-argv';
import { ContainerBackend } from '../../../src/engine/sandbox/container-backend';
import { ProcessBackend } from '../../../src/engine/sandbox/process-backend';
import { shellArgv } from '../../../src/engine/sandbox/shell';
import { skip } from '../../harness/report';
import { TestGate } from '../egress/gate';
import { type Ground, makeGround, protectedIn } from './backends';
import { runningWith, waitForFile } from './helpers';

/** `$1`: an address. Asks the proxy of the environment for it, by bash alone. */
const ASK = `ask() {
  p=\${HTTP_PROXY##*[/@]}; exec 9<>"/dev/tcp/\${p%:*}/\${p#*:}" || return
  a=""; case $HTTP_PROXY in *@*) u=\${HTTP_PROXY#http://}; a="Proxy-Authorization: Basic $(printf %s "\${u%@*}" | base64 -w0)"$'\\r\\n';; esac
  printf 'GET %s HTTP/1.1\\r\\nHost: x\\r\\n%sConnection: close\\r\\n\\r\\n' "$1" "$a" >&9; head -c 4000 <&9; exec 9>&-
}; `;

describe('the network of a command', function () {
  this.timeout(30_000);
  let gate: TestGate;
  let ground: Ground;
  let port: number;
  beforeEach(async () => {
    gate = new TestGate();
    ground = makeGround();
    port = await gate.serve((_, response) => response.end('the page'));
    gate.names.set('site.test', ['127.0.0.1']);
  });
  afterEach(() => {
    gate.close();
    ground.remove();
  });

  const bubblewrap = (socat?: string) =>
    new BubblewrapBackend({
      storageDir: ground.storage,
      isProtected: protectedIn(ground.workspace),
      ...(socat === undefined ? {} : { socat }),
    });

  async function run(backend: SandboxBackend, line: string, signal = new AbortController().signal) {
    const hosts = [`site.test:${port}`];
    const network = gate.egress.client('command', hosts, { configured: hosts, plaintext: true });
    try {
      return await backend.run(
        {
          argv: shellArgv(ASK + line, 'bash'),
          cwd: ground.workspace,
          workspace: ground.workspace,
          env: { MARK: ground.base },
          limits: DEFAULT_LIMITS,
          network,
        },
        signal,
      );
    } finally {
      network.close();
    }
  }

  const leftFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('cowork-net-'));

  describe('bubblewrap', () => {
    before(function () {
      if (!existsSync('/usr/bin/bwrap')) skip(this, 'bwrap is not installed');
      if (!existsSync('/usr/bin/socat')) skip(this, 'socat is not installed');
    });

    it('[FAQ-1] reaches the hosts that it may by the proxy, and nothing else by any way', async () => {
      const before = leftFolders();
      const result = await run(
        bubblewrap(),
        `ask http://site.test:${port}/; echo; ask http://other.test/ | head -1; ask http://127.0.0.1:${port}/ | head -1; ` +
          `(exec 8<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null && echo DIRECT; (exec 8<>/dev/tcp/1.1.1.1/53) 2>/dev/null && echo OUT; ` +
          `ls -d /tmp/cowork-net-* 2>/dev/null && echo SOCKET; ps ax 2>/dev/null | grep -q "[s]ocat" && echo BRIDGE; ` +
          `tail -n +3 /proc/net/dev | grep -v "^ *lo:"; echo end`,
      );
      const { text } = result.output;
      assert.match(text, /^HTTP\/1\.1 200 OK[\s\S]*the page/, JSON.stringify(result));
      assert.equal(text.match(/HTTP\/1\.1 403 Forbidden/g)?.length, 2, text);
      assert.doesNotMatch(text, /DIRECT|OUT|SOCKET|BRIDGE/);
      assert.match(text, /\nend\n$/);
      assert.deepEqual(result.notices, []);
      assert.deepEqual(leftFolders(), before);
      assert.deepEqual(runningWith(`MARK=${ground.base}`), []);
      assert.deepEqual(
        gate.records.filter(({ type }) => type === 'egress.destination').map(({ data }) => data),
        [{ purpose: 'command', host: 'site.test', port, secure: false }],
      );
    });

    it('[INC-2] ends the bridge with the command within 2 s, forced or not', async () => {
      for (const reason of [undefined, FORCE_STOP]) {
        const stop = new AbortController();
        const running = run(
          bubblewrap(),
          `trap '' TERM; ask http://site.test:${port}/ >/dev/null; echo 1 > ready${reason ?? ''}; sleep 60`,
          stop.signal,
        );
        await Promise.race([waitForFile(join(ground.workspace, `ready${reason ?? ''}`)), running]);
        const asked = performance.now();
        stop.abort(reason);
        const result = await running;
        assert.equal(result.cancelled, true, JSON.stringify(result));
        assert.ok(performance.now() - asked < 2000);
        assert.deepEqual(runningWith(`MARK=${ground.base}`), []);
      }
    });

    it('[FAQ-4] without socat there is no network, and that is said', async () => {
      const result = await run(
        bubblewrap('/nonexistent/socat'),
        `(exec 8<>/dev/tcp/127.0.0.1/${port}) || echo none`,
      );
      assert.match(result.output.text, /none/);
      assert.match(result.notices.join(), /had no network: .* socat/);
    });
  });

  it('[FAQ-4] in process isolation the proxy is announced in the environment', async () => {
    const result = await run(
      new ProcessBackend(),
      `ask http://site.test:${port}/; echo; ask http://other.test/`,
    );
    assert.match(result.output.text, /the page/);
    assert.match(result.output.text, /HTTP\/1\.1 403/);
  });

  it('[FAQ-4] a container has the network that the person has set, or none, and says which', async () => {
    // A stand-in for the engine: what it is told is what is looked at.
    const settings = { ...DEFAULT_CONTAINER, cli: '/bin/echo' };
    const options = { storageDir: ground.storage, isProtected: () => false };
    const off = await run(new ContainerBackend({ ...options, settings }), 'true');
    assert.match(off.output.text, /--network none/);
    assert.match(off.notices.join(), /Containers have no network here/);
    const open = new ContainerBackend({ ...options, settings: { ...settings, network: 'lan' } });
    assert.match(open.describe().label, /the whole network “lan” once hosts are approved/);
    const on = await run(open, 'true');
    assert.match(on.output.text, /--network lan/);
    assert.match(on.notices.join(), /nothing filtered/);
    const none = await open.run(
      {
        argv: ['/bin/true'],
        cwd: ground.workspace,
        workspace: ground.workspace,
        env: {},
        limits: DEFAULT_LIMITS,
        network: 'none',
      },
      new AbortController().signal,
    );
    assert.match(none.output.text, /--network none/);
  });
});
