import * as z from 'zod';
import type { BlobStore } from '../../engine/model/ports';
import { jsonFrom } from '../json';
import { remember } from '../recent';
import { type Activity, roomOf } from './inbound';

const NAME = 'places';
/** Rooms whose service is remembered, and messages whose thread is. */
const ROOMS_CAP = 5_000;
const THREADS_CAP = 2_000;

const kept = z.record(z.string(), z.string());

/** Where answers go: Teams says with each call which of its services has the conversation. Survives restarts. */
export class Places {
  private services = new Map<string, string>();
  /** By message: the thread of a channel that it is in. */
  private readonly threads = new Map<string, string>();

  constructor(private readonly store: BlobStore) {}

  async open(): Promise<void> {
    const bytes = await this.store.load(NAME);
    const parsed = kept.safeParse(bytes ? jsonFrom(bytes) : {});
    this.services = new Map(Object.entries(parsed.success ? parsed.data : {}));
  }

  /** Durable when it resolves. */
  async remember(activity: Activity): Promise<void> {
    const { room, thread } = roomOf(activity.conversation.id);
    if (activity.id !== undefined && activity.conversation.conversationType === 'channel')
      remember(this.threads, activity.id, thread ?? activity.id, THREADS_CAP);
    if (this.services.get(room) === activity.serviceUrl) return;
    remember(this.services, room, activity.serviceUrl, ROOMS_CAP);
    await this.store.save(NAME, Buffer.from(JSON.stringify(Object.fromEntries(this.services))));
  }

  serviceOf(room: string): string | undefined {
    return this.services.get(room);
  }

  threadOf(messageId: string): string | undefined {
    return this.threads.get(messageId);
  }
}
