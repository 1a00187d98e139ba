import { Emitter } from '../engine/model/emitter';
import type { Disposable, Logger } from '../engine/model/ports';
import { parseUserPolicy, parseWorkspacePolicy } from '../engine/policy/parse';
import type { PolicyProblem } from '../engine/policy/problems';
import type { WorkspacePolicy } from '../engine/policy/schema';
import { buildSnapshot, type PolicySnapshot } from '../engine/policy/snapshot';
import type { SessionPorts } from './ports';

/** The policy in force: the person's settings and the folder's own file, read again when either changes. */
export class PolicySource implements Disposable {
  private readonly changed = new Emitter<void>();
  private readonly subscriptions: Disposable[];
  private lastGood: WorkspacePolicy | undefined;
  private built: PolicySnapshot;
  private found: readonly PolicyProblem[] = [];
  private own: readonly PolicyProblem[] = [];
  private reading = 0;
  private lastReading: Promise<void> = Promise.resolve();
  /** Of the file as it was last read. */
  private stamp = '';

  readonly onChange = this.changed.event;

  private constructor(
    private readonly ports: SessionPorts,
    private readonly log: Logger,
  ) {
    this.built = this.build(undefined);
    this.subscriptions = [
      ports.settings.onChange(() => this.readAgain()),
      ports.policyFile.onChange(() => this.readAgain()),
    ];
  }

  static async open(ports: SessionPorts): Promise<PolicySource> {
    const source = new PolicySource(ports, ports.log);
    await source.refresh();
    return source;
  }

  current(): PolicySnapshot {
    return this.built;
  }

  /**
   * The policy with the file as it is on disk now. That it changed is told late, or not at all, when something else
   * than the editor wrote it: a decision must not be made by what it said before.
   */
  async latest(): Promise<PolicySnapshot> {
    if ((await this.ports.policyFile.stamp()) !== this.stamp) this.readAgain();
    await this.lastReading;
    return this.built;
  }

  /** What is wrong with the settings or the file, with the field and the fix. */
  problems(): readonly PolicyProblem[] {
    return this.found;
  }

  /** Those of them that are in the person's own settings. */
  ownProblems(): readonly PolicyProblem[] {
    return this.own;
  }

  /** Resolves when what was set last is in force. */
  settled(): Promise<void> {
    return this.lastReading;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changed.dispose();
  }

  private readAgain(): void {
    this.lastReading = this.refresh();
  }

  private async refresh(): Promise<void> {
    this.reading++;
    const turn = this.reading;
    let text: string | undefined;
    // Before the reading: what is written meanwhile is read again then.
    const stamp = await this.ports.policyFile.stamp();
    try {
      text = await this.ports.policyFile.read();
    } catch (error) {
      // A file that is there and cannot be read may hold denials: what was in force stays in force.
      this.log.error(
        `The policy file could not be read: ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
    if (turn !== this.reading) return; // A newer reading is under way.
    this.stamp = stamp;
    this.built = this.build(text);
    this.changed.fire();
  }

  private build(text: string | undefined): PolicySnapshot {
    const { workspace: workspaceRoot, home, storage, settings } = this.ports;
    const user = parseUserPolicy(settings.policy());
    const file = text === undefined ? undefined : parseWorkspacePolicy(text, this.lastGood);
    if (file?.understood) this.lastGood = file.policy;
    this.own = user.problems;
    this.found = [...user.problems, ...(file?.problems ?? [])];
    return buildSnapshot({
      user: user.policy,
      ...(file ? { workspace: file.policy } : {}),
      workspaceRoot,
      home,
      storage: [storage],
    });
  }
}
