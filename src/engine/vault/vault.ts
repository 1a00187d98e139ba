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

/** `lastUsedAt` is to the hour, so that not each use writes. Milliseconds. */
const USED_EVERY_MS = 3_600_000;

/** The life of one secret. Times in milliseconds since the epoch. */
export interface SecretTimes {
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
  private readonly used = new Map<string, number>();
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
    const value = await this.read(name);
    if (value !== undefined) this.noteUse(name);
    return value;
  }

  async set(name: string, value: string): Promise<void> {
    if (name.startsWith('cowork/')) throw new RangeError(`reserved secret name: ${name}`);
    // Storing the same value again is no rotation.
    const same = (await this.read(name)) === value;
    this.masking.learn(name, value);
    await this.backend.set(name, value);
    await this.updateIndex((index) => {
      const now = this.clock.now();
      const known = index[name] ?? { createdAt: now, rotatedAt: now };
      index[name] = same ? known : { ...known, rotatedAt: now };
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

  async times(): Promise<readonly SecretTimes[]> {
    return Object.entries(await this.readIndex()).map(([name, times]) => ({ name, ...times }));
  }

  /** Looks at every stored value where it is, which counts as no use. `look` must not keep or return it. */
  async survey<T>(look: (name: string, value: string) => T): Promise<readonly T[]> {
    const found: T[] = [];
    for (const name of await this.names()) {
      const value = await this.read(name);
      if (value !== undefined) found.push(look(name, value));
    }
    return found;
  }

  /** Makes every stored value known to the masking service; called once at start. */
  async warmMasking(): Promise<void> {
    for (const name of await this.names()) await this.read(name);
  }

  /** Resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    await this.updating;
  }

  private async read(name: string): Promise<string | undefined> {
    const value = await this.backend.get(name);
    if (value !== undefined) this.masking.learn(name, value);
    return value;
  }

  /** In the background: whoever needs a secret does not wait for a note about it. */
  private noteUse(name: string): void {
    const now = this.clock.now();
    if (now - (this.used.get(name) ?? Number.NEGATIVE_INFINITY) < USED_EVERY_MS) return;
    this.used.set(name, now);
    this.updateIndex((index) => {
      const known = index[name];
      if (known) index[name] = { ...known, lastUsedAt: now };
    }).catch(() => this.used.delete(name));
  }

  /** Read each time: another window writes it too. */
  private async readIndex(): Promise<Index> {
    const text = await this.backend.get(INDEX);
    const parsed = text === undefined ? undefined : indexSchema.safeParse(safeJson(text));
    return parsed?.success ? parsed.data : {};
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
