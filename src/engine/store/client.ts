import { randomUUID } from 'node:crypto';
import type * as z from 'zod/mini';
import { JournalFailedError } from '../journal/errors';
import type { HeadMemory, KeyProvider } from '../journal/heads';
import { type Draft, draft, type Seal, toRecord } from '../journal/line';
import type { Receipt } from '../journal/receipt';
import type { VerifyReport } from '../journal/verify';
import { Emitter } from '../model/emitter';
import type { EventType } from '../model/events';
import type { AnyRecord, JournalRecord, NewRecord } from '../model/record';
import { fromFailure } from './failure';
import { type Call, type CallName, failureSchema, replySchema, resultSchemas } from './protocol';
import type { AggregateQuery, Aggregates, AuditPage, AuditQuery } from './query';
import type { ExportRequest, ExportResult, RetainRequest } from './requests';
import type { OpenReport, Progress, RetainReport, Store, StoreState } from './types';

/** Most records in one message: what is done for them when the answer comes stays within a few milliseconds. */
const MAX_MESSAGE = 256;
/** Records whose writers are told in one turn of the event loop. */
const MAX_ACKNOWLEDGED = 32;
/** Messages with records under way; the rest waits here, so that it goes out together. */
const MAX_UNDER_WAY = 2;

/** Where messages go: a worker thread, or a host in this thread. */
export interface Transport {
  post(message: unknown): void;
  /** Called once, before anything is posted. `onEnd` is called when no answer will come any more. */
  listen(onMessage: (message: unknown) => void, onEnd: (error: Error) => void): void;
  end(): Promise<void>;
}

export interface StoreOptions {
  /** Absolute; outside the workspace. Created when missing, readable by its owner only. */
  readonly directory: string;
  /** The name of the workspace: shown to whoever finds the journal taken. */
  readonly label: string;
  /** Signs heads when it has a key. */
  readonly keys?: KeyProvider;
  readonly heads?: HeadMemory;
  /** Told of a listener that throws, or of a head that could not be remembered. */
  readonly onError?: (error: unknown) => void;
  /** Records a segment, a power of two. Smaller ones are for tests. */
  readonly segmentRecords?: number;
  /** The same for stores that come one after the other: what one left behind when it died is the next one's. */
  readonly leaseToken?: string;
}

interface Waiting {
  readonly draft: Draft;
  resolve(record: AnyRecord): void;
  reject(error: Error): void;
}

type Settled = { readonly waiting: Waiting } & ({ readonly seal: Seal } | { readonly error: Error });

interface Asked {
  readonly call: CallName;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress?: (checked: number, share: number) => void;
}

/** The caller's side of the protocol. */
export class StoreClient implements Store {
  private readonly records: Emitter<AnyRecord>;
  private readonly states: Emitter<StoreState>;
  private readonly asked = new Map<number, Asked>();
  private readonly leaseToken: string;
  private transport: Transport | undefined;
  private nextId = 1;
  private queue: Waiting[] = [];
  private underWay = 0;
  /** Answered by the worker, not yet told to whoever waits. */
  private readonly settled: Settled[] = [];
  private scheduled = false;
  private current: StoreState = { state: 'failed', reason: 'The record is not open.', code: 'ECLOSED' };

  constructor(
    private readonly options: StoreOptions,
    private readonly connect: () => Transport,
  ) {
    this.leaseToken = options.leaseToken ?? randomUUID();
    this.records = new Emitter(options.onError);
    this.states = new Emitter(options.onError);
  }

  get onRecord() {
    return this.records.event;
  }

  get onState() {
    return this.states.event;
  }

  get state(): StoreState {
    return this.current;
  }

  async open(): Promise<OpenReport> {
    if (this.transport) throw new Error('The record is open already.');
    const { directory, label, keys, heads, segmentRecords } = this.options;
    const [key, rememberedHead] = await Promise.all([keys?.load(), heads?.load()]);
    const transport = this.connect();
    this.transport = transport;
    transport.listen(
      (message) => this.receive(message),
      (error) => this.lost(error),
    );
    try {
      const { states, ...report } = await this.ask('open', {
        call: 'open',
        options: { directory, label, leaseToken: this.leaseToken, key, rememberedHead, segmentRecords },
      });
      const opened = { ...report, states: await parsed(states) };
      this.setState({ state: 'ready' });
      return opened;
    } catch (error) {
      this.transport = undefined;
      await transport.end();
      throw error;
    }
  }

  async append<T extends EventType>(record: NewRecord<T>): Promise<JournalRecord<T>> {
    const item = draft(record);
    const stored = await new Promise<AnyRecord>((resolve, reject) => {
      if (!this.transport) reject(new JournalFailedError('The record is not open.', 'ECLOSED'));
      this.queue.push({ draft: item, resolve, reject });
      this.schedule();
    });
    return stored as JournalRecord<T>;
  }

  /** Sends after the current turn's callers have all had their say, so that they share one flush. */
  private schedule(): void {
    // What the next acknowledged writers have to say goes out together with it.
    if (this.scheduled || this.settled.length > 0) return;
    this.scheduled = true;
    process.nextTick(() =>
      queueMicrotask(() =>
        process.nextTick(() => {
          this.scheduled = false;
          this.send();
        }),
      ),
    );
  }

  private send(): void {
    while (this.queue.length > 0 && this.underWay < MAX_UNDER_WAY) {
      const batch = this.queue.splice(0, MAX_MESSAGE);
      this.underWay += 1;
      this.ask('append', { call: 'append', drafts: batch.map((waiting) => waiting.draft) })
        .then(
          ({ seals, failure }) => {
            const error = failure === undefined ? undefined : fromFailure(failureSchema.parse(failure));
            this.settle(batch, seals, error ?? new Error('The record was not written.'));
          },
          (error: Error) => this.settle(batch, [], error),
        )
        .finally(() => {
          this.underWay -= 1;
          if (this.queue.length > 0) this.schedule();
        });
    }
  }

  private settle(batch: readonly Waiting[], seals: readonly Seal[], error: Error): void {
    const idle = this.settled.length === 0;
    for (const [i, waiting] of batch.entries()) {
      const seal = seals[i];
      this.settled.push(seal ? { waiting, seal } : { waiting, error });
    }
    if (idle) this.acknowledge();
  }

  /**
   * Tells of durable records in order, some in a turn of the event loop: what their writers do next runs in the same
   * turn, and hundreds of them at once would hold it up (law 9).
   */
  private acknowledge(): void {
    for (const item of this.settled.splice(0, MAX_ACKNOWLEDGED)) {
      if ('error' in item) item.waiting.reject(item.error);
      else {
        const record = toRecord(item.waiting.draft, item.seal);
        this.records.fire(record);
        item.waiting.resolve(record);
      }
    }
    if (this.settled.length > 0) setImmediate(() => this.acknowledge());
    else if (this.queue.length > 0) this.schedule();
  }

  query(query: AuditQuery): Promise<AuditPage> {
    return this.ask('query', { call: 'query', query: { limit: 50, ...query } });
  }

  aggregates(query: AggregateQuery = {}, signal?: AbortSignal): Promise<Aggregates> {
    const call = { call: 'aggregates', query: { bucket: 'hour', ...query } } as const;
    return this.askLong('aggregates', call, undefined, signal);
  }

  record(seq: number): Promise<AnyRecord | undefined> {
    return this.ask('record', { call: 'record', seq });
  }

  verify(onProgress?: (checked: number, share: number) => void, signal?: AbortSignal): Promise<VerifyReport> {
    return this.askLong('verify', { call: 'verify' }, onProgress, signal);
  }

  receipt(seq: number): Promise<Receipt | undefined> {
    return this.ask('receipt', { call: 'receipt', seq });
  }

  retain(request: RetainRequest): Promise<RetainReport> {
    return this.ask('retain', { call: 'retain', request });
  }

  backup(target: string, passphrase: string, { onProgress, signal }: Progress = {}): Promise<void> {
    return this.askLong(
      'backup',
      { call: 'backup', target, passphrase },
      (_, share) => onProgress?.(share),
      signal,
    );
  }

  export(request: ExportRequest, { onProgress, signal }: Progress = {}): Promise<ExportResult> {
    const call = { call: 'export', request: { filter: {}, secrets: [], ...request } } as const;
    return this.askLong('export', call, (_, share) => onProgress?.(share), signal);
  }

  private async askLong<N extends CallName>(
    name: N,
    call: Call,
    onProgress: ((checked: number, share: number) => void) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<z.infer<(typeof resultSchemas)[N]>> {
    signal?.throwIfAborted();
    const target = this.nextId;
    const cancel = () => void this.ask('cancel', { call: 'cancel', target }).catch(() => undefined);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await this.ask(name, call, onProgress);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  async close(): Promise<void> {
    const { transport } = this;
    if (!transport) return;
    while (this.queue.length + this.settled.length + this.underWay > 0)
      await new Promise((resolve) => setImmediate(resolve));
    await this.ask('close', { call: 'close' });
    this.transport = undefined;
    this.setState({ state: 'failed', reason: 'The record is closed.', code: 'ECLOSED' });
    await transport.end();
  }

  private ask<N extends CallName>(
    name: N,
    call: Call,
    onProgress?: (checked: number, share: number) => void,
  ): Promise<z.infer<(typeof resultSchemas)[N]>> {
    const id = this.nextId;
    this.nextId += 1;
    return new Promise<z.infer<(typeof resultSchemas)[N]>>((resolve, reject) => {
      const { transport } = this;
      if (!transport) {
        reject(new JournalFailedError('The record is not open.', 'ECLOSED'));
        return;
      }
      this.asked.set(id, {
        call: name,
        resolve: resolve as (value: unknown) => void,
        reject,
        ...(onProgress ? { onProgress } : {}),
      });
      transport.post({ id, ...call });
    });
  }

  private receive(message: unknown): void {
    const parsed = replySchema.safeParse(message);
    if (!parsed.success) {
      this.options.onError?.(parsed.error);
      return;
    }
    const reply = parsed.data;
    if (!('event' in reply)) this.answered(reply.id, reply.value, reply.failure);
    else if (reply.event === 'progress')
      this.asked.get(reply.target)?.onProgress?.(reply.checked, reply.share);
    else if (reply.event === 'state') this.setState(reply.state);
    else this.options.heads?.save(reply.head).catch((error: unknown) => this.options.onError?.(error));
  }

  private answered(id: number, value: unknown, failure: z.infer<typeof failureSchema> | undefined): void {
    const asked = this.asked.get(id);
    if (!asked) return;
    this.asked.delete(id);
    if (failure) {
      asked.reject(fromFailure(failure));
      return;
    }
    const result = resultSchemas[asked.call].safeParse(value);
    if (result.success) asked.resolve(result.data);
    else
      asked.reject(
        new Error(`The store answered "${asked.call}" with something else: ${result.error.message}`),
      );
  }

  private setState(state: StoreState): void {
    this.current = state;
    this.states.fire(state);
  }

  /** The worker ended by itself: nothing that is under way will be acknowledged. `open` starts another one. */
  private lost(error: Error): void {
    if (!this.transport) return;
    this.transport = undefined;
    const failure = new JournalFailedError(
      `The store ended unexpectedly: ${error.message}. Try again, or reload the window.`,
      'EWORKER',
      error,
    );
    this.setState({ state: 'failed', reason: failure.message, code: failure.code });
    for (const asked of this.asked.values()) asked.reject(failure);
    this.asked.clear();
    for (const waiting of this.queue.splice(0)) waiting.reject(failure);
  }
}

/** One state in a turn of the event loop: some hold thousands of entries. */
async function parsed(texts: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const states: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(texts)) {
    await new Promise((resolve) => setImmediate(resolve));
    states[name] = JSON.parse(text);
  }
  return states;
}
