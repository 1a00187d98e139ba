import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessConfig } from '../../src/engine/access/config';
import { assemble, type EngineOptions, recordStart } from '../../src/engine/assemble';
import type { Reply } from '../../src/engine/conversation';
import type { Engine } from '../../src/engine/engine';
import { createGuard, type Guard } from '../../src/engine/guard';
import type { Desk } from '../../src/engine/model/desk';
import type { InboundMessage } from '../../src/engine/model/message';
import { type Clock, systemClock } from '../../src/engine/model/ports';
import type { AnyRecord } from '../../src/engine/model/record';
import type { UserPolicy } from '../../src/engine/policy/schema';
import { buildSnapshot } from '../../src/engine/policy/snapshot';
import { PROJECTIONS } from '../../src/engine/projections';
import { ProcessBackend } from '../../src/engine/sandbox/process-backend';
import { createInProcessStore } from '../../src/engine/store';
import type { CoreParts } from '../../src/engine/store/host';
import type { Store } from '../../src/engine/store/types';
import { Masking } from '../../src/engine/vault/masking';
import { Vault } from '../../src/engine/vault/vault';
import { MemorySecrets } from './memory-secrets';

let guard: Promise<Guard> | undefined;

interface TestParts
  extends Pick<TestEngine, 'folder' | 'masking' | 'secrets' | 'settings' | 'engine' | 'store' | 'policy'> {
  readonly listeners: Set<() => void>;
}

/** A whole engine on real folders: journal, tools, guard, process isolation. Only the chat is played by the test. */
export class TestEngine {
  readonly replies: Reply[] = [];
  private sent = 0;

  readonly folder: string;
  readonly masking: Masking;
  readonly secrets: Vault;
  readonly settings: { rotateAfterDays: number };
  readonly engine: Engine;
  readonly store: Store;
  readonly policy: { user: UserPolicy };
  private readonly listeners: Set<() => void>;

  private constructor(parts: TestParts) {
    this.folder = parts.folder;
    this.masking = parts.masking;
    this.secrets = parts.secrets;
    this.settings = parts.settings;
    this.engine = parts.engine;
    this.store = parts.store;
    this.policy = parts.policy;
    this.listeners = parts.listeners;
  }

  /** `folder` of an earlier engine starts a new one on the same workspace and journal. */
  static async start(
    options: {
      folder?: string;
      user?: UserPolicy;
      access?: AccessConfig;
      clock?: Clock;
      parts?: CoreParts;
      allowedHosts?: readonly string[];
      desk?: Desk;
    } = {},
  ): Promise<TestEngine> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'cowork-engine-')));
    const root = join(folder, 'workspace');
    await mkdir(root, { recursive: true });
    guard ??= createGuard();
    const { analyse } = await guard;
    const store = createInProcessStore({
      directory: join(folder, 'journal'),
      label: 'test',
      projections: PROJECTIONS,
      maskerOf: (secrets) => Masking.of(secrets),
      ...(options.parts ? { parts: options.parts } : {}),
    });
    const masking = new Masking();
    const clock = options.clock ?? systemClock;
    const settings = { rotateAfterDays: 90 };
    const secrets = await Vault.open([new MemorySecrets()], masking, clock);
    const opened = await store.open();
    const policy = { user: options.user ?? {} };
    const sandbox = new ProcessBackend();
    const listeners = new Set<() => void>();
    const tested: { current?: TestEngine } = {};
    const engineOptions: EngineOptions = {
      version: '0.0.0-test',
      store,
      opened,
      masker: masking,
      secrets,
      clock,
      analyse: async (line, shell, place) => analyse({ line, shell, ...place }),
      sandbox: () => sandbox,
      policy: () =>
        buildSnapshot({
          user: policy.user,
          workspaceRoot: root,
          home: homedir(),
          storage: [join(folder, 'storage'), join(folder, 'journal')],
        }),
      access: () => options.access ?? {},
      workspace: { root, trusted: () => true },
      storageDir: join(folder, 'storage'),
      ...(options.desk ? { desk: options.desk } : {}),
      network: { hostProxies: false, upstream: () => undefined },
      allowedHosts: () => options.allowedHosts ?? [],
      environment: () => ({}),
      environmentNames: () => ['PATH'],
      approvalTtlMs: () => 300_000,
      rotateAfterDays: () => settings.rotateAfterDays,
      say: async (reply) => {
        tested.current?.replies.push(reply);
        for (const listener of [...listeners]) listener();
      },
    };
    const { engine, records } = assemble(engineOptions);
    tested.current = new TestEngine({ folder, masking, secrets, settings, engine, store, policy, listeners });
    await recordStart(records, engineOptions);
    await engine.recover();
    engine.onChange(() => {
      for (const listener of [...listeners]) listener();
    });
    return tested.current;
  }

  get root(): string {
    return join(this.folder, 'workspace');
  }

  async file(path: string, content: string): Promise<void> {
    await writeFile(join(this.root, path), content);
  }

  message(text: string, sender = 'ann', extra: Partial<InboundMessage> = {}): InboundMessage {
    this.sent++;
    return {
      channel: 'local',
      account: 'test',
      conversation: sender,
      context: 'dm',
      sender: { id: sender, displayName: sender, isBot: false, isSelf: false },
      text,
      attachments: [],
      platformId: `p${this.sent}`,
      receivedAt: Date.now(),
      addressed: true,
      ...extra,
    };
  }

  async say(text: string, sender = 'ann', extra: Partial<InboundMessage> = {}): Promise<void> {
    await this.engine.receive(this.message(text, sender, extra));
  }

  /** Lets somebody in with a code from the desk. */
  async pair(sender = 'ann', role: 'member' | 'owner' | 'approver' | 'observer' = 'member'): Promise<void> {
    const { code } = await this.engine.pairing.issue({ channel: 'local', context: 'dm', role });
    await this.say(code, sender);
  }

  /** Waits until `test` gives something, looking again after each change and each reply. */
  async until<T>(test: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = test();
      if (found !== undefined && found !== false) return found;
      await new Promise<void>((resolve) => {
        const once = () => {
          this.listeners.delete(once);
          resolve();
        };
        this.listeners.add(once);
      });
    }
  }

  reply(pattern: RegExp): Promise<Reply> {
    return this.until(() => this.replies.find((reply) => pattern.test(reply.text)));
  }

  approval() {
    return this.until(() => this.engine.approvals.pending()[0]);
  }

  async records(): Promise<readonly AnyRecord[]> {
    const page = await this.store.query({ limit: 200 });
    return [...page.records].reverse();
  }

  /** Ends it as the closing of the window does. */
  async stop(): Promise<void> {
    this.engine.dispose();
    await this.store.close();
  }

  async remove(): Promise<void> {
    await this.stop().catch(() => {});
    await rm(this.folder, { recursive: true, force: true });
  }
}
