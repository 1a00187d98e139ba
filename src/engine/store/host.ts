import type { Draft } from '../journal';
import { systemClock } from '../model/ports';
import type { Projection } from '../model/projection';
import { type CoreOptions, StoreCore } from './core';
import { toFailure } from './failure';
import type { MaskerOf } from './maintenance';
import { type OpenOptions, type Reply, type Request, requestSchema } from './protocol';

/** Whatever a call gives back; the other side checks it. Not `unknown`, so that no call can be forgotten here. */
type Answer = object | number | undefined;

/** Parts of a core that only tests replace. */
export type CoreParts = Pick<
  CoreOptions,
  'clock' | 'fs' | 'recoverEveryMs' | 'indexWorthSaving' | 'signAfterMs'
>;

/** What a store is given by whoever composes the engine. */
export interface StoreSurroundings {
  readonly projections: readonly Projection<unknown>[];
  readonly maskerOf: MaskerOf;
}

/** Answers the calls of a store: the worker's side of the protocol. */
export class StoreHost {
  private core: StoreCore | undefined;
  private readonly running = new Map<number, AbortController>();

  constructor(
    private readonly surroundings: StoreSurroundings,
    private readonly post: (reply: Reply) => void,
    private readonly parts: CoreParts = { clock: systemClock },
  ) {}

  /** Takes one message. What is not a request is dropped: there is no one to answer to. */
  receive(message: unknown): void {
    const request = requestSchema.safeParse(message);
    if (!request.success) {
      const id =
        typeof message === 'object' && message !== null && 'id' in message ? Number(message.id) : Number.NaN;
      if (Number.isFinite(id))
        this.post({ id, failure: { name: 'RangeError', message: request.error.message } });
      return;
    }
    const { id } = request.data;
    this.answer(request.data).then(
      (value) => this.post({ id, value }),
      (error: unknown) => this.post({ id, failure: toFailure(error) }),
    );
  }

  private async answer(request: Request): Promise<Answer> {
    if (request.call === 'open') return this.open(request.options);
    if (request.call === 'cancel') {
      this.running.get(request.target)?.abort();
      return undefined;
    }
    const { core } = this;
    if (!core) throw new Error('The record is not open.');
    switch (request.call) {
      case 'append': {
        const { stored, failure } = await core.append(request.drafts as Draft[]);
        return {
          seals: stored.map((item) => item.seal),
          ...(failure ? { failure: toFailure(failure) } : {}),
        };
      }
      case 'query':
        return core.query(request.query);
      case 'aggregates':
        return this.cancellable(request.id, (signal) => core.aggregates(request.query, signal));
      case 'record':
        return core.record(request.seq);
      case 'verify':
        return this.cancellable(request.id, (signal, progress) => core.verify(progress, signal));
      case 'receipt':
        return core.maintenance.receipt(request.seq);
      case 'retain':
        return core.maintenance.retain(request.request);
      case 'backup':
        return this.cancellable(request.id, (signal, progress) =>
          core.maintenance
            .backup(request.target, request.passphrase, { signal, onProgress: (share) => progress(0, share) })
            .then(() => undefined),
        );
      case 'export':
        return this.cancellable(request.id, (signal, progress) =>
          core.maintenance.export(request.request, { signal, onProgress: (share) => progress(0, share) }),
        );
      case 'close':
        this.core = undefined;
        for (const controller of this.running.values()) controller.abort();
        await core.close();
        return undefined;
    }
  }

  private async open(options: OpenOptions): Promise<Answer> {
    if (this.core) throw new Error('The record is open already.');
    const { key, rememberedHead, segmentRecords, ...rest } = options;
    const core = new StoreCore({
      ...rest,
      ...this.parts,
      ...(key === undefined ? {} : { key }),
      ...(rememberedHead === undefined ? {} : { rememberedHead }),
      ...(segmentRecords === undefined ? {} : { segmentRecords }),
      ...this.surroundings,
      onHead: (head) => this.post({ event: 'head', head }),
      onState: (state) => this.post({ event: 'state', state }),
    });
    const report = await core.open();
    this.core = core;
    const states = Object.entries(report.states).map(([name, state]) => [name, JSON.stringify(state)]);
    return { ...report, states: Object.fromEntries(states) };
  }

  private async cancellable<T>(
    id: number,
    work: (signal: AbortSignal, progress: (checked: number, share: number) => void) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    this.running.set(id, controller);
    try {
      return await work(controller.signal, (checked, share) =>
        this.post({ event: 'progress', target: id, checked, share }),
      );
    } finally {
      this.running.delete(id);
    }
  }
}
