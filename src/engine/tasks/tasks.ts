import { Emitter } from '../model/emitter';
import { EngineError } from '../model/error';
import type { TaskState } from '../model/events';
import type { ConversationRef, IdentityKey, Principal } from '../model/identity';
import type { Disposable } from '../model/ports';
import { type Actor, ENGINE, type RecordSink } from '../model/record';
import type { TaskView } from '../model/views';
import { isFinal, type TaskEntry, type TasksState } from './projection';

/** How a piece of work ended; becomes the task's last state. */
export interface TaskEnd {
  readonly state: Extract<TaskState, 'done' | 'failed' | 'cancelled' | 'denied'>;
  readonly detail: string;
}

/** What the work of a task is given. */
export interface TaskRun {
  readonly taskId: string;
  readonly signal: AbortSignal;
  /** Records that the task waits for a person, or goes on. */
  setState(state: 'running' | 'waiting-approval', detail: string): Promise<void>;
}

/** Why a task's signal was raised. `force` asks the sandbox to kill at once, without a grace time. */
export interface StopReason {
  readonly text: string;
  readonly force: boolean;
}

interface Live {
  readonly user: IdentityKey;
  readonly control: AbortController;
  readonly ended: Promise<void>;
}

export interface TasksDeps {
  readonly records: RecordSink;
  readonly state: () => TasksState;
  readonly displayName: (user: IdentityKey) => string;
  /** Milliseconds. */
  readonly timeLimitMs?: () => number;
  /** Shows the person who asked that it is worked on, until what is returned is disposed of. */
  readonly working?: (work: ConversationRef & { to: IdentityKey; taskId: string }) => Disposable;
  /** Tasks that run at the same time; the rest is queued in order. */
  readonly concurrency: () => number;
}

/** Starts, queues and stops work. What a task is and how it went is the projection's; this is what is alive. */
export class Tasks {
  private readonly live = new Map<string, Live>();
  private readonly queue: (() => void)[] = [];
  private readonly output = new Emitter<{ taskId: string; text: string }>();
  private running = 0;
  private handedOut = 0;

  readonly onOutput = this.output.event;

  constructor(private readonly deps: TasksDeps) {}

  /**
   * Records a new task and queues `work`. The returned promise of the work's end never rejects: an error is a
   * failed task.
   */
  async start(
    principal: Principal,
    about: { readonly title: string; readonly messageId: string },
    work: (run: TaskRun) => Promise<TaskEnd>,
  ): Promise<{ taskId: string; ended: Promise<void> }> {
    this.handedOut = Math.max(this.handedOut, this.deps.state().created) + 1;
    const taskId = `t${this.handedOut}`;
    await this.deps.records.append({
      type: 'task.created',
      actor: principal.key,
      subject: taskId,
      data: {
        taskId,
        user: principal.key,
        channel: principal.conversation.channel,
        account: principal.conversation.account,
        conversation: principal.conversation.conversation,
        title: about.title,
        messageId: about.messageId,
      },
    });
    const control = new AbortController();
    const { conversation, key } = principal;
    const sign = new WorkSign(() => this.deps.working?.({ ...conversation, to: key, taskId }));
    const ended = this.inTurn(control.signal, () => this.carryOut(taskId, control, work, sign)).finally(
      () => {
        sign.hide();
        this.live.delete(taskId);
      },
    );
    this.live.set(taskId, { user: principal.key, control, ended });
    return { taskId, ended };
  }

  /** A piece of a running task's output, already masked. */
  reportOutput(taskId: string, text: string): void {
    this.output.fire({ taskId, text });
  }

  list(): readonly TaskView[] {
    return Object.values(this.deps.state().tasks)
      .map((task) => this.view(task))
      .reverse();
  }

  get(taskId: string): TaskView | undefined {
    const task = this.deps.state().tasks[taskId];
    return task && this.view(task);
  }

  active(): number {
    return this.live.size;
  }

  /** @throws EngineError when there is no such task or it has ended. */
  async stop(taskId: string, reason: StopReason): Promise<void> {
    const live = this.live.get(taskId);
    if (!live) {
      const known = this.deps.state().tasks[taskId];
      throw new EngineError(
        known
          ? `Task ${taskId} has already ended (${known.state}).`
          : `There is no task ${taskId}. See the list of tasks.`,
      );
    }
    live.control.abort(reason);
    await live.ended;
  }

  /** Stops what `which` selects and waits until it has ended. */
  async stopAll(which: (user: IdentityKey) => boolean, reason: StopReason): Promise<void> {
    const chosen = [...this.live.values()].filter((one) => which(one.user));
    for (const one of chosen) one.control.abort(reason);
    await Promise.all(chosen.map((one) => one.ended));
  }

  /**
   * After a restart: what had begun and has no outcome may have run, and is not run again; what had not ended is
   * interrupted. Returns those tasks, so that their people can be told.
   */
  async recover(): Promise<readonly TaskEntry[]> {
    const interrupted = Object.values(this.deps.state().tasks).filter((task) => !isFinal(task.state));
    for (const task of interrupted) {
      for (const { actionId, state } of task.actions) {
        if (state !== 'running') continue;
        await this.deps.records.append({
          type: 'action.interrupted',
          actor: ENGINE,
          subject: task.id,
          data: { actionId, taskId: task.id },
        });
      }
      await this.record(task.id, 'interrupted', interruption(task), ENGINE);
    }
    return interrupted;
  }

  private async carryOut(
    taskId: string,
    control: AbortController,
    work: (run: TaskRun) => Promise<TaskEnd>,
    sign: WorkSign,
  ): Promise<void> {
    let end: TaskEnd;
    try {
      if (control.signal.aborted) throw control.signal.reason;
      await this.record(taskId, 'running', '', ENGINE);
      sign.show();
      end = await work({
        taskId,
        signal: control.signal,
        setState: (state, detail) => {
          // While it waits for a person nothing is done, and nothing of the kind is shown.
          if (state === 'running') sign.show();
          else sign.hide();
          return this.record(taskId, state, detail, ENGINE);
        },
      });
    } catch (error) {
      end = {
        state: 'failed',
        detail: error instanceof Error ? error.message : 'The work stopped unexpectedly.',
      };
    }
    if (control.signal.aborted) end = { state: 'cancelled', detail: stopReason(control.signal).text };
    // When even this cannot be recorded, the start-up after the fault shows the task as interrupted.
    await this.record(taskId, end.state, end.detail, ENGINE).catch(() => {});
  }

  private async record(taskId: string, state: TaskState, detail: string, actor: Actor): Promise<void> {
    await this.deps.records.append({
      type: 'task.state',
      actor,
      subject: taskId,
      data: { taskId, state, detail },
    });
  }

  /** Runs `work` when one of the places is free; an abort while waiting runs it at once, so that it can end. */
  private async inTurn(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    if (this.running >= this.deps.concurrency()) await this.place(signal);
    this.running++;
    try {
      await work();
    } finally {
      this.running--;
      this.queue.shift()?.();
    }
  }

  private place(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.queue.push(resolve);
      const leave = () => {
        const at = this.queue.indexOf(resolve);
        if (at >= 0) this.queue.splice(at, 1);
        resolve();
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }

  private view(task: TaskEntry): TaskView {
    const timeLimitMs = this.deps.timeLimitMs?.();
    return {
      ...task,
      displayName: this.deps.displayName(task.user),
      ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
      actions: [...task.actions],
    };
  }
}

/** Shown while a task is worked on, and not while it waits. */
class WorkSign {
  private shown: Disposable | undefined;

  constructor(private readonly begin: () => Disposable | undefined) {}

  show(): void {
    this.shown ??= this.begin();
  }

  hide(): void {
    this.shown?.dispose();
    this.shown = undefined;
  }
}

/** The reason with which a task's signal was raised. */
export function stopReason(signal: AbortSignal): StopReason {
  const reason: unknown = signal.reason;
  return typeof reason === 'object' && reason !== null && 'text' in reason && 'force' in reason
    ? (reason as StopReason)
    : { text: 'It was cancelled.', force: false };
}

function interruption(task: TaskEntry): string {
  const unfinished = task.actions.some(
    (action) => action.state === 'running' || action.state === 'interrupted',
  );
  if (unfinished)
    return 'The editor stopped while it ran. It may have done part of its work; it is not run again.';
  if (task.actions.length > 0)
    return 'The editor stopped after it ran and before the answer was sent. See its output in the audit.';
  return 'The editor stopped before it ran. Nothing was done.';
}
