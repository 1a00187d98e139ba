import type { SecretForms } from '../../../src/engine/model/ports';
import type { Projection } from '../../../src/engine/model/projection';
import type { AnyNewRecord, AnyRecord } from '../../../src/engine/model/record';
import { createInProcessStore, type Store, type StoreOptions } from '../../../src/engine/store';
import type { CoreParts } from '../../../src/engine/store/host';
import { Masking } from '../../../src/engine/vault/masking';

/** What a worker of the tests is composed of. */
export const withTally = (projection: Projection<unknown> = tally as Projection<unknown>) => ({
  projections: [projection],
  maskerOf: (secrets: readonly SecretForms[]) => Masking.of(secrets),
});

export { note, scratch } from '../journal/support';

/** Counts the records of each type, and keeps the codes of notices in order. */
export interface TallyState {
  readonly types: Record<string, number>;
  readonly codes: string[];
}

export const tally: Projection<TallyState> = {
  name: 'tally',
  version: 1,
  initial: () => ({ types: {}, codes: [] }),
  reduce(state, record: AnyRecord) {
    state.types[record.type] = (state.types[record.type] ?? 0) + 1;
    if (record.type === 'engine.notice') state.codes.push(record.data.code);
  },
};

export function localStore(
  directory: string,
  extra: Partial<StoreOptions> & { parts?: CoreParts; projections?: readonly Projection<unknown>[] } = {},
): Store {
  return createInProcessStore({
    directory,
    label: 'test workspace',
    projections: [tally],
    maskerOf: (secrets) => Masking.of(secrets),
    ...extra,
  });
}

const USERS = ['telegram:bot:1', 'telegram:bot:2', 'slack:app:U1'];

/** A made-up day of work: message, task, decision, action, reply; five records a round, `rounds` rounds. */
export function history(rounds: number): AnyNewRecord[] {
  const records: AnyNewRecord[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const user = USERS[i % USERS.length] ?? '';
    const channel = user.split(':')[0] ?? '';
    const taskId = `task-${i}`;
    const effect = i % 4 === 0 ? 'deny' : i % 4 === 1 ? 'ask' : 'allow';
    const tool = i % 2 === 0 ? 'run' : 'read';
    const action = i % 10 === 0 ? `rm -rf build-${i}` : `npm test --workspace=package-${i}`;
    records.push({
      type: 'task.created',
      actor: user,
      subject: taskId,
      data: {
        taskId,
        user,
        channel,
        account: 'bot',
        conversation: `${channel}:bot:c`,
        title: `please run number${i}`,
        messageId: `m${i}`,
      },
    });
    records.push({
      type: 'decision.made',
      actor: 'engine',
      subject: taskId,
      data: {
        taskId,
        tool,
        action,
        effect,
        layer: 'rule',
        ruleId: `rule-${i % 5}`,
        reasons: [`because of ${i % 5}`],
        policyVersion: 'v1',
      },
    });
    records.push({
      type: 'task.state',
      actor: 'engine',
      subject: taskId,
      data: { taskId, state: 'done', detail: '' },
    });
  }
  return records;
}
