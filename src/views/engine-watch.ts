import type { ChangeKind, EngineApi } from '../engine/api';
import { Emitter } from '../engine/model/emitter';
import type { Disposable } from '../engine/model/ports';
import { Disposables } from './lifecycle';
import type { ViewsHost } from './ports';
import type { PageEngineState } from './protocol/common';
import { t } from './protocol/l10n';

const EVERYTHING: ReadonlySet<ChangeKind> = new Set<ChangeKind>([
  'users',
  'codes',
  'approvals',
  'tasks',
  'audit',
  'status',
  'channels',
  'posture',
]);

/**
 * The engine as the views follow it: it comes and goes (no folder, Restricted Mode, a restart after a failure),
 * and its changes arrive here as one event whichever engine is there.
 */
export class EngineWatch extends Disposables {
  private readonly changes: Emitter<ReadonlySet<ChangeKind>>;
  private following: Disposable[] = [];
  private readonly subscribers: ((engine: EngineApi) => Disposable)[] = [];
  private followed: EngineApi | undefined;

  constructor(private readonly host: ViewsHost) {
    super();
    this.changes = this.register(
      new Emitter((error) => host.log.error(error instanceof Error ? error : String(error))),
    );
    this.register({ dispose: () => this.leave() });
    this.register(host.engineState.onChange(() => this.follow()));
    this.register(host.channels.onChange(() => this.changes.fire(new Set<ChangeKind>(['channels']))));
    this.follow();
  }

  /** Fires with what has to be read again. */
  get onChange(): Emitter<ReadonlySet<ChangeKind>>['event'] {
    return this.changes.event;
  }

  get engine(): EngineApi | undefined {
    return this.host.engine();
  }

  /** One answer to "what is it doing?": the host's view while there is no engine, else the engine's own. */
  state(): PageEngineState {
    const outer = this.host.engineState.get();
    const engine = this.engine;
    if (outer.kind !== 'ready') return outer;
    if (engine === undefined) return { kind: 'starting', detail: t('The engine is starting.') };
    const { phase, detail } = engine.status();
    if (phase === 'paused' || phase === 'failed') return { kind: phase, detail };
    if (phase === 'closed') return { kind: 'failed', detail: detail || t('The engine was closed.') };
    return { kind: 'ready', detail };
  }

  /** Keeps a subscription on whichever engine is there, for as long as the watch lives. */
  whileEngine(subscribe: (engine: EngineApi) => Disposable): void {
    this.subscribers.push(subscribe);
    if (this.followed !== undefined) this.following.push(subscribe(this.followed));
  }

  private follow(): void {
    const engine = this.engine;
    if (engine !== this.followed) {
      this.leave();
      this.followed = engine;
      if (engine !== undefined) {
        this.following.push(engine.onChange((kinds) => this.changes.fire(kinds)));
        for (const subscribe of this.subscribers) this.following.push(subscribe(engine));
      }
    }
    this.changes.fire(EVERYTHING);
  }

  private leave(): void {
    for (const item of this.following.splice(0)) item.dispose();
  }
}
