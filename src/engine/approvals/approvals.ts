import { Emitter } from '../model/emitter';
import { EngineError } from '../model/error';
import type { GrantScope } from '../model/events';
import type { Clock, Disposable } from '../model/ports';
import { type Actor, ENGINE, OWNER_AT_DESK, type RecordSink } from '../model/record';
import type { ApprovalView } from '../model/views';
import type { ApprovalsState } from './projection';

/** A request waits this long for an answer: FAQ "5 minutes", the same as a pairing code. Milliseconds. */
export const DEFAULT_APPROVAL_TTL_MS = 300_000;

/** How a request ended. `approved` carries what the person chose to allow from now on. */
export type ApprovalOutcome =
  | { readonly outcome: 'approved'; readonly by: Actor; readonly choice: GrantChoice }
  | { readonly outcome: 'denied'; readonly by: Actor }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'withdrawn'; readonly reason: string };

export interface GrantChoice {
  readonly scope: GrantScope;
  /** One of the patterns that the card offered; absent means exactly this action. */
  readonly pattern?: string;
}

/** A card without what the service adds itself. */
export type ApprovalDraft = Omit<ApprovalView, 'id' | 'requestedAt' | 'expiresAt'>;

interface Waiting {
  readonly view: ApprovalView;
  readonly settle: (outcome: ApprovalOutcome) => void;
  expiry: Disposable;
  /** The first answer wins: set before its record is written, so that a second answer finds it taken. */
  answered: boolean;
}

export interface ApprovalsDeps {
  readonly records: RecordSink;
  readonly clock: Clock;
  readonly state: () => ApprovalsState;
  /** Milliseconds. */
  readonly ttlMs: () => number;
}

/**
 * Questions to a person, each about exactly one action. A question is on the record before anyone sees it,
 * and its answer is on the record before anything follows from it. Nobody answering is a denial.
 */
export class Approvals {
  private readonly waiting = new Map<string, Waiting>();
  private readonly changed = new Emitter<void>();
  private readonly asked = new Emitter<ApprovalView>();
  private readonly closed = new Emitter<{ id: string; outcome: ApprovalOutcome }>();
  private handedOut = 0;

  readonly onChange = this.changed.event;
  /** A question is open: it is on the record and can be answered. */
  readonly onAsked = this.asked.event;
  /** A question has got its answer, or will never get one. */
  readonly onClosed = this.closed.event;

  constructor(private readonly deps: ApprovalsDeps) {}

  pending(): readonly ApprovalView[] {
    return [...this.waiting.values()].filter((one) => !one.answered).map((one) => one.view);
  }

  /**
   * Asks, and waits for the answer, the expiry, or `signal` (which withdraws the question). `onAsked` is called
   * with the card once it can be answered.
   */
  async request(
    draft: ApprovalDraft,
    signal: AbortSignal,
    onAsked: (view: ApprovalView) => void = () => {},
  ): Promise<ApprovalOutcome> {
    const requestedAt = this.deps.clock.now();
    const expiresAt = requestedAt + this.deps.ttlMs();
    this.handedOut = Math.max(this.handedOut, this.deps.state().requested) + 1;
    const view: ApprovalView = { ...draft, id: `a${this.handedOut}`, requestedAt, expiresAt };
    await this.deps.records.append({
      type: 'approval.requested',
      actor: draft.who.key,
      subject: view.id,
      data: {
        approvalId: view.id,
        taskId: view.taskId,
        user: view.who.key,
        tool: view.tool,
        action: view.action,
        bindingHash: view.bindingHash,
        expiresAt,
      },
    });
    return new Promise((resolve) => {
      const withdraw = () =>
        void this.resolve(view.id, { outcome: 'withdrawn', reason: abortReason(signal) }, ENGINE);
      this.waiting.set(view.id, {
        view,
        expiry: this.expiry(view),
        answered: false,
        settle: (outcome) => {
          signal.removeEventListener('abort', withdraw);
          resolve(outcome);
        },
      });
      this.changed.fire();
      this.asked.fire(view);
      onAsked(view);
      if (signal.aborted) withdraw();
      else signal.addEventListener('abort', withdraw, { once: true });
    });
  }

  /**
   * @throws EngineError when the request is gone, when its card is not the one that was seen, or when the scope
   * was not offered.
   */
  async approve(id: string, seenHash: string, choice: GrantChoice, by: Actor = OWNER_AT_DESK): Promise<void> {
    const waiting = this.find(id);
    const { view } = waiting;
    if (view.bindingHash !== seenHash) {
      throw new EngineError(
        'The action has changed since it was shown. Look at the new request and decide again.',
      );
    }
    if (this.deps.clock.now() >= view.expiresAt) {
      throw new EngineError('This request has expired. Ask for it again in the chat.');
    }
    const offered = view.scopes.some((one) => one.scope === choice.scope && one.pattern === choice.pattern);
    if (choice.scope !== 'once' && !offered) {
      throw new EngineError('That scope was not offered for this action. Choose one of those on the card.');
    }
    await this.resolve(id, { outcome: 'approved', by, choice }, by);
  }

  /** @throws EngineError when the request is gone. */
  async deny(id: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    this.find(id);
    await this.resolve(id, { outcome: 'denied', by }, by);
  }

  /** Takes back what `which` selects: a revoked user's, a cancelled task's, or all. */
  async withdraw(which: (view: ApprovalView) => boolean, reason: string): Promise<void> {
    const ids = this.pending()
      .filter(which)
      .map((view) => view.id);
    await Promise.all(ids.map((id) => this.resolve(id, { outcome: 'withdrawn', reason }, ENGINE)));
  }

  /** Closes what an earlier run of the engine left open: nobody waits for those answers any more. */
  async recover(): Promise<void> {
    for (const { approvalId } of Object.values(this.deps.state().pending)) {
      await this.deps.records.append({
        type: 'approval.resolved',
        actor: ENGINE,
        subject: approvalId,
        data: { approvalId, outcome: 'withdrawn', by: ENGINE, reason: 'the editor was closed or restarted' },
      });
    }
  }

  private find(id: string): Waiting {
    const waiting = this.waiting.get(id);
    if (!waiting || waiting.answered) {
      throw new EngineError('This request is no longer open: it was answered, withdrawn or has expired.');
    }
    return waiting;
  }

  private async resolve(id: string, outcome: ApprovalOutcome, by: Actor): Promise<void> {
    const waiting = this.waiting.get(id);
    if (!waiting || waiting.answered) return;
    waiting.answered = true;
    waiting.expiry.dispose();
    let result = outcome;
    try {
      await this.deps.records.append({
        type: 'approval.resolved',
        actor: by,
        subject: id,
        data: {
          approvalId: id,
          outcome: outcome.outcome,
          by,
          ...(outcome.outcome === 'approved' ? { scope: outcome.choice.scope } : {}),
          ...(outcome.outcome === 'withdrawn' ? { reason: outcome.reason } : {}),
        },
      });
    } catch (error) {
      // Law 3: an answer that is not on the record has not been given.
      if (outcome.outcome === 'approved' || outcome.outcome === 'denied') {
        waiting.answered = false;
        waiting.expiry = this.expiry(waiting.view);
        this.changed.fire();
        throw error;
      }
      result = { outcome: 'withdrawn', reason: 'the answer could not be recorded' };
    }
    this.waiting.delete(id);
    waiting.settle(result);
    this.closed.fire({ id, outcome: result });
    this.changed.fire();
  }

  private expiry({ id, expiresAt }: ApprovalView): Disposable {
    const { clock } = this.deps;
    return clock.after(expiresAt - clock.now(), () => void this.resolve(id, { outcome: 'expired' }, ENGINE));
  }
}

function abortReason(signal: AbortSignal): string {
  return typeof signal.reason === 'string' ? signal.reason : 'the task was cancelled';
}
