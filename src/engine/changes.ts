import type { ChangeKind } from './api';
import { Emitter, type Event } from './model/emitter';
import type { EventType } from './model/events';
import type { Disposable } from './model/ports';

/** What a view reads again after a record of this family. Every record is also an entry of the audit. */
const FAMILIES: Readonly<Record<string, readonly ChangeKind[]>> = {
  access: ['users', 'codes'],
  action: ['tasks'],
  approval: ['approvals', 'tasks'],
  channel: ['channels'],
  decision: ['tasks'],
  engine: ['status'],
  message: ['users'],
  pattern: ['posture'],
  posture: ['posture'],
  restore: ['tasks'],
  secret: ['users'],
  task: ['tasks', 'status'],
  update: ['posture'],
  upkeep: ['posture'],
};

/** Gathers what changed and tells the views once, when the present run of the event loop is over. */
export class Changes implements Disposable {
  private readonly emitter = new Emitter<ReadonlySet<ChangeKind>>();
  private gathered = new Set<ChangeKind>();
  private scheduled: NodeJS.Immediate | undefined;

  readonly onChange: Event<ReadonlySet<ChangeKind>> = this.emitter.event;

  recorded(type: EventType): void {
    const family = type.slice(0, type.indexOf('.'));
    this.add('audit', ...(FAMILIES[family] ?? []));
  }

  add(...kinds: readonly ChangeKind[]): void {
    for (const kind of kinds) this.gathered.add(kind);
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined;
      const kindsNow = this.gathered;
      this.gathered = new Set();
      this.emitter.fire(kindsNow);
    });
  }

  dispose(): void {
    if (this.scheduled) clearImmediate(this.scheduled);
    this.emitter.dispose();
  }
}
