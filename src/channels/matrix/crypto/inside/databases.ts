import { randomUUID } from 'node:crypto';
import { IDBCursor, IDBDatabase, IDBObjectStore, indexedDB } from 'fake-indexeddb';

/**
 * The part of IndexedDB that is used here, of a copy in memory that is private to this channel. TypeScript's own types
 * of it come with all of the browser, which is not here. https://www.w3.org/TR/IndexedDB/
 */
interface Request<T> {
  readonly result: T;
  readonly error: Error | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface OpenRequest extends Request<Database> {
  onupgradeneeded: (() => void) | null;
}
interface Index {
  readonly name: string;
  readonly keyPath: string | string[];
  readonly unique: boolean;
  readonly multiEntry: boolean;
}
interface ObjectStore {
  readonly name: string;
  readonly keyPath: string | string[] | null;
  readonly autoIncrement: boolean;
  readonly indexNames: Iterable<string>;
  readonly transaction: { readonly db: Database };
  index(name: string): Index;
  createIndex(name: string, keyPath: string | string[], options: object): unknown;
  get(key: Key): Request<unknown>;
  getAll(): Request<unknown[]>;
  getAllKeys(): Request<Key[]>;
  put(value: unknown, key?: Key): Request<unknown>;
  delete(key: Key): Request<unknown>;
  clear(): Request<unknown>;
}
interface Transaction {
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  readonly error: Error | null;
  objectStore(name: string): ObjectStore;
}
interface Database {
  readonly name: string;
  readonly version: number;
  readonly objectStoreNames: Iterable<string>;
  transaction(stores: string | string[], mode?: 'readonly' | 'readwrite'): Transaction;
  createObjectStore(name: string, options: object): ObjectStore;
  close(): void;
}
interface Factory {
  open(name: string, version?: number): OpenRequest;
  deleteDatabase(name: string): Request<unknown>;
  databases(): Promise<readonly { readonly name?: string }[]>;
}

export type Key = string | number;

/** One object store as it is written down. */
export interface StoreImage {
  readonly name: string;
  readonly keyPath: string | string[] | null;
  readonly autoIncrement: boolean;
  readonly indexes: readonly Index[];
  readonly keys: readonly Key[];
  readonly values: readonly unknown[];
}

/** One database. `suffix` is its name without what is before it for this connection alone. */
export interface DatabaseImage {
  readonly suffix: string;
  readonly version: number;
  readonly stores: readonly StoreImage[];
}

/** What has become of single records. A value that is absent is a record that is gone. */
export interface Change {
  readonly suffix: string;
  readonly store: string;
  readonly key: Key;
  readonly value?: unknown;
}

/** Records that were touched; `all` when it cannot be said which. */
type Touched = Map<string, Set<Key> | 'all'>;

const factory: Factory = ((value: unknown) => value as Factory)(indexedDB);
interface Watcher {
  touched(database: string, store: string, key: Key | 'all'): void;
  used(connection: Database): void;
}
/** Of every set of databases that is open, by the beginning of their names. */
const watchers = new Map<string, Watcher>();
let watching = false;

/**
 * The databases of one connection, in memory. It knows which records were touched since it was last asked, so that
 * what has changed can be kept without reading everything.
 */
export class Databases {
  /** What the names of the databases begin with. */
  readonly prefix = `cowork-${randomUUID()}`;
  private touched = new Map<string, Touched>();

  private readonly connections = new Set<Database>();

  constructor() {
    watchUse();
    watchers.set(this.prefix, {
      touched: (database, store, key) => this.touch(database.slice(this.prefix.length), store, key),
      used: (connection) => this.connections.add(connection),
    });
  }

  /** Makes the databases as they were. To be called before anything opens them. */
  async restore(images: readonly DatabaseImage[]): Promise<void> {
    for (const { suffix, version, stores } of images) {
      const request = factory.open(this.prefix + suffix, version);
      request.onupgradeneeded = () => {
        for (const { name, keyPath, autoIncrement, indexes } of stores) {
          const store = request.result.createObjectStore(name, { keyPath, autoIncrement });
          for (const { name: index, keyPath: path, unique, multiEntry } of indexes)
            store.createIndex(index, path, { unique, multiEntry });
        }
      };
      const database = await answered(request);
      for (const { name, keyPath, keys, values } of stores)
        await inTransaction(database, name, (store) => {
          for (const [at, key] of keys.entries()) {
            if (keyPath === null) store.put(values[at], key);
            else store.put(values[at]);
          }
        });
      this.release(database);
    }
    this.touched = new Map();
  }

  async apply(changes: readonly Change[]): Promise<void> {
    for (const { suffix, store: name, key, value } of changes) {
      const database = await answered(factory.open(this.prefix + suffix));
      await inTransaction(database, name, (store) => {
        if (value === undefined) store.delete(key);
        else if (store.keyPath === null) store.put(value, key);
        else store.put(value);
      });
      this.release(database);
    }
    this.touched = new Map();
  }

  /** All that there is. Nothing counts as touched any more. */
  async image(): Promise<DatabaseImage[]> {
    this.touched = new Map();
    const images: DatabaseImage[] = [];
    for (const suffix of await this.suffixes()) {
      const database = await answered(factory.open(this.prefix + suffix));
      const stores: StoreImage[] = [];
      for (const name of database.objectStoreNames) {
        const store = database.transaction(name).objectStore(name);
        const indexes = [...store.indexNames].map((index) => {
          const { keyPath, unique, multiEntry } = store.index(index);
          return { name: index, keyPath, unique, multiEntry };
        });
        const { keyPath, autoIncrement } = store;
        const [keys, values] = await Promise.all([answered(store.getAllKeys()), answered(store.getAll())]);
        stores.push({ name, keyPath, autoIncrement, indexes, keys, values });
      }
      images.push({ suffix, version: database.version, stores });
      this.release(database);
    }
    return images;
  }

  /**
   * The records that were touched since this was last asked, as they are now; undefined when it cannot be said which
   * they are, and everything has to be kept.
   */
  async changes(): Promise<Change[] | undefined> {
    const { touched } = this;
    this.touched = new Map();
    const changes: Change[] = [];
    for (const [suffix, stores] of touched) {
      if ([...stores.values()].includes('all')) return undefined;
      const database = await answered(factory.open(this.prefix + suffix));
      for (const [name, keys] of stores) {
        if (keys === 'all') continue;
        const store = database.transaction(name).objectStore(name);
        const values = await Promise.all([...keys].map((key) => answered(store.get(key))));
        for (const [at, key] of [...keys].entries()) {
          const value = values[at];
          changes.push({ suffix, store: name, key, ...(value === undefined ? {} : { value }) });
        }
      }
      this.release(database);
    }
    return changes;
  }

  get isTouched(): boolean {
    return this.touched.size > 0;
  }

  /** What `changes` or `image` gave could not be kept: everything has to be, the next time. */
  lost(): void {
    this.touch('', '', 'all');
  }

  /** Forgets everything, also where something still has it open. Never rejects. */
  async close(): Promise<void> {
    watchers.delete(this.prefix);
    for (const connection of this.connections) connection.close();
    this.connections.clear();
    for (const suffix of await this.suffixes())
      await answered(factory.deleteDatabase(this.prefix + suffix)).catch(() => undefined);
  }

  private release(database: Database): void {
    database.close();
    this.connections.delete(database);
  }

  private async suffixes(): Promise<string[]> {
    const all = await factory.databases();
    return all.flatMap(({ name }) => (name?.startsWith(this.prefix) ? [name.slice(this.prefix.length)] : []));
  }

  private touch(suffix: string, store: string, key: Key | 'all'): void {
    const stores = this.touched.get(suffix) ?? new Map<string, Set<Key> | 'all'>();
    this.touched.set(suffix, stores);
    const keys = stores.get(store) ?? new Set<Key>();
    if (key === 'all' || keys === 'all') stores.set(store, 'all');
    else stores.set(store, keys.add(key));
  }
}

/** Sees to it that every use of the copy of IndexedDB in this bundle is told of. */
function watchUse(): void {
  if (watching) return;
  watching = true;
  const of = (database: string): Watcher[] =>
    [...watchers].flatMap(([prefix, watcher]) => (database.startsWith(prefix) ? [watcher] : []));
  const tell = (store: ObjectStore, key: unknown) => {
    const { name } = store.transaction.db;
    const known = typeof key === 'string' || typeof key === 'number' ? key : 'all';
    for (const watcher of of(name)) watcher.touched(name, store.name, known);
  };
  wrap(IDBDatabase.prototype, 'transaction', (self) => {
    const database = self as Database;
    for (const watcher of of(database.name)) watcher.used(database);
  });
  wrap(IDBObjectStore.prototype, 'put', (store, [, key]) => tell(store as ObjectStore, key));
  wrap(IDBObjectStore.prototype, 'add', (store, [, key]) => tell(store as ObjectStore, key));
  wrap(IDBObjectStore.prototype, 'delete', (store, [key]) => tell(store as ObjectStore, key));
  wrap(IDBObjectStore.prototype, 'clear', (store) => tell(store as ObjectStore, undefined));
  for (const name of ['update', 'delete'])
    wrap(IDBCursor.prototype, name, (self) => {
      const { source, primaryKey } = self as {
        source: ObjectStore & { objectStore?: ObjectStore };
        primaryKey: unknown;
      };
      tell(source.objectStore ?? source, primaryKey);
    });
}

function wrap(prototype: object, name: string, before: (self: unknown, args: unknown[]) => void): void {
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== 'function') throw new TypeError(`IndexedDB has no ${name}`);
  Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]): unknown {
    before(this, args);
    return Reflect.apply(original, this, args);
  });
}

function answered<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database failed'));
  });
}

function inTransaction(database: Database, store: string, run: (store: ObjectStore) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, 'readwrite');
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the database failed'));
    run(transaction.objectStore(store));
  });
}
