/** Something that holds a resource until it is disposed. The same shape as VS Code's. */
export interface Disposable {
  dispose(): void;
}

/** Time, as the engine sees it, so that tests can turn the clock by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once after `delayMs` (≥ 0). Disposing before that cancels it. */
  after(delayMs: number, run: () => void): Disposable;
}

/** The machine's own clock. Timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref?.();
    return { dispose: () => clearTimeout(timer) };
  },
};

/** Where credentials live. Names are `<channel or provider>/<field>`, for instance `telegram/botToken`. */
export interface SecretStore {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
}

/** Replaces every known secret, in any of its encodings, before text leaves the engine. */
export interface Masker {
  mask(text: string): string;
}

/** A secret in all the forms in which it could slip out. */
export interface SecretForms {
  readonly name: string;
  readonly forms: readonly string[];
}

/** The one masking service. `known` is for a thread that masks at size; it must not keep what it gets. */
export interface MaskingService extends Masker {
  /** Masks this value from now on; what had the name before stays masked too. */
  learn(name: string, value: string): void;
  known(): readonly SecretForms[];
}

/** A line for a person who looks for a fault. Never carries a secret; the host decides where it goes. */
export interface Logger {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Small things of one owner that outlive a restart, sealed at rest. Names are lower-case words with dashes. */
export interface BlobStore {
  /** Undefined when there is none, or when what is there cannot be opened any more. */
  load(name: string): Promise<Uint8Array | undefined>;
  /** Replaces what was there; durable when it resolves. */
  save(name: string, bytes: Uint8Array): Promise<void>;
  /** Deletes everything. */
  clear(): Promise<void>;
}
