import { createHash } from 'node:crypto';
import type { Approvals, GrantChoice } from '../approvals/approvals';
import { isHostPattern } from '../egress/destination';
import type { Egress, SocketClient } from '../egress/egress';
import type { Decision } from '../model/decision';
import type { Clock, Masker } from '../model/ports';
import { ENGINE, type RecordSink } from '../model/record';
import type { ToolResult } from '../model/tool';
import type { ApprovalView } from '../model/views';
import { FORCE_STOP } from '../sandbox/backend';
import type { ToolContext } from '../tools/tool';
import { GRANT_PREFIX } from './grants';
import type { ActionCall, Preparation, Prepared } from './preparation';
import { stopReason, type TaskRun } from './tasks';

export type ActionOutcome =
  | { readonly kind: 'ran'; readonly result: ToolResult }
  | { readonly kind: 'refused'; readonly text: string };

/** How often an action that changes while it is being approved is asked about again before it is given up. */
const MOST_QUESTIONS = 3;

export interface ActionsDeps {
  readonly records: RecordSink;
  readonly preparation: Preparation;
  readonly approvals: Approvals;
  readonly masker: Masker;
  readonly clock: Clock;
  /** Records what the person chose to allow from now on. */
  readonly grant: (prepared: Prepared, choice: GrantChoice, approvalId: string) => Promise<void>;
  readonly toolContext: (taskId: string, signal: AbortSignal) => ToolContext;
  readonly onOutput: (taskId: string, text: string) => void;
  readonly egress: Pick<Egress, 'client'>;
}

/** The way of one action: facts, decision, question, intent on the record, run, outcome on the record. */
export class Actions {
  private readonly counts = new Map<string, number>();

  constructor(private readonly deps: ActionsDeps) {}

  /** `onWaiting` is called when a person has been asked, with a sentence for the one who waits. */
  async perform(
    call: ActionCall,
    run: TaskRun,
    onWaiting: (text: string) => Promise<void>,
  ): Promise<ActionOutcome> {
    const ready = await this.permitted(call, run, onWaiting);
    if ('refused' in ready) return { kind: 'refused', text: ready.refused };
    return { kind: 'ran', result: await this.carryOut(ready.prepared, run, ready.approvalId) };
  }

  /** Decides, asking as often as the action changes under the question. */
  private async permitted(
    call: ActionCall,
    run: TaskRun,
    onWaiting: (text: string) => Promise<void>,
  ): Promise<{ prepared: Prepared; approvalId?: string } | { refused: string }> {
    let approved: { hash: string; approvalId: string } | undefined;
    for (let question = 0; question <= MOST_QUESTIONS; question++) {
      const prepared = await this.deps.preparation.prepare(call, run.taskId, run.signal);
      if ('invalid' in prepared) return { refused: prepared.invalid };
      const decision = this.deps.preparation.decide(prepared);
      await this.recordDecision(prepared, decision);
      if (decision.effect === 'deny') return { refused: refusalText(decision) };
      // Law 7: only what is still, to the byte, what was approved may run on that approval.
      if (approved && approved.hash === prepared.bindingHash)
        return { prepared, approvalId: approved.approvalId };
      if (decision.effect === 'allow') {
        await this.recordUse(decision, run.taskId);
        return { prepared };
      }
      const answer = await this.ask(call, prepared, decision, run, onWaiting);
      if ('refused' in answer) return answer;
      approved = { hash: prepared.bindingHash, approvalId: answer.approvalId };
    }
    return { refused: 'It changed each time it was about to run, so it was given up. Ask for it again.' };
  }

  private async ask(
    call: ActionCall,
    prepared: Prepared,
    decision: Decision,
    run: TaskRun,
    onWaiting: (text: string) => Promise<void>,
  ): Promise<{ approvalId: string } | { refused: string }> {
    await run.setState('waiting-approval', decision.reasons[0] ?? '');
    const draft = await this.deps.preparation.card(prepared, decision, call.message, run.signal);
    let approvalId = '';
    const outcome = await this.deps.approvals.request(draft, run.signal, (view: ApprovalView) => {
      approvalId = view.id;
      void onWaiting(waitingText(view)).catch(() => {});
    });
    switch (outcome.outcome) {
      case 'approved':
        if (outcome.choice.scope !== 'once') await this.deps.grant(prepared, outcome.choice, approvalId);
        await run.setState('running', '');
        return { approvalId };
      case 'denied':
        return { refused: 'The owner denied it.' };
      case 'expired':
        return { refused: 'Nobody answered in time, so it did not run. Ask for it again.' };
      case 'withdrawn':
        return { refused: `It did not run: ${outcome.reason}.` };
    }
  }

  private async carryOut(
    prepared: Prepared,
    run: TaskRun,
    approvalId: string | undefined,
  ): Promise<ToolResult> {
    const { request } = prepared;
    const actionId = this.nextActionId(request.taskId);
    await this.deps.records.append({
      type: 'action.started',
      actor: request.principal.key,
      subject: request.taskId,
      data: {
        actionId,
        taskId: request.taskId,
        tool: request.tool,
        action: prepared.action,
        cwd: request.cwd,
        envNames: [...prepared.surroundings.envNames],
        sandbox: prepared.surroundings.sandbox.label,
        bindingHash: prepared.bindingHash,
        ...(approvalId === undefined ? {} : { approvalId }),
      },
    });
    const began = this.deps.clock.now();
    const result = await this.run(prepared, run);
    await this.deps.records.append({
      type: 'action.finished',
      actor: ENGINE,
      subject: request.taskId,
      data: {
        actionId,
        taskId: request.taskId,
        ok: result.ok,
        ...(result.exitCode === undefined ? {} : { exitCode: result.exitCode }),
        ...(result.signal === undefined ? {} : { signal: result.signal }),
        durationMs: Math.max(0, this.deps.clock.now() - began),
        output: onRecord(result.output),
        ...digestOf(result),
        ...(result.error === undefined ? {} : { error: result.error }),
      },
    });
    return { ...result, output: this.deps.masker.mask(result.output) };
  }

  private async run({ request, tool, toolFacts, networkHosts }: Prepared, run: TaskRun): Promise<ToolResult> {
    const lines = new LineBuffer((text) => this.deps.onOutput(request.taskId, this.deps.masker.mask(text)));
    const usual = this.deps.toolContext(request.taskId, toolSignal(run.signal));
    const network = networkHosts.length === 0 ? undefined : this.networkFor(networkHosts, usual.allowedHosts);
    const context: ToolContext = {
      ...usual,
      user: request.principal.key,
      ...(network ? { network } : {}),
      facts: toolFacts,
      onProgress: (text) => lines.add(text),
    };
    try {
      return await tool.run(request.args, context);
    } catch (error) {
      // Whatever it was, it has begun: the outcome goes on the record like any other.
      return {
        ok: false,
        output: '',
        error: error instanceof Error ? error.message : 'It stopped unexpectedly.',
      };
    } finally {
      lines.flush();
      network?.close();
    }
  }

  /** The command's own way out, for as long as it runs. What the user has listed may also be private. */
  private networkFor(hosts: readonly string[], listed: readonly string[] = []): SocketClient {
    const usable = hosts.filter(isHostPattern);
    return this.deps.egress.client('command', usable, { configured: listed, plaintext: true });
  }

  private async recordDecision({ request, action, policy }: Prepared, decision: Decision): Promise<void> {
    await this.deps.records.append({
      type: 'decision.made',
      actor: ENGINE,
      subject: request.taskId,
      data: {
        taskId: request.taskId,
        tool: request.tool,
        action,
        effect: decision.effect,
        layer: decision.layer,
        ruleId: decision.ruleId,
        reasons: [...decision.reasons],
        policyVersion: policy.version,
        ...(decision.grantedBy === undefined ? {} : { grantedBy: decision.grantedBy }),
      },
    });
  }

  private async recordUse(decision: Decision, taskId: string): Promise<void> {
    for (const id of decision.grantedBy?.split(', ') ?? []) {
      if (!id.startsWith(GRANT_PREFIX)) continue;
      await this.deps.records.append({
        type: 'grant.used',
        actor: ENGINE,
        subject: taskId,
        data: { grantId: id, taskId },
      });
    }
  }

  private nextActionId(taskId: string): string {
    const count = (this.counts.get(taskId) ?? 0) + 1;
    this.counts.set(taskId, count);
    return `${taskId}.${count}`;
  }
}

/** Characters of output that a record holds; the length and the hash are those of the whole (FAQ-7). */
const OUTPUT_ON_RECORD = 100 * 1024;

function onRecord(output: string): string {
  if (output.length <= OUTPUT_ON_RECORD) return output;
  const half = OUTPUT_ON_RECORD / 2;
  return `${output.slice(0, half)}\n… ${output.length - 2 * half} characters left out …\n${output.slice(-half)}`;
}

function digestOf(result: ToolResult): { outputLength: number; outputSha256: string } {
  if (result.whole) return { outputLength: result.whole.length, outputSha256: result.whole.sha256 };
  const bytes = Buffer.from(result.output, 'utf8');
  return { outputLength: bytes.length, outputSha256: createHash('sha256').update(bytes).digest('hex') };
}

function refusalText(decision: Decision): string {
  const reasons = decision.reasons.join(' ');
  const remedy = decision.remedies[0];
  return remedy === undefined ? `Refused: ${reasons}` : `Refused: ${reasons} ${remedy}`;
}

function waitingText(view: ApprovalView): string {
  const minutes = Math.max(1, Math.round((view.expiresAt - view.requestedAt) / 60_000));
  return `${view.taskId} waits for the owner's approval in VS Code (for ${minutes} min). Nothing runs until then.`;
}

/** The task's signal with the reason that the sandbox understands. */
function toolSignal(signal: AbortSignal): AbortSignal {
  const control = new AbortController();
  const stop = () => control.abort(stopReason(signal).force ? FORCE_STOP : 'cancelled');
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return control.signal;
}

/** Hands text on in whole lines, so that a secret that arrives in two pieces is masked as one. */
class LineBuffer {
  private rest = '';

  constructor(private readonly hand: (text: string) => void) {}

  add(text: string): void {
    const all = this.rest + text;
    const end = all.lastIndexOf('\n') + 1;
    this.rest = all.slice(end);
    if (end > 0) this.hand(all.slice(0, end));
    if (this.rest.length > LONGEST_LINE) this.flush();
  }

  flush(): void {
    if (this.rest !== '') this.hand(this.rest);
    this.rest = '';
  }
}

/** A program may never end its line; memory must not grow with it. Characters. */
const LONGEST_LINE = 64 * 1024;
