import type { EngineApi } from '../engine/api';
import { Emitter, type Event } from '../engine/model/emitter';
import { EngineWatch } from './engine-watch';
import { Disposables } from './lifecycle';
import type { ViewsHost } from './ports';

/** What the language support needs of the engine. */
export interface PolicySide {
  /** Undefined while there is none. */
  engine(): EngineApi | undefined;
  /** The engine came or went, another policy is in force, or a person was asked or has answered. */
  readonly onChange: Event<void>;
}

/** The engine of this window, as the language support follows it. */
export class EngineSide extends Disposables implements PolicySide {
  private readonly changed = this.register(new Emitter<void>());
  private readonly watch: EngineWatch;
  readonly onChange = this.changed.event;

  constructor(host: ViewsHost) {
    super();
    this.watch = this.register(new EngineWatch(host));
    this.watch.whileEngine((engine) => engine.policy.onChange(() => this.changed.fire()));
    this.register(
      this.watch.onChange((kinds) => {
        if (kinds.has('status') || kinds.has('approvals')) this.changed.fire();
      }),
    );
  }

  engine(): EngineApi | undefined {
    return this.watch.engine;
  }
}
