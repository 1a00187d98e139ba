import { createHash } from 'node:crypto';
import { type Command, helpText, parseCommand } from './agent/commands';
import { resultText, taskList } from './agent/replies';
import type { EngineStatus } from './api';
import { EngineError } from './model/error';
import { type IdentityKey, identityKey, type Principal, roleAtLeast } from './model/identity';
import type { InboundMessage, OutboundMessage } from './model/message';
import type { RecordSink } from './model/record';
import type { Actions } from './tasks/actions';
import type { TasksState } from './tasks/projection';
import type { TaskEnd, TaskRun, Tasks } from './tasks/tasks';

/** A reply to one person. It is on the record before it is sent, and kept from whoever has been revoked. */
export interface Reply extends OutboundMessage {
  readonly to: IdentityKey;
  readonly taskId?: string;
  /** Unique; chosen by who wants to hear when it has been sent. */
  readonly replyId?: string;
  /** Recorded in place of a text that holds a one-time code. */
  readonly recordAs?: string;
}

/** What access says of a message. */
export type Admission =
  | { readonly kind: 'principal'; readonly principal: Principal }
  | { readonly kind: 'reply'; readonly text: string; readonly reason: string }
  | { readonly kind: 'silence'; readonly reason: string };

/** Characters of a message that are kept in its record; its length and hash are those of the whole. */
const TEXT_ON_RECORD = 16_384;

/** Stands in the record for a message that answered an approval. */
const ANSWER_ON_RECORD = '(an answer to an approval)';

export interface ConversationDeps {
  readonly records: RecordSink;
  readonly admit: (message: InboundMessage) => Promise<Admission>;
  readonly tasks: Tasks;
  readonly tasksState: () => TasksState;
  readonly actions: Actions;
  readonly say: (reply: Reply) => Promise<void>;
  readonly status: () => EngineStatus;
  readonly pause: (reason: string) => Promise<void>;
  /** Takes a message for the answer to an approval, if it is one; gives what to reply. */
  readonly answerApproval: (principal: Principal, text: string) => Promise<string | undefined>;
}

/** Turns an admitted message into an answer or a task. */
export class Conversation {
  private handedOut = 0;

  constructor(private readonly deps: ConversationDeps) {}

  /** Resolves once the message is on the record and its answer, or its task, is under way. */
  async receive(message: InboundMessage): Promise<void> {
    const admission = await this.deps.admit(message);
    if (admission.kind === 'principal') return this.attend(message, admission.principal);
    const sender = identityKey({
      channel: message.channel,
      account: message.account,
      sender: message.sender.id,
    });
    // Who is answered at the door is on the record there; what they said is not, since it may be a code.
    if (admission.kind === 'reply') return this.answer(message, sender, admission.text);
    if (admission.reason === 'not-recorded')
      throw new EngineError('The record cannot be written at the moment.');
    await this.deps.records.append({
      type: 'message.refused',
      actor: sender,
      subject: sender,
      data: {
        channel: message.channel,
        conversation: message.conversation,
        sender,
        platformId: message.platformId,
        reason: admission.reason,
      },
    });
  }

  private async attend(message: InboundMessage, principal: Principal): Promise<void> {
    const answered = await this.deps.answerApproval(principal, message.text);
    if (answered !== undefined) {
      // Its text is a code that may be good for another minute.
      await this.record({ ...message, text: ANSWER_ON_RECORD }, principal).recorded;
      return this.answer(message, principal.key, answered);
    }
    const { messageId, recorded } = this.record(message, principal);
    const command = parseCommand(message.text);
    if (command.kind !== 'work') {
      await recorded;
      return this.answer(message, principal.key, await this.respond(command, principal));
    }
    const refusal = this.refusal();
    if (refusal !== undefined) {
      await recorded;
      return this.answer(message, principal.key, refusal);
    }
    // Message and task go into one write, so that no crash leaves a message that was taken and forgotten.
    const { title, tool, args } = command;
    const started = this.deps.tasks.start(principal, { title, messageId }, (run) =>
      this.work(message, principal, { title, tool, args }, run),
    );
    await Promise.all([recorded, started]);
  }

  private async work(
    message: InboundMessage,
    principal: Principal,
    { title, tool, args }: { title: string; tool: string; args: Record<string, unknown> },
    run: TaskRun,
  ): Promise<TaskEnd> {
    const tell = (text: string, files?: Reply['files']) =>
      this.answer(message, principal.key, text, run.taskId, files);
    const outcome = await this.deps.actions.perform(
      { principal, tool, args, message: message.text },
      run,
      (waiting) => tell(waiting),
    );
    if (run.signal.aborted) {
      await tell(
        `${run.taskId} was stopped. ${outcome.kind === 'ran' ? resultText(title, outcome.result, run.taskId) : 'Nothing ran.'}`,
      );
      return { state: 'cancelled', detail: '' };
    }
    if (outcome.kind === 'refused') {
      await tell(`${title}\n${outcome.text}`);
      return { state: 'denied', detail: outcome.text };
    }
    await tell(resultText(title, outcome.result, run.taskId), outcome.result.attachments);
    return outcome.result.ok
      ? { state: 'done', detail: '' }
      : { state: 'failed', detail: outcome.result.error ?? exitDetail(outcome.result.exitCode) };
  }

  private async respond(command: Exclude<Command, { kind: 'work' }>, principal: Principal): Promise<string> {
    switch (command.kind) {
      case 'help':
        return helpText();
      case 'whoami':
        return `You are ${principal.displayName} (${principal.key}), ${principal.role}, speaking in a ${placeName(principal)}.`;
      case 'status':
        return this.statusText();
      case 'tasks':
        return taskList(this.tasksVisibleTo(principal));
      case 'cancel':
        return this.cancel(command.taskId, principal);
      case 'stop':
        return this.stop(principal);
      case 'misused':
        return command.why;
      case 'unknown':
        return `I do not know ${command.word}. /help shows what you can ask for.`;
      case 'prose':
        return 'No language model is connected, so I only understand commands, for instance /run npm test. /help lists them.';
    }
  }

  private statusText(): string {
    const { phase, detail, pendingApprovals, activeTasks, sandbox } = this.deps.status();
    const state = phase === 'ready' ? 'Ready.' : detail;
    return `${state} Tasks running: ${activeTasks}. Waiting for approval: ${pendingApprovals}. Commands run in: ${sandbox.label}.`;
  }

  private tasksVisibleTo(principal: Principal) {
    const all = this.deps.tasks.list();
    return roleAtLeast(principal.role, 'approver') ? all : all.filter((task) => task.user === principal.key);
  }

  private async cancel(asked: string | undefined, principal: Principal): Promise<string> {
    const visible = this.tasksVisibleTo(principal);
    const task = asked
      ? visible.find((one) => one.id === asked.toLowerCase())
      : visible.find((one) => one.user === principal.key && one.endedAt === undefined);
    if (!task)
      return asked
        ? `You have no task ${asked}. /tasks lists them.`
        : 'You have no task that is still going.';
    if (task.user !== principal.key && principal.role !== 'owner')
      return 'Only an owner can stop the tasks of others.';
    try {
      await this.deps.tasks.stop(task.id, { text: `Cancelled by ${principal.displayName}.`, force: false });
      return `${task.id} is stopped.`;
    } catch (error) {
      if (error instanceof EngineError) return error.message;
      throw error;
    }
  }

  private async stop(principal: Principal): Promise<string> {
    if (principal.role !== 'owner') return 'Only an owner can stop everything. /cancel stops your own task.';
    await this.deps.pause(`stopped from ${principal.identity.channel} by ${principal.displayName}`);
    return 'Everything is stopped. Only the owner can start it again, in VS Code.';
  }

  private refusal(): string | undefined {
    const { phase, detail } = this.deps.status();
    return phase === 'ready' ? undefined : detail;
  }

  private record(
    message: InboundMessage,
    principal: Principal,
  ): { messageId: string; recorded: Promise<unknown> } {
    this.handedOut = Math.max(this.handedOut, this.deps.tasksState().messages) + 1;
    const messageId = `m${this.handedOut}`;
    const recorded = this.deps.records.append({
      type: 'message.received',
      actor: principal.key,
      subject: messageId,
      data: {
        messageId,
        channel: message.channel,
        account: message.account,
        conversation: message.conversation,
        context: message.context,
        sender: principal.key,
        platformId: message.platformId,
        text: message.text.slice(0, TEXT_ON_RECORD),
        length: message.text.length,
        sha256: createHash('sha256').update(message.text).digest('hex'),
        attachments: message.attachments.length,
        ...(message.marks?.length ? { marks: [...message.marks] } : {}),
      },
    });
    return { messageId, recorded };
  }

  private async answer(
    message: InboundMessage,
    to: IdentityKey,
    text: string,
    taskId?: string,
    files?: Reply['files'],
  ): Promise<void> {
    await this.deps.say({
      channel: message.channel,
      account: message.account,
      conversation: message.conversation,
      to,
      text,
      format: 'markdown',
      inReplyTo: message.platformId,
      ...(taskId === undefined ? {} : { taskId }),
      ...(files?.length ? { files } : {}),
    });
  }
}

function exitDetail(exitCode: number | null | undefined): string {
  return exitCode === null || exitCode === undefined ? 'It did not finish.' : `exit code ${exitCode}`;
}

function placeName(principal: Principal): string {
  return { dm: 'direct conversation', group: 'group', public: 'public room' }[principal.context];
}
