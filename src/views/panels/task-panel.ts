import type { WebviewPanel } from 'vscode';
import * as vscode from 'vscode';
import type { TasksApi, TaskView } from '../../engine/api';
import { FINAL_TASK_STATES } from '../../engine/model/events';
import type { EngineWatch } from '../engine-watch';
import { type ChangedFile, changedFiles } from '../present/task-changes';
import { taskStateText } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { type TaskFromPage, type TaskPage, type TaskToPage, taskFromPage } from '../protocol/task';
import { pageLocale } from '../webview-page';
import { openPanel, PagePanel, type PanelHost } from './panel';
import { compare, restore, undoRestore } from './task-files';

/** Live output kept for a page that is opened late, in UTF-16 units; the journal keeps head and tail itself. */
const LIVE_OUTPUT_LIMIT = 400_000;

export function toTaskPage(task: TaskView, files: readonly ChangedFile[]): TaskPage {
  return {
    id: task.id,
    user: task.user,
    displayName: task.displayName,
    channel: task.channel,
    conversation: task.conversation,
    title: task.title,
    state: task.state,
    stateText: taskStateText(task.state),
    detail: task.detail,
    final: FINAL_TASK_STATES.includes(task.state),
    createdAt: task.createdAt,
    ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt }),
    ...(task.endedAt === undefined ? {} : { endedAt: task.endedAt }),
    ...(task.timeLimitMs === undefined ? {} : { timeLimitMs: task.timeLimitMs }),
    denials: task.denials,
    files: files.map(({ view }) => view),
    steps: task.actions.map((action) => ({ ...action })),
  };
}

class TaskPanel extends PagePanel<TaskFromPage, TaskToPage> {
  private files: readonly ChangedFile[] = [];
  private looking: Promise<void> = Promise.resolve();

  constructor(
    host: PanelHost,
    panel: WebviewPanel,
    private readonly watch: EngineWatch,
    private readonly taskId: string,
    private readonly live: () => string,
  ) {
    super(host, panel, 'task', taskFromPage);
    this.register(
      watch.onChange((kinds) => {
        if (!kinds.has('tasks') && !kinds.has('status')) return;
        this.send();
        this.look();
      }),
    );
  }

  output(text: string): void {
    this.page.post({ type: 'output', text });
  }

  protected async receive(message: TaskFromPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.send(true);
        return this.look();
      case 'openAudit':
        await vscode.commands.executeCommand('cowork.audit.openFor', `task:${this.taskId}`);
        return;
      case 'cancel':
      case 'forceStop':
        return this.answer(message.requestId, async (tasks) => {
          await tasks[message.type](this.taskId, t('Stopped by the owner in the editor'));
        });
      case 'compare':
        return this.answer(message.requestId, () => compare(this.taskId, this.file(message.file)));
      case 'restore':
        return this.answer(message.requestId, (tasks) =>
          restore(tasks, this.taskId, [this.file(message.file)]),
        );
      case 'restoreAll':
        return this.answer(message.requestId, (tasks) => {
          const changed = this.files.filter(({ view }) => view.state === 'changed');
          return restore(tasks, this.taskId, changed);
        });
      case 'undoRestore':
        return this.answer(message.requestId, (tasks) =>
          undoRestore(tasks, this.taskId, this.file(message.file)),
        );
    }
  }

  /** Does what the page asked for and tells it how that ended. */
  private async answer(requestId: number, run: (tasks: TasksApi) => Promise<unknown>): Promise<void> {
    try {
      const tasks = this.watch.engine?.tasks;
      if (tasks === undefined) throw new Error(this.watch.state().detail);
      await run(tasks);
      this.page.post({ type: 'result', requestId, ok: true, message: '' });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.page.post({ type: 'result', requestId, ok: false, message: text });
    }
    this.look();
  }

  private file(id: string): ChangedFile {
    const found = this.files.find(({ view }) => view.id === id);
    if (found === undefined) throw new Error(t('This change is not kept any more.'));
    return found;
  }

  /** Reads what was changed in files, one look after another, and tells the page when that is news. */
  private look(): void {
    this.looking = this.looking.then(async () => {
      const changes = await this.watch.engine?.tasks.changes(this.taskId).catch(() => []);
      const files = changedFiles(changes ?? []);
      if (JSON.stringify(files) === JSON.stringify(this.files)) return;
      this.files = files;
      this.send();
    });
  }

  private send(first = false): void {
    const task = this.watch.engine?.tasks.get(this.taskId);
    this.page.post({
      type: 'state',
      ...(first ? { locale: pageLocale() } : {}),
      engine: this.watch.state(),
      now: Date.now(),
      ...(task === undefined ? {} : { task: toTaskPage(task, this.files) }),
      live: this.live(),
    });
  }
}

/** One panel a task, and the output of the tasks that run, for a panel that is opened in the middle. */
export class TaskPanels {
  private readonly open = new Map<string, TaskPanel>();
  private readonly output = new Map<string, string>();

  constructor(
    private readonly host: PanelHost,
    private readonly watch: EngineWatch,
  ) {}

  show(taskId: string): void {
    const existing = this.open.get(taskId);
    if (existing !== undefined) {
      existing.reveal();
      return;
    }
    const title = this.watch.engine?.tasks.get(taskId)?.title ?? taskId;
    this.attach(taskId, openPanel('cowork.task', t('Task: {0}', flat(title).slice(0, 40))));
  }

  /** A chunk of output of a running task. */
  receive(taskId: string, text: string): void {
    this.output.set(taskId, `${this.output.get(taskId) ?? ''}${text}`.slice(-LIVE_OUTPUT_LIMIT));
    this.open.get(taskId)?.output(text);
  }

  /** Forgets the live output of steps that have ended: their records hold what is kept. */
  prune(): void {
    for (const taskId of this.output.keys()) {
      const task = this.watch.engine?.tasks.get(taskId);
      if (!task?.actions.some((action) => action.state === 'running')) this.output.delete(taskId);
    }
  }

  attach(taskId: string, panel: WebviewPanel): void {
    const page = new TaskPanel(this.host, panel, this.watch, taskId, () => this.output.get(taskId) ?? '');
    this.open.set(taskId, page);
    page.onDispose(() => this.open.delete(taskId));
  }

  dispose(): void {
    for (const panel of [...this.open.values()]) panel.dispose();
  }
}
