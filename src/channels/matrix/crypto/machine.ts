import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../../contract';
import type { MatrixClient } from '../client';
import type { Encryption } from '../encryption';
import type { Room } from '../rooms';
import type { MatrixEvent, SyncAnswer } from '../wire';
import { Devices } from './devices';
import { KeyStore } from './key-store';
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

const inner = z.looseObject({ type: z.string(), content: z.record(z.string(), z.unknown()) });

export interface EncryptionParts {
  readonly context: AdapterContext;
  readonly client: MatrixClient;
  readonly me: { readonly id: string; readonly device: string };
  /** Each as `user device key`. */
  readonly verified: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * End-to-end encryption by the library that Element uses. It says what to ask the homeserver for, and is told the
 * answers. Nothing of it goes out before it is kept: a ratchet that was set back after a crash would give a key away
 * twice. https://spec.matrix.org/v1.11/client-server-api/#end-to-end-encryption
 */
export class MatrixEncryption implements Encryption {
  /** One thing at a time. */
  private queue: Promise<unknown> = Promise.resolve();
  /** Who was in a room when the library was last told. */
  private readonly told = new Map<string, string>();
  private readonly devices: Devices;

  private constructor(
    private readonly parts: EncryptionParts,
    private readonly keys: KeyStore,
    private readonly machine: OlmMachine,
  ) {
    this.devices = new Devices(parts.context, machine, parts.verified);
  }

  /** With the keys of this login; new ones when it has none yet. @throws ChannelError */
  static async open(parts: EncryptionParts): Promise<MatrixEncryption> {
    const { context, me } = parts;
    if (me.device === '')
      throw new ChannelError(
        'fatal',
        'The access token belongs to no device, so there can be no encryption. Log the bot in with a password, or switch off “cowork.channels.matrix.encryption”.',
      );
    await initAsync();
    const keys = await KeyStore.open(context.store, `${me.id} ${me.device}`);
    try {
      const store = await StoreHandle.open(keys.databases.prefix, undefined);
      const machine = await OlmMachine.initFromStore(new UserId(me.id), new DeviceId(me.device), store);
      // Or its databases would stay open after the machine is closed.
      store.free();
      machine.roomKeyRequestsEnabled = false;
      await keys.saveAll();
      const key = machine.identityKeys.ed25519.toBase64();
      context.report({ ownDevice: `${me.device} ${key}` });
      return new MatrixEncryption(parts, keys, machine);
    } catch (error) {
      await keys.close();
      throw error;
    }
  }

  receive(answer: SyncAnswer): Promise<void> {
    return this.alone(async () => {
      const { changed = [], left = [] } = answer.device_lists ?? {};
      await this.machine.receiveSyncChanges(
        JSON.stringify(answer.to_device?.events ?? []),
        new DeviceLists(users(changed), users(left)),
        new Map(Object.entries(answer.device_one_time_keys_count ?? {})),
        new Set(answer.device_unused_fallback_key_types ?? []),
        new DecryptionSettings(TrustRequirement.Untrusted),
      );
      await this.keys.save();
      await this.converse();
    });
  }

  decrypt(event: MatrixEvent, room: Room): Promise<MatrixEvent | 'locked' | 'refused'> {
    return this.alone(async () => {
      await this.follow(room);
      let opened: DecryptedRoomEvent;
      try {
        opened = await this.machine.decryptRoomEvent(
          JSON.stringify(event),
          new RoomId(room.id),
          new DecryptionSettings(TrustRequirement.Untrusted),
        );
      } catch {
        // No key yet, or it is not what its sender wrote.
        return 'locked';
      }
      const parsed = inner.safeParse(JSON.parse(opened.event));
      const shield = opened.shieldState(false);
      if (!parsed.success || (shield.code !== undefined && FORGED.has(shield.code)))
        return this.refused(
          event,
          room,
          'forged-message',
          'A message was sent in the name of somebody else.',
        );
      if (this.keys.firstBy(hashOf(event), event.event_id) !== event.event_id)
        return this.refused(event, room, 'replayed-message', 'A message was delivered again as a new one.');
      await this.keys.save();
      await this.devices.saw(event.sender, opened, shield.color === ShieldColor.None);
      return { ...event, type: parsed.data.type, content: parsed.data.content };
    });
  }

  private async refused(event: MatrixEvent, room: Room, code: string, text: string): Promise<'refused'> {
    const told = `${text} It was not believed.`;
    await this.parts.context.note({ code, text: told, sender: event.sender, conversation: room.id });
    return 'refused';
  }

  encrypt(room: Room, type: string, content: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.alone(async () => {
      await this.follow(room);
      // The library waits for what it has asked about people before it goes on.
      await this.converse();
      const claim: KeysClaimRequest | null = await this.machine.getMissingSessions(users(room.people));
      if (claim) await this.ask(claim);
      const settings = new EncryptionSettings();
      settings.historyVisibility = HistoryVisibility.Joined;
      const letters = await this.machine.shareRoomKey(new RoomId(room.id), users(room.people), settings);
      await this.keys.save();
      for (const letter of letters) await this.ask(letter);
      const sealed = await this.machine.encryptRoomEvent(new RoomId(room.id), type, JSON.stringify(content));
      await this.keys.save();
      return z.record(z.string(), z.unknown()).parse(JSON.parse(sealed));
    });
  }

  async close(): Promise<void> {
    await this.queue;
    this.machine.close();
    await this.keys.close();
  }

  /** The people of a room are known to the library, with their devices. */
  private async follow(room: Room): Promise<void> {
    const people = room.people.join(' ');
    if (this.told.get(room.id) === people) return;
    await this.machine.updateTrackedUsers(users(room.people));
    await this.converse();
    this.told.set(room.id, people);
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
    const path = pathOf(request);
    if (path === undefined || request.id === undefined) return;
    const { client, signal } = this.parts;
    const method = request.type === RequestType.ToDevice ? 'PUT' : 'POST';
    const body: unknown = JSON.parse(request.body);
    const answer = await client.call(method, path, { body, signal }).catch((error: unknown) => {
      if (request.type !== RequestType.KeysUpload || !(error instanceof ChannelError)) throw error;
      if (error.kind !== 'refused') throw error;
      throw new ChannelError(
        'fatal',
        'The homeserver has other keys for this login than this machine, where they were lost. Log the bot in again, so that it gets new ones, and enter its new token.',
      );
    });
    await this.machine.markRequestAsSent(request.id, request.type, await answer.text());
    await this.keys.save();
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
function hashOf({ content }: MatrixEvent): string {
  const bytes = Buffer.from(String(content.ciphertext), 'base64');
  return createHash('sha256').update(bytes).digest('base64').slice(0, 24);
}

function pathOf(request: OutgoingRequest): string | undefined {
  switch (request.type) {
    case RequestType.KeysUpload:
      return 'client/v3/keys/upload';
    case RequestType.KeysQuery:
      return 'client/v3/keys/query';
    case RequestType.KeysClaim:
      return 'client/v3/keys/claim';
    case RequestType.ToDevice: {
      const { event_type: type, txn_id: id } = request as ToDeviceRequest;
      return `client/v3/sendToDevice/${encodeURIComponent(type)}/${encodeURIComponent(id)}`;
    }
    default:
      // Signatures, backups and messages are of things that are not done here.
      return undefined;
  }
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
