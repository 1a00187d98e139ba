import { randomUUID } from 'node:crypto';
import { EngineError } from '../model/error';
import type { EventMap, EventType } from '../model/events';
import type { Clock, Disposable, Logger } from '../model/ports';
import type {
  Acknowledgement,
  AppliedFix,
  ChecklistItem,
  Finding,
  FixPreview,
  PostureReport,
  ProfileChange,
  ProfileName,
  Reminder,
  ScorePoint,
  UpdateStatus,
  UpkeepTask,
} from '../model/posture';
import { SEVERITIES } from '../model/posture';
import { ENGINE, OWNER_AT_DESK, type RecordSink } from '../model/record';
import { Board } from './board';
import { checklists, external } from './checklists';
import { FAMILIES, type FactFamilies, type FamilyName } from './facts';
import { current, type FixPorts, isOwnFix, previewOf, put, sameValue, valuesOf } from './fixes';
import type { Sources } from './gather';
import type { ChecklistChunk, PostureSurroundings } from './ports';
import { acknowledgementKey, type PostureState } from './projection';
import { Reconciler } from './reconcile';
import { countOpen, scoreOf } from './score';
import { nextChange, reminders } from './upkeep';

/** Changes of one moment are looked at once. Milliseconds. */
const SETTLE_MS = 250;
/** Time passes, folders change unseen: everything is looked at again this often. Milliseconds. */
const EVERY_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
/** A risk is accepted for a year at most. */
const ACCEPT_MOST_MS = 366 * DAY_MS;
const TEXT_MOST = 2000;

export interface PostureDeps {
  readonly records: RecordSink;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly state: () => PostureState;
  readonly sources: Sources;
  readonly surroundings: PostureSurroundings;
  readonly fixPorts: FixPorts;
  readonly oldestCredentialAt: () => Promise<number | undefined>;
  /** Tells the views that what they read here has changed. */
  readonly changed: () => void;
}

/** The Checklist: what is found, what the owner said about it, and the regular work. */
export class Posture implements Disposable {
  private chunk: ChecklistChunk | undefined;
  private board: Board | undefined;
  private readonly reconciler: Reconciler;
  private readonly facts: { -readonly [F in FamilyName]?: FactFamilies[F] } = {};
  private readonly dirty = new Set<FamilyName>();
  private readonly subscriptions: Disposable[] = [];
  private scheduled: Disposable | undefined;
  private timer: Disposable | undefined;
  private looking: Promise<void> = Promise.resolve();
  private oldestCredentialAt: number | undefined;
  private disposed = false;

  constructor(private readonly deps: PostureDeps) {
    this.reconciler = new Reconciler(deps);
    this.subscriptions.push(deps.surroundings.onChange((families) => this.touch(...families)));
  }

  /** Looks at everything for the first time, and from then on whenever something changes. */
  start(): void {
    this.wait();
    this.touch(...FAMILIES);
  }

  dispose(): void {
    this.disposed = true;
    this.scheduled?.dispose();
    this.timer?.dispose();
    for (const one of this.subscriptions) one.dispose();
  }

  /** These facts may be others now: they are gathered soon. */
  touch(...families: readonly FamilyName[]): void {
    if (this.disposed) return;
    for (const family of families) this.dirty.add(family);
    this.scheduled ??= this.deps.clock.after(SETTLE_MS, () => {
      this.scheduled = undefined;
      void this.look();
    });
  }

  /** Gathers all facts again, and resolves when what follows from them is on the record. */
  async refresh(families: readonly FamilyName[] = FAMILIES): Promise<void> {
    for (const family of families) this.dirty.add(family);
    await this.look();
  }

  report(): PostureReport {
    const findings = this.findings();
    const open = countOpen(findings);
    const list = this.reminders();
    const { state } = this.deps;
    return {
      profile: this.facts.policy?.profile ?? 'development',
      score: scoreOf(open),
      open,
      findings,
      unknown: this.board?.unknown() ?? FAMILIES,
      reminders: list,
      checklists: checklists({ state: state(), channels: this.facts.channels, reminders: list }),
      fixes: this.applied(),
      update: state().update,
    };
  }

  history(): readonly ScorePoint[] {
    return this.deps.state().scores;
  }

  /** Days between two times of each task, for tests and views that say when something is due. */
  reminders(): readonly Reminder[] {
    return reminders({
      state: this.deps.state(),
      now: this.deps.clock.now(),
      every: this.deps.surroundings.every(),
      ...(this.oldestCredentialAt === undefined ? {} : { oldestCredentialAt: this.oldestCredentialAt }),
    });
  }

  async accept(id: string, { reason, until }: { reason: string; until: number }): Promise<void> {
    const finding = this.find(id);
    const now = this.deps.clock.now();
    const text = reason.trim();
    if (text === '') throw new EngineError('Say why the risk is accepted.');
    if (text.length > TEXT_MOST)
      throw new EngineError(`The reason is too long; ${TEXT_MOST} characters are enough.`);
    if (!(until > now) || until > now + ACCEPT_MOST_MS)
      throw new EngineError('A risk is accepted until a day within the next year.');
    const { rule, severity, evidence } = finding;
    await this.append('posture.accepted', id, {
      finding: id,
      ruleId: rule,
      severity,
      evidence,
      reason: text,
      until,
    });
    await this.look();
  }

  async reopen(id: string, reason: string): Promise<void> {
    if (!Object.hasOwn(this.deps.state().accepted, id)) throw new EngineError('This risk is not accepted.');
    await this.append('posture.reopened', id, { finding: id, reason });
    await this.look();
  }

  async acknowledge(what: Acknowledgement, subject: string, statement: string): Promise<void> {
    await this.append('posture.acknowledged', subject, { what, subject, statement });
    await this.refresh(['channels', 'policy']);
  }

  async withdraw(what: Acknowledgement, subject: string): Promise<void> {
    if (!this.isAcknowledged(what, subject)) return;
    await this.append('posture.withdrawn', subject, { what, subject });
    await this.refresh(['channels', 'policy']);
  }

  isAcknowledged(what: Acknowledgement, subject: string): boolean {
    return Object.hasOwn(this.deps.state().acknowledged, acknowledgementKey({ what, subject }));
  }

  /** Undefined when the finding has no fix that changes something by itself. */
  async preview(id: string): Promise<FixPreview | undefined> {
    const { fix } = this.find(id);
    return isOwnFix(fix) ? previewOf(fix, await valuesOf(fix, this.deps.fixPorts)) : undefined;
  }

  /** @throws EngineError when there is nothing to fix, or it could not be changed; then nothing is. */
  async fix(id: string): Promise<AppliedFix> {
    const { fix } = this.find(id);
    if (!isOwnFix(fix))
      throw new EngineError('This cannot be changed with one press. “Why” says what to do.');
    const { fixPorts } = this.deps;
    const values = await valuesOf(fix, fixPorts);
    const fixId = randomUUID();
    // Law 3: what is about to be changed, and how it was, is on the record first.
    await this.append('posture.fixed', id, {
      fixId,
      finding: id,
      kind: fix.kind,
      title: fix.title,
      place: values.place,
      ...(values.before === undefined ? {} : { before: JSON.stringify(values.before) }),
      ...(values.after === undefined ? {} : { after: JSON.stringify(values.after) }),
    });
    try {
      await put(fix.kind, values.place, values.after, fixPorts);
    } catch (error) {
      await this.append('posture.fix.undone', id, { fixId, finding: id });
      throw new EngineError(`${values.place} could not be changed: ${textOf(error)}`);
    }
    await this.refresh();
    const done = this.applied().find((one) => one.id === fixId);
    if (!done) throw new EngineError('The change was made, but is not on the record.');
    return done;
  }

  /** @throws EngineError when it was changed since, or cannot be put back. */
  async undo(fixId: string): Promise<void> {
    const fix = this.deps.state().fixes.find((one) => one.fixId === fixId);
    if (!fix) throw new EngineError('This change was undone already.');
    const { fixPorts } = this.deps;
    const { kind, place, finding } = fix;
    if (!sameValue(await current(kind, place, fixPorts), parsed(fix.after)))
      throw new EngineError(
        `${place} was changed since, so that putting the old value back would undo that too.`,
      );
    try {
      await put(kind, place, parsed(fix.before), fixPorts);
    } catch (error) {
      throw new EngineError(`${place} could not be put back: ${textOf(error)}`);
    }
    await this.append('posture.fix.undone', finding, { fixId, finding });
    await this.refresh();
  }

  /** What of `Before adding external channels` is still open for a channel; empty when it may be connected. */
  async gate(channel: string): Promise<readonly ChecklistItem[]> {
    // Asked in the first moments of a window, it waits until something is known.
    if (this.facts.channels === undefined) await this.refresh(['channels']);
    const { channels } = this.facts;
    if (channels === undefined)
      throw new EngineError('The Checklist is not ready yet. Try again in a moment.');
    if (!channels.channels.find((one) => one.channel === channel)?.external) return [];
    const input = { state: this.deps.state(), channels, reminders: [] };
    return external(input, channel).filter(({ state }) => state !== 'done');
  }

  async complete(task: UpkeepTask, detail: string): Promise<void> {
    await this.append('upkeep.done', task, { task, detail });
    await this.look();
  }

  async snooze(task: UpkeepTask, until: number): Promise<void> {
    const now = this.deps.clock.now();
    if (!(until > now) || until > now + ACCEPT_MOST_MS)
      throw new EngineError('A reminder is put off until a day within the next year.');
    await this.append('upkeep.snoozed', task, { task, until });
    await this.look();
  }

  async dismiss(task: UpkeepTask, reason: string): Promise<void> {
    await this.append('upkeep.dismissed', task, { task, reason });
    await this.look();
  }

  async profileChanges(to: ProfileName): Promise<readonly ProfileChange[]> {
    if (
      this.facts.policy === undefined ||
      this.facts.channels === undefined ||
      this.facts.machine === undefined
    )
      await this.refresh(['policy', 'channels', 'machine']);
    const { policy, channels, machine } = this.facts;
    if (this.chunk === undefined || policy === undefined)
      throw new EngineError('The Checklist is not ready yet. Try again in a moment.');
    return this.chunk.profileChanges({
      from: policy.profile,
      to,
      user: policy.user,
      channels: channels?.channels ?? [],
      isolated: machine?.sandbox.isolated,
    });
  }

  async setProfile(to: ProfileName): Promise<void> {
    await this.append('settings.changed', '', { key: 'cowork.profile', scope: 'user' });
    await this.deps.surroundings.settings.set('profile', to);
    await this.refresh();
  }

  async checkForUpdates(): Promise<UpdateStatus> {
    const status = await this.deps.surroundings.checkForUpdates();
    await this.append('update.checked', '', {
      status: status.status,
      source: status.source,
      installed: status.installed,
      detail: status.detail,
      ...(status.latest === undefined ? {} : { latest: status.latest }),
    });
    await this.refresh(['update']);
    return status;
  }

  /** The worst first; accepted ones keep their place. */
  private findings(): readonly Finding[] {
    const { accepted } = this.deps.state();
    const now = this.deps.clock.now();
    return (this.board?.findings() ?? [])
      .map((finding) => this.reconciler.withAcceptance(finding, accepted, now))
      .sort(
        (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.id < b.id ? -1 : 1),
      );
  }

  private find(id: string): Finding {
    const finding = this.findings().find((one) => one.id === id);
    if (!finding) throw new EngineError('This is no longer found. The Checklist shows what is.');
    return finding;
  }

  private applied(): readonly AppliedFix[] {
    return this.deps.state().fixes.map(({ fixId, finding, at, title, place, before, after }) => ({
      id: fixId,
      finding,
      at,
      title,
      place,
      before: before ?? '',
      after: after ?? '',
    }));
  }

  /** One at a time: what changes meanwhile is looked at afterwards. */
  private look(): Promise<void> {
    this.looking = this.looking
      .then(() => this.lookOnce())
      .catch((error) => {
        // The window closes while it looks: there is nothing left to bring up to date.
        if (this.disposed) return;
        this.deps.log.warn(`The Checklist could not be brought up to date: ${textOf(error)}`);
      });
    return this.looking;
  }

  private async lookOnce(): Promise<void> {
    if (this.disposed) return;
    await this.deps.surroundings.settled();
    const board = await this.boardOf();
    const families = [...this.dirty];
    this.dirty.clear();
    for (const family of families) await this.gather(board, family);
    this.oldestCredentialAt = await this.deps.oldestCredentialAt().catch(() => undefined);
    if (this.disposed) return;
    await this.reconciler.record(board.findings(), new Set(board.unknown()));
    this.wait();
    this.deps.changed();
  }

  private async boardOf(): Promise<Board> {
    const { load, rulesOf } = this.deps.surroundings;
    this.chunk ??= await load();
    this.board ??= new Board(this.chunk.evaluate, rulesOf);
    return this.board;
  }

  private async gather<F extends FamilyName>(board: Board, family: F): Promise<void> {
    let facts: FactFamilies[F] | undefined;
    try {
      facts = await this.deps.sources[family]();
    } catch (error) {
      // Unknown is never the same as fine: the report says which families could not be looked at.
      this.deps.log.warn(`The Checklist knows nothing of ${family} now: ${textOf(error)}`);
    }
    if (facts === undefined) delete this.facts[family];
    else this.facts[family] = facts as (typeof this.facts)[F];
    board.update(family, facts);
  }

  /** Wakes up at the next date, or to look at everything again. */
  private wait(): void {
    this.timer?.dispose();
    if (this.disposed) return;
    const now = this.deps.clock.now();
    const next = nextChange(this.reminders(), now);
    const delay = Math.min(EVERY_MS, next === undefined ? EVERY_MS : Math.max(1, next - now));
    this.timer = this.deps.clock.after(delay, () => void this.refresh());
  }

  private async append<T extends EventType>(type: T, subject: string, data: EventMap[T]): Promise<void> {
    const actor = type === 'update.checked' ? ENGINE : OWNER_AT_DESK;
    await this.deps.records.append({ type, actor, subject, data });
  }
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
