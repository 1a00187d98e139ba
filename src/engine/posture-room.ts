import type { AccessService } from './access/service';
import { slot } from './access/state';
import type { StepUp } from './access/step-up';
import type { AuditApi, PostureApi } from './api';
import { EngineError } from './model/error';
import type { EventType } from './model/events';
import type { Clock, Disposable, Logger } from './model/ports';
import { ENGINE, OWNER_AT_DESK, type RecordSink } from './model/record';
import type { VaultHealth } from './model/views';
import type { PolicySnapshot } from './policy/snapshot';
import type { FamilyName } from './posture/facts';
import { sourcesOf } from './posture/gather';
import { unusual } from './posture/patterns';
import type { PostureSurroundings } from './posture/ports';
import { Posture } from './posture/posture';
import type { EngineState } from './projections';
import type { Store } from './store/types';

export interface PostureRoomDeps {
  readonly store: Store;
  readonly records: RecordSink;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly state: () => EngineState;
  readonly access: AccessService;
  readonly stepUp: StepUp;
  readonly policy: () => PolicySnapshot;
  readonly health: () => Promise<VaultHealth>;
  readonly surroundings: PostureSurroundings;
  readonly changed: () => void;
}

/** The Checklist joined to the rest of the engine. */
export interface PostureRoom {
  readonly posture: Posture;
  readonly api: PostureApi;
  readonly subscription: Disposable;
}

/** Which facts may be others after a record of a type that begins like this. */
const TOUCHED: readonly (readonly [prefix: string, families: readonly FamilyName[]])[] = [
  ['access.', ['access', 'channels']],
  ['grant.', ['grants']],
  ['channel.', ['channels']],
  ['secret.', ['credentials', 'channels', 'access']],
  ['settings.', ['policy', 'channels', 'machine']],
  ['pattern.', ['activity']],
];

export function postureRoom(deps: PostureRoomDeps): PostureRoom {
  const { store, records, access, stepUp, state, surroundings } = deps;
  const posture = new Posture({
    records,
    clock: deps.clock,
    log: deps.log,
    state: () => state().posture,
    surroundings,
    fixPorts: {
      settings: surroundings.settings,
      permissions: surroundings.permissions,
      access,
      chosenMode: (channel, context) => state().access.modes[slot(channel, context)] ?? 'pairing',
    },
    oldestCredentialAt: async () => {
      const issued = (await deps.health()).credentials.filter(({ kind }) => kind === 'issued');
      return issued.length === 0 ? undefined : Math.min(...issued.map(({ rotatedAt }) => rotatedAt));
    },
    changed: deps.changed,
    sources: sourcesOf({
      now: () => deps.clock.now(),
      access,
      accessState: () => state().access,
      grants: () => state().grants,
      policy: deps.policy,
      health: deps.health,
      hasSecondFactor: (key) => stepUp.isEnrolled(key),
      state: () => state().posture,
      surroundings,
    }),
  });
  const watch = new PatternWatch(records, state, deps.log);
  const subscription = store.onRecord((record) => {
    posture.touch(...touchedBy(record.type));
    watch.see(record);
  });
  return {
    posture,
    subscription,
    api: {
      report: () => posture.report(),
      history: () => posture.history(),
      refresh: () => posture.refresh(),
      accept: (finding, risk) => posture.accept(finding, risk),
      reopen: (finding, reason) => posture.reopen(finding, reason),
      acknowledge: (what, subject, statement) => posture.acknowledge(what, subject, statement),
      withdraw: (what, subject) => posture.withdraw(what, subject),
      isAcknowledged: (what, subject) => posture.isAcknowledged(what, subject),
      preview: (finding) => posture.preview(finding),
      fix: (finding) => posture.fix(finding),
      undo: (fixId) => posture.undo(fixId),
      gate: (channel) => posture.gate(channel),
      complete: (task, detail) => posture.complete(task, detail),
      snooze: (task, until) => posture.snooze(task, until),
      dismiss: (task, reason) => posture.dismiss(task, reason),
      profileChanges: (profile) => posture.profileChanges(profile),
      setProfile: (profile) => posture.setProfile(profile),
      checkForUpdates: () => posture.checkForUpdates(),
      removeGrant: async (grantId) => {
        if (!Object.hasOwn(state().grants.held, grantId))
          throw new EngineError('This grant has ended already.');
        const data = { grantId, reason: 'Removed by the owner in the editor.' };
        await records.append({ type: 'grant.removed', actor: OWNER_AT_DESK, subject: grantId, data });
      },
    },
  };
}

function touchedBy(type: EventType): readonly FamilyName[] {
  return TOUCHED.find(([prefix]) => type.startsWith(prefix))?.[1] ?? [];
}

/** OPS-2: puts what is unusual about the record on the record, each once. */
class PatternWatch {
  private readonly writing = new Set<string>();

  constructor(
    private readonly records: RecordSink,
    private readonly state: () => EngineState,
    private readonly log: Pick<Logger, 'warn'>,
  ) {}

  /** `record` has been reduced already. */
  see(record: Parameters<typeof unusual>[1]): void {
    for (const { pattern, subject, text, count } of unusual(this.state().patterns, record)) {
      const key = `${pattern} ${subject}`;
      if (this.writing.has(key)) continue;
      this.writing.add(key);
      const about =
        pattern === 'many-failed-pairings'
          ? { channel: subject }
          : subject.includes(':')
            ? { user: subject }
            : {};
      this.records
        .append({ type: 'pattern.noticed', actor: ENGINE, subject, data: { pattern, text, count, ...about } })
        .catch((error) => this.log.warn(`Something unusual could not be recorded: ${String(error)}`))
        .finally(() => this.writing.delete(key));
    }
  }
}

/** The audit, whose verification from end to end is one of the regular tasks. */
export function auditWithUpkeep(audit: AuditApi, posture: () => Posture): AuditApi {
  return {
    ...audit,
    async verify(progress, signal) {
      const result = await audit.verify(progress, signal);
      if (result.intact) {
        await posture()
          .complete('audit', `${result.records} records verified.`)
          .catch(() => {}); // Whoever cannot record it is told so by the state of the record.
      }
      return result;
    },
  };
}
