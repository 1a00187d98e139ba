import 'fake-indexeddb/auto';
import {
  DecryptionSettings,
  DeviceId,
  DeviceLists,
  EncryptionSettings,
  initAsync,
  OlmMachine,
  type OutgoingRequest,
  RequestType,
  RoomId,
  type ToDeviceRequest,
  TrustRequirement,
  UserId,
} from '../../../src/channels/matrix/crypto/inside/wasm';
import type { Homeserver } from './homeserver';
import type { HsEvent, Json } from './world';

/**
 * A person with a client that encrypts: a device of their own, played by the library that Element uses. It talks to
 * the homeserver without a network, but over the same answers as everybody.
 */
export class Person {
  private since: number | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly server: Homeserver,
    readonly user: string,
    readonly device: string,
    private readonly machine: OlmMachine,
  ) {}

  static async login(server: Homeserver, user: string, device: string): Promise<Person> {
    await initAsync();
    server.sessions.login(user, device);
    const machine = await OlmMachine.initialize(new UserId(user), new DeviceId(device));
    const person = new Person(server, user, device, machine);
    await person.sync();
    return person;
  }

  /** The key by which others know the device. */
  get key(): string {
    return this.machine.identityKeys.ed25519.toBase64();
  }

  /** Says something, encrypted for all devices that the person knows of. @returns the event */
  say(room: string, content: Json, type = 'm.room.message'): Promise<HsEvent> {
    return this.alone(async () => {
      await this.syncNow();
      await this.share(room);
      return this.put(room, content, type);
    });
  }

  /** As `say`, but the key goes out only with what is resolved. */
  sayBeforeKey(room: string, content: Json): Promise<{ event: HsEvent; sendKey(): Promise<void> }> {
    return this.alone(async () => {
      await this.syncNow();
      const letters = await this.prepare(room);
      const event = await this.put(room, content, 'm.room.message');
      return {
        event,
        sendKey: async () => {
          for (const letter of letters) await this.ask(letter);
        },
      };
    });
  }

  /** What an encrypted event says; undefined when it cannot be read. */
  read(event: HsEvent): Promise<{ type: string; content: Json } | undefined> {
    return this.alone(async () => {
      await this.syncNow();
      const opened = await this.machine
        .decryptRoomEvent(
          JSON.stringify(event),
          new RoomId(event.room_id),
          new DecryptionSettings(TrustRequirement.Untrusted),
        )
        .catch(() => undefined);
      return opened === undefined ? undefined : JSON.parse(opened.event);
    });
  }

  sync(): Promise<void> {
    return this.alone(() => this.syncNow());
  }

  close(): void {
    this.machine.close();
  }

  private async share(room: string): Promise<void> {
    for (const letter of await this.prepare(room)) await this.ask(letter);
  }

  private async prepare(room: string): Promise<readonly ToDeviceRequest[]> {
    const people = () =>
      [...this.server.world.room(room).stateBefore(Number.POSITIVE_INFINITY).values()]
        .filter(
          ({ type, content }) => type === 'm.room.member' && /join|invite/.test(String(content.membership)),
        )
        .map(({ state_key: key }) => new UserId(key ?? ''));
    await this.machine.updateTrackedUsers(people());
    await this.converse();
    const claim = await this.machine.getMissingSessions(people());
    if (claim) await this.ask(claim);
    return this.machine.shareRoomKey(new RoomId(room), people(), new EncryptionSettings());
  }

  private async put(room: string, content: Json, type: string): Promise<HsEvent> {
    const sealed: Json = JSON.parse(
      await this.machine.encryptRoomEvent(new RoomId(room), type, JSON.stringify(content)),
    );
    const relates = content['m.relates_to'];
    const outer = relates === undefined ? sealed : { ...sealed, 'm.relates_to': relates };
    return this.server.world.put(room, this.user, 'm.room.encrypted', outer);
  }

  private async syncNow(): Promise<void> {
    const { user, device, server } = this;
    for (let more = true; more; ) {
      const { answer } = server.world.sync(user, device, this.since, { limit: 1, types: [], stateTypes: [] });
      const position = Number(String(answer.next_batch).slice(1));
      more = position !== this.since;
      this.since = position;
      const letters = answer.to_device as { events: Json[] };
      const lists = (answer.device_lists ?? { changed: [] }) as { changed: string[] };
      const counts = server.keys.counts({ user, device }) as {
        device_one_time_keys_count: Record<string, number>;
        device_unused_fallback_key_types: string[];
      };
      await this.machine.receiveSyncChanges(
        JSON.stringify(letters.events),
        new DeviceLists(
          lists.changed.map((id) => new UserId(id)),
          [],
        ),
        new Map(Object.entries(counts.device_one_time_keys_count)),
        new Set(counts.device_unused_fallback_key_types),
      );
      await this.converse();
    }
  }

  private async converse(): Promise<void> {
    for (let round = 0; round < 5; round += 1) {
      const requests = await this.machine.outgoingRequests();
      if (requests.length === 0) return;
      for (const request of requests) await this.ask(request);
    }
  }

  private async ask(request: OutgoingRequest): Promise<void> {
    const { type, id } = request;
    if (id === undefined) return;
    const { user, device } = this;
    const body: Json = JSON.parse(request.body);
    const letter = request as ToDeviceRequest;
    const [method, ...path] =
      type === RequestType.ToDevice
        ? ['PUT', 'sendToDevice', letter.event_type, letter.txn_id]
        : ['POST', 'keys', PATHS[type] ?? ''];
    const answer = this.server.keys.answer(method ?? '', path, () => body, { user, device });
    await this.machine.markRequestAsSent(id, type, JSON.stringify(answer ?? {}));
  }

  private alone<T>(run: () => Promise<T>): Promise<T> {
    const done = this.queue.then(run);
    this.queue = done.catch(() => undefined);
    return done;
  }
}

const PATHS: Partial<Record<RequestType, string>> = {
  [RequestType.KeysUpload]: 'upload',
  [RequestType.KeysQuery]: 'query',
  [RequestType.KeysClaim]: 'claim',
};
