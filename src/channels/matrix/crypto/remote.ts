import { type AdapterContext, ChannelError } from '../../contract';
import type { MatrixClient } from '../client';
import type { Encryption } from '../encryption';
import type { Room } from '../rooms';
import type { MatrixEvent, SyncAnswer } from '../wire';
import { Devices } from './devices';
import { Services } from './services';
import { CryptoThread, type StartThread } from './thread';

export interface EncryptionParts {
  readonly context: AdapterContext;
  readonly client: MatrixClient;
  readonly me: { readonly id: string; readonly device: string };
  /** Each as `user device key`. */
  readonly verified: readonly string[];
  readonly signal: AbortSignal;
  readonly startThread: StartThread;
}

/**
 * End-to-end encryption in a thread of its own, so that nothing of it holds up the event loop here. All that is kept
 * between two lives of the thread is what was sealed on the disk: one that ends in the middle is followed by another,
 * as a restart of everything would be, and what was under way fails as `temporary` and is tried again.
 */
export class RemoteEncryption implements Encryption {
  private readonly devices: Devices;
  private readonly services: Services;
  private thread: Promise<CryptoThread> | undefined;
  /** Resolves when nothing is done any more for the thread before. */
  private before: Promise<void> = Promise.resolve();

  private constructor(private readonly parts: EncryptionParts) {
    const { context, client, verified } = parts;
    this.devices = new Devices(context, verified);
    this.services = new Services(context.store, client);
  }

  /** With the keys of this login; new ones when it has none yet. @throws ChannelError */
  static async open(parts: EncryptionParts): Promise<RemoteEncryption> {
    if (parts.me.device === '')
      throw new ChannelError(
        'fatal',
        'The access token belongs to no device, so there can be no encryption. Log the bot in with a password, or switch off “cowork.channels.matrix.encryption”.',
      );
    const encryption = new RemoteEncryption(parts);
    await encryption.running();
    return encryption;
  }

  async receive(answer: SyncAnswer): Promise<void> {
    const { changed = [], left = [] } = answer.device_lists ?? {};
    const thread = await this.running();
    await thread.ask({
      call: 'receive',
      events: JSON.stringify(answer.to_device?.events ?? []),
      changed,
      left,
      counts: answer.device_one_time_keys_count ?? {},
      fallbacks: answer.device_unused_fallback_key_types ?? [],
    });
  }

  async decrypt(event: MatrixEvent, room: Room): Promise<MatrixEvent | 'locked' | 'refused'> {
    const thread = await this.running();
    const opened = await thread.ask({ call: 'decrypt', event: JSON.stringify(event), ...named(room) });
    switch (opened.outcome) {
      case 'locked':
        return 'locked';
      case 'forged':
        return this.refused(
          event,
          room,
          'forged-message',
          'A message was sent in the name of somebody else.',
        );
      case 'replayed':
        return this.refused(event, room, 'replayed-message', 'A message was delivered again as a new one.');
      case 'opened':
        await this.devices.saw(event.sender, opened.device);
        return { ...event, type: opened.type, content: opened.content };
    }
  }

  async encrypt(
    room: Room,
    type: string,
    content: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const thread = await this.running();
    return thread.ask({ call: 'encrypt', type, content: JSON.stringify(content), ...named(room) });
  }

  async close(): Promise<void> {
    const thread = await this.thread?.catch(() => undefined);
    await thread?.end();
    await this.before;
  }

  private async refused(event: MatrixEvent, room: Room, code: string, text: string): Promise<'refused'> {
    const told = `${text} It was not believed.`;
    await this.parts.context.note({ code, text: told, sender: event.sender, conversation: room.id });
    return 'refused';
  }

  /** The thread, started when there is none. @throws ChannelError */
  private running(): Promise<CryptoThread> {
    if (this.parts.signal.aborted)
      return Promise.reject(new ChannelError('temporary', 'Matrix was disconnected.'));
    if (this.thread) return this.thread;
    const begun: Promise<CryptoThread> = this.begin(() => {
      if (this.thread === begun) this.thread = undefined;
    });
    this.thread = begun;
    return begun;
  }

  private async begin(gone: () => void): Promise<CryptoThread> {
    const { context, me, signal, startThread } = this.parts;
    try {
      // Nothing that the last one had saved may come to lie over what this one saves.
      await this.before;
      const thread = new CryptoThread(startThread(), {
        clock: context.clock,
        serve: (what, until) => this.services.run(what, until),
        signal,
        onDeath: (why) => {
          this.before = thread.end();
          gone();
          this.tellOfDeath(why);
        },
      });
      try {
        const { key } = await thread.ask({ call: 'open', user: me.id, device: me.device });
        context.report({ ownDevice: `${me.device} ${key}` });
        return thread;
      } catch (error) {
        await thread.end();
        throw error;
      }
    } catch (error) {
      gone();
      throw error;
    }
  }

  private tellOfDeath(why: string): void {
    const { context } = this.parts;
    const text = `The thread that encrypts and decrypts ended unexpectedly (${why}). It is started again with the keys that are kept.`;
    context.log.warn(text);
    context.note({ code: 'encryption-restarted', text }).catch(() => {
      context.log.error('The end of the thread that encrypts could not be put on record.');
    });
  }
}

function named(room: Room): { room: string; people: string } {
  return { room: room.id, people: JSON.stringify(room.people) };
}
