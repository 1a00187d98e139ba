import { Emitter } from '../../src/engine/model/emitter';
import type { EditorPort, SessionSettings } from '../../src/session/ports';

type Value = Readonly<Record<string, unknown>>;

/** A person's settings as VS Code keeps them: by key without `cowork.`, changed by the person or by a fix. */
export class PersonSettings {
  private readonly values: Map<string, unknown>;
  private readonly changed = new Emitter<(key: string) => boolean>();
  private readonly editorChanged = new Emitter<void>();
  /** Settings of other extensions, and the level of the log. */
  agents: ReturnType<EditorPort['agents']> = [];
  logLevel = 'info';

  constructor(initial: Value = {}) {
    this.values = new Map(Object.entries(initial));
  }

  all(): Value {
    return Object.fromEntries(this.values);
  }

  set(key: string, value: unknown): void {
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    this.changed.fire(
      (wanted) => key === wanted || key.startsWith(`${wanted}.`) || wanted.startsWith(`${key}.`),
    );
  }

  /** What the engine reads, as the extension reads it out of VS Code. */
  session(base: SessionSettings): SessionSettings {
    const get = <T>(key: string, otherwise: T): T => (this.values.get(key) as T | undefined) ?? otherwise;
    const below = (prefix: string) =>
      Object.fromEntries(
        [...this.values].flatMap(([key, value]) =>
          key.startsWith(`${prefix}.`) ? [[key.slice(prefix.length + 1), value]] : [],
        ),
      );
    return {
      ...base,
      policy: () => ({
        profile: get('profile', undefined),
        mode: get('mode', undefined),
        trusted: get('trustedPatterns', undefined),
        budgets: get('budgets', undefined),
        limits: get('limits', undefined),
        allowedPaths: get('allowedPaths', undefined),
        protectedPaths: { exceptions: get('protectedPaths.exceptions', undefined) },
        capabilities: below('capabilities'),
      }),
      access: () => {
        const rules = get<Readonly<Record<string, Value>>>('access.rules', {});
        const codeTtlMs = get('pairing.codeSeconds', 300) * 1000;
        return {
          channels: Object.fromEntries(
            ['local', 'telegram', 'slack', 'email'].map((id) => [id, { ...rules[id], codeTtlMs }]),
          ),
        };
      },
      channel: (id) => below(`channels.${id}`),
      sandbox: () => get('sandbox.backend', 'process'),
      environment: () => get<readonly string[]>('environment.allow', []),
      approvalTtlMs: () => get('approvals.expirySeconds', 300) * 1000,
      updates: () => ({ url: get('updates.url', ''), publicKey: get('updates.publicKey', '') }),
      maintenance: () => ({
        staleUserDays: get('maintenance.staleUserDays', 30),
        reviewDays: get('maintenance.reviewDays', 30),
      }),
      onChange: (listener) => this.changed.event(listener),
    };
  }

  /** The editor, as the Checklist sees it. */
  readonly editor: EditorPort = {
    settings: { get: (key) => this.values.get(key), set: async (key, value) => this.set(key, value) },
    agents: () => this.agents,
    logLevel: () => this.logLevel,
    onChange: this.editorChanged.event,
  };
}
