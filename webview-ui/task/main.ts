import * as z from 'zod/mini';
import { t } from '../../src/views/protocol/l10n';
import {
  type TaskFromPage,
  type TaskPage,
  type TaskStep,
  type TaskToPage,
  taskToPage,
} from '../../src/views/protocol/task';
import { Announcer, type Button, badge, busy, button, emptyState } from '../components';
import { append, byId, clear, el, untrusted } from '../dom';
import { Host, useLocale } from '../host';
import { type IconName, icon } from '../icons';
import { duration, moment } from '../time';
import '../base.css';
import './style.css';
import { TimeBudget } from './budget';
import { ChangedFiles } from './files';
import { Output } from './output';

const TICK_MS = 1000;
const keptSchema = z.object({ taskId: z.string() });

/** The page of one task: its steps, the output as it comes, and the two ways to stop it. */
class TaskScreen {
  private readonly root = byId('root');
  private readonly host = new Host<TaskToPage, TaskFromPage>(taskToPage, (message) => this.receive(message));
  private readonly announcer = new Announcer(document.body);
  private readonly header = el('header', { class: 'task-header' });
  private readonly steps = el('ol', { class: 'steps' });
  private readonly budget = new TimeBudget();
  private readonly files = new ChangedFiles({
    onCompare: (file) => this.ask({ type: 'compare', file }),
    onRestore: (file) => this.ask({ type: 'restore', file }),
    onUndoRestore: (file) => this.ask({ type: 'undoRestore', file }),
    onRestoreAll: () => this.ask({ type: 'restoreAll' }),
  });
  private readonly message = el('p', { class: 'message-line', role: 'alert' });
  private readonly live = new Output();
  private readonly outputs = new Map<string, { readonly text: string; readonly output: Output }>();
  private buttons: readonly Button[] = [];
  private task: TaskPage | undefined;
  private requests = 0;
  private clockOffset = 0;
  private time = el('span', {});

  constructor() {
    this.root.append(this.header, this.budget.element, this.message, this.files.element, this.steps);
    setInterval(() => this.tick(), TICK_MS);
    this.host.post({ type: 'ready' });
  }

  private receive(message: TaskToPage): void {
    switch (message.type) {
      case 'state':
        useLocale(message.locale);
        this.clockOffset = message.now - Date.now();
        if (message.locale !== undefined) this.live.replace(message.live);
        this.draw(message.task, message.engine.detail);
        return;
      case 'output':
        this.live.add(message.text);
        return;
      case 'result':
        for (const item of this.buttons) item.enable(true);
        this.files.enable(true);
        clear(this.message);
        if (!message.ok) this.message.append(untrusted(message.message));
    }
  }

  private draw(task: TaskPage | undefined, detail: string): void {
    const before = this.task;
    this.task = task;
    if (task === undefined) {
      clear(this.header);
      clear(this.steps);
      this.files.show([]);
      this.budget.show(0, undefined);
      this.header.append(
        emptyState(
          'info',
          t('This task is not known here'),
          [detail, t('Its records are in the audit.')],
          [this.inAudit()],
        ),
      );
      return;
    }
    this.host.keep(keptSchema.parse({ taskId: task.id }));
    if (before !== undefined && before.state !== task.state) {
      this.announcer.say(t('The task is now: {0}', task.stateText));
    }
    this.drawHeader(task);
    this.files.show(task.files);
    this.drawSteps(task);
    this.tick();
  }

  private inAudit(): Button {
    return button({ label: t('Show in Audit'), onPress: () => this.host.post({ type: 'openAudit' }) });
  }

  private drawHeader(task: TaskPage): void {
    const hadFocus = this.header.contains(document.activeElement);
    clear(this.header);
    this.time = el('span', { class: 'quiet' });
    this.header.append(
      el('h1', {}, untrusted(task.title)),
      el(
        'p',
        { class: 'state' },
        el('span', { class: `state-icon ${tone(task.state)}` }, icon(stateIcon(task.state))),
        badge(task.stateText),
        ' ',
        untrusted(task.detail),
      ),
      el(
        'p',
        { class: 'quiet' },
        t('Asked by'),
        ' ',
        untrusted(task.displayName),
        ' · ',
        untrusted(task.channel),
        ' · ',
        moment(task.createdAt),
        ' · ',
        this.time,
        task.denials > 0 && ` · ${t('{0} denied', task.denials)}`,
      ),
    );
    const audit = this.inAudit();
    const actions = el('div', { class: 'actions' });
    if (task.final) this.buttons = [];
    else {
      this.buttons = [
        button({
          label: t('Cancel Task'),
          look: 'primary',
          icon: 'stop',
          onPress: () => this.stop('cancel'),
        }),
        button({ label: t('Force Stop'), onPress: () => this.confirmForce(actions) }),
      ];
      append(
        actions,
        this.buttons.map((item) => item.element),
      );
    }
    actions.append(audit.element);
    this.header.append(actions);
    if (hadFocus) actions.querySelector<HTMLElement>('vscode-button')?.focus();
  }

  private confirmForce(actions: HTMLElement): void {
    const back = button({
      label: t('Back'),
      look: 'primary',
      onPress: () => this.task && this.drawHeader(this.task),
    });
    const go = button({ label: t('Kill every process now'), onPress: () => this.stop('forceStop') });
    clear(actions);
    this.buttons = [back, go];
    actions.append(
      el(
        'p',
        {},
        t('Every process of the task is killed at once. What it was writing may be left half done.'),
      ),
      back.element,
      go.element,
    );
    back.element.focus();
  }

  private stop(type: 'cancel' | 'forceStop'): void {
    this.requests += 1;
    for (const item of this.buttons) item.enable(false);
    this.host.post({ type, requestId: this.requests });
    this.announcer.say(t('Stopping…'));
  }

  private ask(
    what:
      | { readonly type: 'compare' | 'restore' | 'undoRestore'; readonly file: string }
      | { readonly type: 'restoreAll' },
  ): void {
    this.requests += 1;
    this.files.enable(false);
    this.host.post({ ...what, requestId: this.requests });
  }

  private drawSteps(task: TaskPage): void {
    clear(this.steps);
    if (task.steps.length === 0) {
      this.steps.append(
        el('li', { class: 'quiet' }, task.final ? t('Nothing was done.') : t('Nothing has been done yet.')),
      );
    }
    for (const step of task.steps) this.steps.append(this.step(step));
  }

  private step(step: TaskStep): HTMLElement {
    const facts = el('p', { class: 'quiet step-facts' }, untrusted(step.tool));
    if (typeof step.exitCode === 'number') facts.append(` · ${t('exit code {0}', step.exitCode)}`);
    if (step.durationMs !== undefined) facts.append(` · ${duration(step.durationMs)}`);
    facts.append(' · ', untrusted(step.sandbox));
    const running = step.state === 'running';
    const item = el(
      'li',
      { class: `step ${step.state}`, 'data-step': step.actionId },
      el(
        'div',
        { class: 'step-head' },
        el('span', { class: `state-icon ${stepTone(step.state)}` }, icon(stepIcon(step.state))),
        el('span', { class: 'sr-only' }, stepWord(step.state)),
        el('pre', { class: 'command', dir: 'ltr' }, untrusted(step.action)),
      ),
      facts,
    );
    if (running) item.append(busy(t('Running…')), this.live.element);
    else if (step.output !== undefined && step.output !== '') item.append(this.finished(step, step.output));
    return item;
  }

  /** Output of a finished step, drawn once: it does not change any more. */
  private finished(step: TaskStep, text: string): HTMLElement {
    const known = this.outputs.get(step.actionId);
    if (known !== undefined && known.text === text) return known.output.element;
    const output = new Output();
    output.replace(text);
    this.outputs.set(step.actionId, { text, output });
    return output.element;
  }

  private tick(): void {
    const { task } = this;
    if (task === undefined) return;
    const from = task.startedAt ?? task.createdAt;
    const until = task.endedAt ?? Date.now() + this.clockOffset;
    const spent = Math.max(0, until - from);
    this.time.textContent = duration(spent);
    // Only a task that runs can use up its time.
    this.budget.show(spent, task.final || task.startedAt === undefined ? undefined : task.timeLimitMs);
  }
}

function stepWord(state: TaskStep['state']): string {
  switch (state) {
    case 'running':
      return t('Running');
    case 'ok':
      return t('Done');
    case 'failed':
      return t('Failed');
    case 'interrupted':
      return t('Interrupted');
  }
}

function stepIcon(state: TaskStep['state']): IconName {
  return state === 'ok' ? 'check' : state === 'running' ? 'play' : state === 'failed' ? 'cross' : 'warning';
}

function stepTone(state: TaskStep['state']): string {
  return state === 'ok' ? 'good' : state === 'failed' ? 'bad' : state === 'interrupted' ? 'warn' : '';
}

function stateIcon(state: string): IconName {
  if (state === 'done') return 'check';
  if (state === 'failed') return 'cross';
  if (state === 'denied' || state === 'cancelled') return 'stop';
  if (state === 'interrupted') return 'warning';
  return state === 'running' ? 'play' : 'clock';
}

function tone(state: string): string {
  return state === 'done' ? 'good' : state === 'failed' ? 'bad' : state === 'interrupted' ? 'warn' : '';
}

new TaskScreen();
