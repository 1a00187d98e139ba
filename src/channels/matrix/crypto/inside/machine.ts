import { createHash } from 'node:crypto';
import * as z from 'zod';
import { ChannelError } from '../../../contract';
import type { Call, Result, SendingDevice } from '../protocol';
import { type KeptBlobs, KeyStore } from './key-store';
import {
  type DecryptedRoomEvent,
  DecryptionSettings,
  DeviceId,
  DeviceLists,
  EncryptionSettings,
  HistoryVisibility,
  initAsync,
  type KeysClaimRequest,
  OlmMachine,
  type OutgoingRequest,
  RequestType,
  RoomId,
  ShieldColor,
  ShieldStateCode,
  StoreHandle,
  type ToDeviceRequest,
  TrustRequirement,
  UserId,
} from './wasm';

/** Rounds of requests that follow from the answers to others: keys, then whom they are of, then sessions. */
const ROUNDS = 5;

/** The sender of the event is not the owner of the key, or is not who they were when they were verified. */
const FORGED: ReadonlySet<ShieldStateCode> = new Set([
  ShieldStateCode.MismatchedSender,
  ShieldStateCode.VerificationViolation,
]);

const outer = z.looseObject({
  event_id: z.string(),
  sender: z.string(),
  content: z.record(z.string(), z.unknown()),
});
const inner = z.looseObject({ type: z.string(), content: z.record(z.string(), z.unknown()) });
const list = z.array(z.string());

/** What is done for the machine outside its thread. All of it may fail with ChannelError. */
export interface Surroundings {
  readonly store: KeptBlobs;
  /** Asks the homeserver about keys. Body and answer are JSON. */
  keys(about: 'upload' | 'query' | 'claim', body: string): Promise<string>;
  /** Sends something to devices. */
  letter(type: string, transaction: string, body: string): Promise<string>;
}

type Asked<N extends Call['call']> = Omit<Extract<Call, { call: N }>, 'call'>;

/**
 * End-to-end encryption by the library that Element uses. It says what to ask the homeserver for, and is told the
 * answers. Nothing of it goes out before it is kept: a ratchet that was set back after a crash would give a key away
 * twice. https://spec.matrix.org/v1.11/client-server-api/#end-to-end-encryption
 */
export class CryptoMachine {
  /** One thing at a time. */
  private queue: Promise<unknown> = Promise.resolve();
  /** Who was in a room when the library was last told. */
  private readonly told = new Map<string, string>();

  private constructor(
    private readonly around: Surroundings,
    private readonly keys: KeyStore,
    private readonly machine: OlmMachine,
  ) {}

  /** With the keys of this login; new ones when it has none yet. @throws ChannelError */
  static async open(user: string, device: string, around: Surroundings): Promise<CryptoMachine> {
    await initAsync();
    const keys = await KeyStore.open(around.store, `${user} ${device}`);
    try {
      const store = await StoreHandle.open(keys.databases.prefix, undefined);
      const machine = await OlmMachine.initFromStore(new UserId(user), new DeviceId(device), store);
      // Or its databases would stay open after the machine is closed.
      store.free();
      machine.roomKeyRequestsEnabled = false;
      await keys.saveAll();
      return new CryptoMachine(around, keys, machine);
    } catch (error) {
      await keys.close();
      throw error;
    }
  }

  /** By which others know this device. */
  get key(): string {
    return this.machine.identityKeys.ed25519.toBase64();
  }

  /** Takes what an answer says about keys and devices. Durable when it resolves. */
  receive({ events, changed, left, counts, fallbacks }: Asked<'receive'>): Promise<void> {
    return this.alone(async () => {
      await this.machine.receiveSyncChanges(
        events,
        new DeviceLists(users(changed), users(left)),
        new Map(Object.entries(counts)),
        new Set(fallbacks),
        new DecryptionSettings(TrustRequirement.Untrusted),
      );
      await this.keys.save();
      await this.converse();
    });
  }

  decrypt({ event, room, people }: Asked<'decrypt'>): Promise<Result<'decrypt'>> {
    return this.alone(async () => {
      await this.follow(room, people);
      let opened: DecryptedRoomEvent;
      try {
        opened = await this.machine.decryptRoomEvent(
          event,
          new RoomId(room),
          new DecryptionSettings(TrustRequirement.Untrusted),
        );
      } catch {
        // No key yet, or it is not what its sender wrote.
        return { outcome: 'locked' };
      }
      const { event_id: id, sender, content } = outer.parse(JSON.parse(event));
      const parsed = inner.safeParse(JSON.parse(opened.event));
      const shield = opened.shieldState(false);
      if (!parsed.success || (shield.code !== undefined && FORGED.has(shield.code)))
        return { outcome: 'forged' };
      if (this.keys.firstBy(hashOf(content), id) !== id) return { outcome: 'replayed' };
      await this.keys.save();
      const device = await this.deviceOf(sender, opened, shield.color === ShieldColor.None);
      return { outcome: 'opened', type: parsed.data.type, content: parsed.data.content, device };
    });
  }

  encrypt({ room, people, type, content }: Asked<'encrypt'>): Promise<Result<'encrypt'>> {
    return this.alone(async () => {
      await this.follow(room, people);
      // The library waits for what it has asked about people before it goes on.
      await this.converse();
      const members = list.parse(JSON.parse(people));
      const claim: KeysClaimRequest | null = await this.machine.getMissingSessions(users(members));
      if (claim) await this.ask(claim);
      const settings = new EncryptionSettings();
      settings.historyVisibility = HistoryVisibility.Joined;
      const letters = await this.machine.shareRoomKey(new RoomId(room), users(members), settings);
      await this.keys.save();
      for (const letter of letters) await this.ask(letter);
      const sealed = await this.machine.encryptRoomEvent(new RoomId(room), type, content);
      await this.keys.save();
      return z.record(z.string(), z.unknown()).parse(JSON.parse(sealed));
    });
  }

  async close(): Promise<void> {
    await this.queue;
    this.machine.close();
    await this.keys.close();
  }

  /** The key of the device only when the message is of it: the name alone proves nothing. */
  private async deviceOf(sender: string, event: DecryptedRoomEvent, signed: boolean): Promise<SendingDevice> {
    const { senderDevice, senderCurve25519Key: curve, senderClaimedEd25519Key: claimed } = event;
    const id = senderDevice?.toString() ?? 'unknown';
    const device = senderDevice && (await this.machine.getDevice(new UserId(sender), new DeviceId(id)));
    const known = device?.curve25519Key?.toBase64() === curve ? device?.ed25519Key?.toBase64() : undefined;
    device?.free();
    return { id, key: known ?? claimed ?? 'unknown', signed };
  }

  /** The people of a room, a JSON list, are known to the library, with their devices. */
  private async follow(room: string, people: string): Promise<void> {
    if (this.told.get(room) === people) return;
    await this.machine.updateTrackedUsers(users(list.parse(JSON.parse(people))));
    await this.converse();
    this.told.set(room, people);
  }

  /** Asks the homeserver what the library wants to know or make known. */
  private async converse(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const requests = await this.machine.outgoingRequests();
      if (requests.length === 0) return;
      await this.keys.save();
      for (const request of requests) await this.ask(request);
    }
  }

  private async ask(request: OutgoingRequest): Promise<void> {
    const { id, type } = request;
    const asked = this.send(request);
    if (asked === undefined || id === undefined) return;
    const answer = await asked.catch((error: unknown) => {
      if (type !== RequestType.KeysUpload || !(error instanceof ChannelError)) throw error;
      if (error.kind !== 'refused') throw error;
      throw new ChannelError(
        'fatal',
        'The homeserver has other keys for this login than this machine, where they were lost. Log the bot in again, so that it gets new ones, and enter its new token.',
      );
    });
    await this.machine.markRequestAsSent(id, type, answer);
    await this.keys.save();
  }

  private send(request: OutgoingRequest): Promise<string> | undefined {
    const { around } = this;
    switch (request.type) {
      case RequestType.KeysUpload:
        return around.keys('upload', request.body);
      case RequestType.KeysQuery:
        return around.keys('query', request.body);
      case RequestType.KeysClaim:
        return around.keys('claim', request.body);
      case RequestType.ToDevice: {
        const { event_type: type, txn_id: transaction, body } = request as ToDeviceRequest;
        return around.letter(type, transaction, body);
      }
      default:
        // Signatures, backups and messages are of things that are not done here.
        return undefined;
    }
  }

  private alone<T>(run: () => Promise<T>): Promise<T> {
    const done = this.queue.then(run);
    this.queue = done.catch(() => undefined);
    return done;
  }
}

/**
 * The same for the same message, however its letters are written: homeservers can deliver one again under another id.
 * https://spec.matrix.org/v1.11/client-server-api/#mmegolmv1aes-sha2
 */
function hashOf(content: Record<string, unknown>): string {
  const bytes = Buffer.from(String(content.ciphertext), 'base64');
  return createHash('sha256').update(bytes).digest('base64').slice(0, 24);
}

/** The library takes what it is given away, so each call gets its own. Ids that it cannot read are left out. */
function users(ids: readonly string[]): UserId[] {
  return ids.flatMap((id) => {
    try {
      return new UserId(id);
    } catch {
      return [];
    }
  });
}
