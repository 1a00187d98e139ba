import { deserialize, serialize } from 'node:v8';
import * as z from 'zod';
import type { BlobStore } from '../../../../engine/model/ports';
import { ChannelError } from '../../../contract';
import { type Change, type DatabaseImage, Databases } from './databases';

/** Changes that are kept one by one before everything is written anew. */
const CHANGES_KEPT = 64;
const IMAGE = 'keys';

/** Messages that are known to have been read. */
const MARKS_KEPT = 20_000;

/** Where they are kept. A blob is durable when it is saved. */
export type KeptBlobs = Pick<BlobStore, 'load' | 'save'>;

const marks = z.array(z.tuple([z.string(), z.string()]));
const imageForm = z.object({ login: z.string(), number: z.number(), databases: z.array(z.unknown()), marks });
const changeForm = z.object({ login: z.string(), number: z.number(), changes: z.array(z.unknown()), marks });

/**
 * Keys that live in memory and are kept, sealed by the vault, in whole and in changes since: each change is one blob,
 * so what it holds is kept all or not at all. They belong to one login, and are of no use to another.
 */
export class KeyStore {
  readonly databases = new Databases();
  /** Which event brought a message first, by a hash of the message. */
  private readonly read = new Map<string, string>();
  private unsaved: [string, string][] = [];
  private number = 0;
  private imaged = 0;
  private saving: Promise<void> = Promise.resolve();

  private constructor(
    private readonly store: KeptBlobs,
    private readonly login: string,
  ) {}

  /** With what was kept for this login, which is a text that names it. */
  static async open(store: KeptBlobs, login: string): Promise<KeyStore> {
    const keys = new KeyStore(store, login);
    await keys.restore();
    return keys;
  }

  /** The event that brought this message first: this one, when there was none. It is kept by the next `save`. */
  firstBy(message: string, eventId: string): string {
    const earlier = this.read.get(message);
    if (earlier !== undefined) return earlier;
    this.read.set(message, eventId);
    this.unsaved.push([message, eventId]);
    const oldest = this.read.keys().next();
    if (this.read.size > MARKS_KEPT && !oldest.done) this.read.delete(oldest.value);
    return eventId;
  }

  /** Everything that was changed until now is durable when it resolves. @throws ChannelError when it could not be kept */
  save(): Promise<void> {
    const saved = this.saving.then(() => this.saveNow());
    this.saving = saved.catch(() => undefined);
    return saved;
  }

  /** Writes everything anew: after a first start, or when the form of the databases may have changed. */
  async saveAll(): Promise<void> {
    this.databases.lost();
    await this.save();
  }

  async close(): Promise<void> {
    await this.saving;
    await this.databases.close();
  }

  private async saveNow(): Promise<void> {
    const { databases, login } = this;
    if (!databases.isTouched && this.unsaved.length === 0) return;
    const number = this.number + 1;
    const newMarks = this.unsaved;
    this.unsaved = [];
    try {
      const full = number - this.imaged > CHANGES_KEPT;
      const changes = full ? undefined : await databases.changes();
      if (changes) {
        await this.write(changeName(number), { login, number, changes, marks: newMarks });
      } else {
        const image = { login, number, databases: await databases.image(), marks: [...this.read] };
        await this.write(IMAGE, image);
        this.imaged = number;
      }
      this.number = number;
    } catch {
      databases.lost();
      throw new ChannelError(
        'temporary',
        'The keys of Matrix could not be kept on this machine, so nothing is encrypted with them. Look after the disk and the secret store; it is tried again.',
      );
    }
  }

  private write(name: string, value: z.input<typeof imageForm> | z.input<typeof changeForm>): Promise<void> {
    return this.store.save(name, serialize(value));
  }

  private async restore(): Promise<void> {
    const image = imageForm.safeParse(opened(await this.store.load(IMAGE)));
    if (!image.success || image.data.login !== this.login) return;
    await this.databases.restore(image.data.databases as DatabaseImage[]);
    for (const [message, event] of image.data.marks) this.read.set(message, event);
    this.number = image.data.number;
    this.imaged = this.number;
    for (let step = 0; step < CHANGES_KEPT; step += 1) {
      const kept = changeForm.safeParse(opened(await this.store.load(changeName(this.number + 1))));
      if (!kept.success || kept.data.login !== this.login || kept.data.number !== this.number + 1) return;
      await this.databases.apply(kept.data.changes as Change[]);
      for (const [message, event] of kept.data.marks) this.read.set(message, event);
      this.number += 1;
    }
  }
}

/** As many names as there are changes kept, so that old ones are written over. */
function changeName(number: number): string {
  return `keys-${number % CHANGES_KEPT}`;
}

function opened(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return undefined;
  try {
    return deserialize(bytes);
  } catch {
    return undefined;
  }
}
