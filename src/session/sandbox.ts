import { join } from 'node:path';
import { EngineError } from '../engine/model/error';
import type { Disposable } from '../engine/model/ports';
import { foldSegments } from '../engine/policy/paths';
import { protectedMatch } from '../engine/policy/protected-paths';
import type { PolicySnapshot } from '../engine/policy/snapshot';
import type { RunResult, SandboxBackend, SandboxId } from '../engine/sandbox/backend';
import { chooseSandbox, type SandboxChoice } from '../engine/sandbox/choose';
import { notStarted } from '../engine/sandbox/not-started';
import { createSandboxes } from '../engine/sandbox/sandboxes';
import type { SessionPorts } from './ports';

/** The sandbox in use, chosen anew when the setting changes. */
export class SandboxHolder implements Disposable {
  private backend: SandboxBackend = new NoSandbox('It is still being chosen.');
  private choice: SandboxChoice | undefined;
  private choosing: Promise<void> = Promise.resolve();
  private readonly subscription: Disposable;

  private constructor(
    private readonly ports: SessionPorts,
    private readonly policy: () => PolicySnapshot,
  ) {
    this.subscription = ports.settings.onChange((changed) => {
      if (changed('sandbox')) this.choosing = this.choose();
    });
  }

  static async open(ports: SessionPorts, policy: () => PolicySnapshot): Promise<SandboxHolder> {
    const holder = new SandboxHolder(ports, policy);
    await holder.choose();
    return holder;
  }

  current(): SandboxBackend {
    return this.backend;
  }

  /** Why it was chosen, and why not another; undefined when what the person set does not work here. */
  chosen(): SandboxChoice | undefined {
    return this.choice;
  }

  /** Resolves when the one that was asked for last is in use. */
  settled(): Promise<void> {
    return this.choosing;
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private async choose(): Promise<void> {
    const wanted = this.ports.settings.sandbox();
    try {
      this.choice = await chooseSandbox(wanted, this.candidates());
      this.backend = this.choice.backend;
      this.ports.log.info(`Commands run in: ${this.backend.describe().label}. ${this.choice.why}`);
      for (const { id, why } of this.choice.rejected) this.ports.log.info(`Not in ${id}: ${why}`);
    } catch (error) {
      // Never a weaker one than was asked for: commands are refused until it works.
      const why = error instanceof EngineError ? error.message : String(error);
      this.choice = undefined;
      this.backend = new NoSandbox(why);
      this.ports.log.error(why);
    }
  }

  private candidates(): readonly SandboxBackend[] {
    const { ports, policy } = this;
    const isolation = {
      storageDir: join(ports.storage, 'sandbox'),
      hidden: [ports.storage, ...ports.hidden],
      hostEnv: ports.env,
      home: ports.home,
      isProtected: (parts: readonly string[]) => {
        const { protectedPaths, rootSegments } = policy();
        return (
          protectedMatch(protectedPaths, [...rootSegments, ...foldSegments(parts.join('/'))], 'write') !==
          undefined
        );
      },
    };
    return createSandboxes({ ...isolation, container: ports.settings.container() });
  }
}

/** Stands in for a sandbox that does not work: starts nothing and says why. */
class NoSandbox implements SandboxBackend {
  readonly id: SandboxId = 'process';

  constructor(private readonly why: string) {}

  describe() {
    return { label: `None: ${this.why}`, isolated: false, promises: [] };
  }

  async selfTest() {
    return { ok: false, why: this.why };
  }

  async run(): Promise<RunResult> {
    return notStarted(this.why);
  }
}
