import type { AdapterFactory, ChannelDescriptor } from './contract';
import { DESCRIPTORS } from './descriptors';

export { DESCRIPTORS };

/** What a channel's bundle (`dist/channels/<id>.cjs`, from `src/channels/<id>/adapter.ts`) exports. */
export interface AdapterChunk {
  readonly createAdapter: AdapterFactory;
}

/** Loads the bundle of one channel. @throws when it is missing or does not start. */
export type ChunkLoader = (id: string) => Promise<AdapterChunk>;

/** What channels there are, and the code of one when it is first needed. */
export class ChannelRegistry {
  private readonly byId: ReadonlyMap<string, ChannelDescriptor>;
  private readonly loaded = new Map<string, Promise<AdapterFactory>>();

  /**
   * `builtIn` are the channels whose code is already here (the local one): they have no bundle.
   * @throws RangeError when two descriptors share an id.
   */
  constructor(
    private readonly load: ChunkLoader,
    private readonly builtIn: ReadonlyMap<string, AdapterFactory> = new Map(),
    private readonly known: readonly ChannelDescriptor[] = DESCRIPTORS,
  ) {
    this.byId = new Map(known.map((descriptor) => [descriptor.id, descriptor]));
    if (this.byId.size !== known.length) throw new RangeError('two channels have the same id');
  }

  descriptors(): readonly ChannelDescriptor[] {
    return this.known;
  }

  find(id: string): ChannelDescriptor | undefined {
    return this.byId.get(id);
  }

  /** The ids whose bundle has been asked for so far. */
  loadedIds(): readonly string[] {
    return [...this.loaded.keys()];
  }

  /** Loads the bundle once; a failed load is tried again the next time. @throws RangeError for an unknown id. */
  loadAdapter(id: string): Promise<AdapterFactory> {
    if (!this.byId.has(id)) return Promise.reject(new RangeError(`there is no channel “${id}”`));
    const here = this.builtIn.get(id);
    if (here) return Promise.resolve(here);
    const earlier = this.loaded.get(id);
    if (earlier) return earlier;
    const loading = this.load(id).then((chunk) => chunk.createAdapter);
    this.loaded.set(id, loading);
    loading.catch(() => this.loaded.delete(id));
    return loading;
  }
}
