import * as z from 'zod';
import { EngineError } from '../model/error';
import type { Clock, SecretStore } from '../model/ports';
import { probe, type SecretBackend, type VaultLevel } from './backend';
import type { Masking } from './masking';

const INDEX = 'cowork/index';

const indexSchema = z.record(
  z.string(),
  z.object({ createdAt: z.number(), rotatedAt: z.number(), lastUsedAt: z.number().optional() }),
);
type Index = z.infer<typeof indexSchema>;

/** Health of one secret. Times in milliseconds since the epoch. */
export interface SecretHealth {
  readonly name: string;
  readonly createdAt: number;
  readonly rotatedAt: number;
  readonly lastUsedAt?: number;
}

/** Why a better place was not used. */
export interface PassedOver {
  readonly level: VaultLevel;
  readonly why: string;
}

/**
 * The one place for credentials (law 6): the best backend that works at start. Every value that goes in or out
 * is made known to the masking service first, so that it cannot leave by another door.
 */
export class Vault implements SecretStore {
  private index: Index | undefined;
  private updating: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly backend: SecretBackend,
    private readonly masking: Masking,
    private readonly clock: Clock,
    readonly passedOver: readonly PassedOver[],
  ) {}

  get level(): VaultLevel {
    return this.backend.level;
  }

  /**
   * Tries the backends in order and takes the first that passes a round trip.
   * @throws EngineError when none works, with what each said.
   */
  static async open(backends: readonly SecretBackend[], masking: Masking, clock: Clock): Promise<Vault> {
    const passedOver: PassedOver[] = [];
    for (const backend of backends) {
      const why = await probe(backend);
      if (why === undefined) return new Vault(backend, masking, clock, passedOver);
      passedOver.push({ level: backend.level, why });
    }
    const reasons = passedOver.map(({ level, why }) => `${level}: ${why}`).join('; ');
    throw new EngineError(`Credentials cannot be stored safely on this machine (${reasons}).`);
  }

  async get(name: string): Promise<string | undefined> {
    const value = await this.backend.get(name);
    if (value === undefined) return undefined;
    this.masking.learn(name, value);
    return value;
  }

  async set(name: string, value: string): Promise<void> {
    if (name.startsWith('cowork/')) throw new RangeError(`reserved secret name: ${name}`);
    this.masking.learn(name, value);
    await this.backend.set(name, value);
    await this.updateIndex((index) => {
      const now = this.clock.now();
      index[name] = { ...(index[name] ?? { createdAt: now }), rotatedAt: now };
    });
  }

  async delete(name: string): Promise<void> {
    await this.backend.delete(name);
    // The value stays masked until the window closes: it may still be in texts on their way out.
    await this.updateIndex((index) => {
      delete index[name];
    });
  }

  async names(): Promise<readonly string[]> {
    return Object.keys(await this.readIndex());
  }

  async health(): Promise<readonly SecretHealth[]> {
    return Object.entries(await this.readIndex()).map(([name, times]) => ({ name, ...times }));
  }

  /** Makes every stored value known to the masking service; called once at start. */
  async warmMasking(): Promise<void> {
    for (const name of await this.names()) await this.get(name);
  }

  private async readIndex(): Promise<Index> {
    if (this.index) return this.index;
    const text = await this.backend.get(INDEX);
    const parsed =
      text === undefined ? { success: true as const, data: {} } : indexSchema.safeParse(safeJson(text));
    this.index = parsed.success ? parsed.data : {};
    return this.index;
  }

  private updateIndex(change: (index: Index) => void): Promise<void> {
    const next = this.updating.then(async () => {
      const index = await this.readIndex();
      change(index);
      await this.backend.set(INDEX, JSON.stringify(index));
    });
    this.updating = next.catch(() => {});
    return next;
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
