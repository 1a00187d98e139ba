import { accessProjection } from './access/projection';
import type { AccessState } from './access/state';
import { type StepUpState, stepUpProjection } from './access/step-up';
import { type ApprovalsState, approvalsProjection } from './approvals/projection';
import { type EgressState, egressProjection } from './egress/projection';
import { type MessagesState, messagesProjection } from './messages/projection';
import type { Projection } from './model/projection';
import type { AnyRecord } from './model/record';
import { type GrantsState, grantsProjection } from './policy/grants';
import { type PatternsState, patternsProjection } from './posture/patterns';
import { type PostureState, postureProjection } from './posture/projection';
import { type TasksState, tasksProjection } from './tasks/projection';

/** All state of the engine, by the name of its projection. */
export interface EngineState {
  readonly access: AccessState;
  readonly approvals: ApprovalsState;
  readonly egress: EgressState;
  readonly grants: GrantsState;
  readonly messages: MessagesState;
  readonly patterns: PatternsState;
  readonly posture: PostureState;
  readonly stepUp: StepUpState;
  readonly tasks: TasksState;
}

/** Every projection. The store worker reduces the journal with them, the engine each new record. */
export const PROJECTIONS: readonly Projection<unknown>[] = [
  accessProjection as Projection<unknown>,
  approvalsProjection as Projection<unknown>,
  egressProjection as Projection<unknown>,
  grantsProjection as Projection<unknown>,
  messagesProjection as Projection<unknown>,
  patternsProjection as Projection<unknown>,
  postureProjection as Projection<unknown>,
  stepUpProjection as Projection<unknown>,
  tasksProjection as Projection<unknown>,
];

type States = Readonly<Record<string, unknown>>;

/** What each state holds need not be looked at: the worker has it from the same projections. */
function assertComplete(states: States): asserts states is States & EngineState {
  for (const { name } of PROJECTIONS) {
    if (states[name] === undefined) throw new RangeError(`the store has no state of ${name}`);
  }
}

/** The state as the store worker handed it over, kept up with each record that becomes durable. */
export class LiveState {
  readonly now: EngineState;

  /** @throws RangeError when a projection's state is missing: the worker was built from other projections. */
  constructor(states: States) {
    assertComplete(states);
    this.now = states;
  }

  reduce(record: AnyRecord): void {
    for (const projection of PROJECTIONS) {
      projection.reduce(this.now[projection.name as keyof EngineState], record);
    }
  }
}
