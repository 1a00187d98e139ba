import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AdapterChunk } from '../../src/channels/registry';
import type { Head } from '../../src/engine/journal';
import { Emitter } from '../../src/engine/model/emitter';
import { type Clock, type Logger, silentLogger, systemClock } from '../../src/engine/model/ports';
import type { SandboxId } from '../../src/engine/sandbox/backend';
import { DEFAULT_CONTAINER } from '../../src/engine/sandbox/container-argv';
import { Masking } from '../../src/engine/vault/masking';
import type {
  ChecklistBundle,
  GuardChunk,
  SessionPorts,
  SessionSettings,
  WorkspacePolicyFile,
} from '../../src/session/ports';
import { Session } from '../../src/session/session';
import { MemorySecrets } from './memory-secrets';
import { PersonSettings } from './person-settings';

/** The bundles that `npm run build` wrote: a session runs what ships. */
export const BUNDLES = resolve(__dirname, '../../dist');

export interface TestOptions {
  folder?: string;
  secrets?: MemorySecrets;
  heads?: { last?: Head };
  channels?: Readonly<Record<string, unknown>>;
  policy?: unknown;
  policyFile?: WorkspacePolicyFile;
  allowedHosts?: readonly string[];
  sandbox?: 'auto' | SandboxId;
  /** In place of what else is given here of settings. */
  person?: PersonSettings;
  clock?: Clock;
  storage?: string;
  log?: Logger;
  loadChunk?: (id: string) => Promise<AdapterChunk>;
  problem?: (text: string) => void;
  /** Where the store's worker is taken from. */
  bundles?: string;
}

/** What a session in `folder` needs of whoever starts it. */
export async function testPorts(folder: string, options: TestOptions = {}): Promise<SessionPorts> {
  const workspace = join(folder, 'workspace');
  await mkdir(workspace, { recursive: true });
  const secrets = options.secrets ?? new MemorySecrets();
  const heads = options.heads ?? {};
  const never = () => ({ dispose() {} });
  const given: SessionSettings = {
    policy: () => options.policy ?? {},
    access: () => ({}),
    channel: (id) => options.channels?.[id] ?? {},
    webhook: () => ({ port: 0, publicUrl: '', sourceHeader: '' }),
    sandbox: () => options.sandbox ?? 'process',
    container: () => DEFAULT_CONTAINER,
    allowedHosts: () => options.allowedHosts ?? [],
    environment: () => [],
    approvalTtlMs: () => 300_000,
    rotateAfterDays: () => 90,
    maintenance: () => ({ staleUserDays: 30, reviewDays: 30 }),
    updates: () => ({ url: '', publicKey: '' }),
    onChange: never,
  };
  return {
    version: '0.0.0-test',
    workspace,
    label: 'test',
    trusted: () => true,
    storage: options.storage ?? join(folder, 'storage'),
    hidden: [],
    bundles: options.bundles ?? BUNDLES,
    masking: new Masking(),
    secretBackends: [secrets],
    heads: {
      load: async () => heads.last,
      save: async (head) => {
        heads.last = head;
      },
    },
    settings: options.person?.session(given) ?? given,
    editor: (options.person ?? new PersonSettings()).editor,
    policyFile: options.policyFile ?? {
      read: async () => undefined,
      stamp: async () => '',
      onChange: never,
    },
    problem: options.problem ?? (() => {}),
    loadChunk:
      options.loadChunk ?? (async (id) => require(join(BUNDLES, 'channels', `${id}.cjs`)) as AdapterChunk),
    loadChecklist: async () => require(join(BUNDLES, 'checklist.cjs')) as ChecklistBundle,
    loadGuard: async () => require(join(BUNDLES, 'guard.cjs')) as GuardChunk,
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLogger,
    network: { hostProxies: false, upstream: () => undefined },
    forward: async () => undefined,
    env: { ...process.env, COWORK_STATE_DIR: join(folder, 'state') },
    home: homedir(),
  };
}

/** A whole session outside any editor: real worker, real bundles, real folders. The test plays the person at the desk. */
export class TestSession {
  private constructor(
    readonly folder: string,
    readonly session: Session,
    readonly secrets: MemorySecrets,
    readonly heads: { last?: Head },
    /** What the person was told about their settings. */
    readonly problems: readonly string[],
    private readonly changed: Emitter<void>,
  ) {}

  static async start(options: TestOptions = {}): Promise<TestSession> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'cowork-session-')));
    const secrets = options.secrets ?? new MemorySecrets();
    const heads = options.heads ?? {};
    const problems: string[] = [];
    const session = await Session.start(
      await testPorts(folder, { ...options, secrets, heads, problem: (text) => problems.push(text) }),
    );
    const changed = new Emitter<void>();
    session.engine.onChange(() => changed.fire());
    session.channels.onChange(() => changed.fire());
    return new TestSession(folder, session, secrets, heads, problems, changed);
  }

  get engine() {
    return this.session.engine;
  }

  get workspace(): string {
    return join(this.folder, 'workspace');
  }

  /** Waits until `test` gives something, looking again after each change of the engine or a channel. */
  async until<T>(test: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = test();
      if (found !== undefined && found !== false) return found;
      await new Promise<void>((done) => {
        const listening = this.changed.event(() => {
          listening.dispose();
          done();
        });
      });
    }
  }

  approval() {
    return this.until(() => this.engine.approvals.pending()[0]);
  }

  async close(): Promise<void> {
    await this.session.close();
  }

  async remove(): Promise<void> {
    await this.close().catch(() => {});
    await rm(this.folder, { recursive: true, force: true });
  }
}
