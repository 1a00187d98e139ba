import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  type CodeLens,
  type CompletionList,
  createProtocolConnection,
  type Diagnostic,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { CHANGED, EFFECTIVE, RULE_USE, ruleUseRequest } from '../../../src/policy-server/protocol';
import { BROKEN, brokenPolicy } from '../../helpers/broken-text';
import { root } from '../views/sources';

const URI = 'file:///w/.cowork/policy.jsonc';

/** The built server in a process of its own, with a client that answers as it is told. */
class Server {
  readonly process: ChildProcess;
  readonly connection: ProtocolConnection;
  /** The last diagnostics, and who waits for the next. */
  private readonly waiting: ((found: { version?: number; diagnostics: Diagnostic[] }) => void)[] = [];
  private version = 0;
  asked: unknown[] = [];
  /** What the client answers; a test may put nonsense here. */
  use: (rules: readonly unknown[]) => unknown = () => null;
  effective: unknown = null;

  constructor() {
    const { execPath } = process;
    this.process = spawn(execPath, [join(root, 'dist/policy-server.cjs'), '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdin, stdout } = this.process;
    assert.ok(stdin && stdout);
    this.connection = createProtocolConnection(
      new StreamMessageReader(stdout),
      new StreamMessageWriter(stdin),
    );
    this.connection.onNotification('textDocument/publishDiagnostics', (found) => {
      for (const take of this.waiting.splice(0)) take(found);
    });
    this.connection.onRequest(RULE_USE, (given) => {
      const { rules } = ruleUseRequest.parse(given);
      this.asked.push(rules);
      return this.use(rules);
    });
    this.connection.onRequest(EFFECTIVE, () => this.effective);
    this.connection.onRequest('workspace/codeLens/refresh', () => null);
    this.connection.onRequest('workspace/inlayHint/refresh', () => null);
    this.connection.listen();
  }

  async start(bundle: Record<string, string> = {}): Promise<void> {
    await this.connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
      initializationOptions: { bundle },
    });
    await this.connection.sendNotification('initialized', {});
  }

  async open(text: string): Promise<Diagnostic[]> {
    this.version = 1;
    const textDocument = { uri: URI, languageId: 'jsonc', version: 1, text };
    return this.until(1, () => this.connection.sendNotification('textDocument/didOpen', { textDocument }));
  }

  async change(text: string): Promise<Diagnostic[]> {
    this.version += 1;
    const { version } = this;
    return this.until(version, () =>
      this.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: URI, version },
        contentChanges: [{ text }],
      }),
    );
  }

  save(): Promise<void> {
    return this.connection.sendNotification('textDocument/didSave', { textDocument: { uri: URI } });
  }

  ask<T>(method: string, more: object = {}): Promise<T> {
    return this.connection.sendRequest(`textDocument/${method}`, { textDocument: { uri: URI }, ...more });
  }

  async titles(): Promise<(string | undefined)[]> {
    return (await this.ask<CodeLens[]>('codeLens')).map(({ command }) => command?.title);
  }

  /** Waits until the lenses say this. */
  async lens(title: string): Promise<void> {
    while (!(await this.titles()).includes(title)) await new Promise((resume) => setImmediate(resume));
  }

  async stop(): Promise<void> {
    await this.connection.sendRequest('shutdown');
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    await this.connection.sendNotification('exit');
    await ended;
    this.connection.dispose();
  }

  /** The diagnostics of this version; those of earlier ones may still be on their way. */
  private async until(version: number, send: () => Promise<void>): Promise<Diagnostic[]> {
    let next = this.next();
    await send();
    for (;;) {
      const found = await next;
      if (found.version === version) return found.diagnostics;
      next = this.next();
    }
  }

  private next(): Promise<{ version?: number; diagnostics: Diagnostic[] }> {
    return new Promise((take) => this.waiting.push(take));
  }
}

const RULES = '{ "rules": [{ "effect": "ask", "command": "git push *" }] }';
const counted = (rules: readonly unknown[]) => ({
  days: 30,
  considered: 40,
  uses: rules.map(() => ({ matched: 13, asked: 12, approved: 11, blocked: 1, narrower: [] })),
});

describe('the policy server as a process', function () {
  this.timeout(600_000);
  let server: Server;
  beforeEach(async () => {
    server = new Server();
    await server.start();
  });
  afterEach(() => server.stop());

  it('asks its client for the use of rules when a file is opened and saved, and when the record has changed', async () => {
    server.use = counted;
    await server.open(RULES);
    await server.lens('asked 12×, approved 11×, blocked 1× in 30 days · simulate');
    assert.deepEqual(server.asked, [[{ effect: 'ask', command: 'git push *' }]]);
    server.use = (rules) => ({
      days: 30,
      considered: 40,
      uses: rules.map(() => ({ ...counted(rules).uses[0], asked: 0, blocked: 0 })),
    });
    await server.save();
    await server.lens('matched 13×, never asked in 30 days · simulate');
    server.use = () => null;
    await server.connection.sendNotification(CHANGED);
    await server.lens('simulate');
    assert.equal(server.asked.length, 3);
  });

  it('takes what its client answers only when it is what it should be', async () => {
    server.use = counted;
    await server.open(RULES);
    await server.lens('asked 12×, approved 11×, blocked 1× in 30 days · simulate');
    for (const nonsense of ['x', 7, { uses: 'x' }, { ...counted([1]), uses: [{ matched: -1 }] }]) {
      server.use = () => nonsense;
      await server.save();
      await server.change(`${RULES} `);
      assert.deepEqual(await server.titles(), ['asked 12×, approved 11×, blocked 1× in 30 days · simulate']);
    }
    server.effective = [{ path: 'mode', value: 'plan', origin: 'nobody' }];
    server.use = counted;
    await server.save();
    assert.deepEqual(await server.change('{ "mode": "ask" }'), []);
  });

  it('speaks the language of the editor', async () => {
    const german = new Server();
    await german.start({ simulate: 'durchspielen' });
    await german.open(RULES);
    assert.deepEqual(await german.titles(), ['durchspielen']);
    await german.stop();
  });

  it('lives on through texts that are cut off or broken, and then knows a good one again', async () => {
    await server.open(RULES);
    const position = { line: 0, character: 20 };
    await fc.assert(
      fc.asyncProperty(brokenPolicy, async ({ good, broken }) => {
        await server.change(broken);
        // An answer, or an error of this one question; never the end of the process.
        for (const method of ['completion', 'hover', 'codeLens'] as const)
          await server.ask(method, { position }).catch(() => undefined);
        assert.deepEqual(
          (await server.change(good)).filter(({ severity }) => severity === 1),
          [],
        );
      }),
      // Diagnostics come a moment after each change, so this takes a while.
      { ...BROKEN, numRuns: BROKEN.numRuns === 2000 ? 2000 : 50 },
    );
    assert.equal(server.process.exitCode, null);
    await server.change('{ "rules": [ { "" } ] }');
    const list = await server.ask<CompletionList>('completion', { position: { line: 0, character: 16 } });
    assert.ok(list.items.some(({ label }) => label === 'effect'));
  });
});
