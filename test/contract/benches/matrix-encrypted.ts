import { adapterWith } from '../../../src/channels/matrix/adapter';
import { startThread } from '../../../src/channels/matrix/crypto/thread';
import { Person } from '../../peers/matrix/person';
import { bundledThread } from '../../peers/matrix/thread';
import type { HsEvent, Json } from '../../peers/matrix/world';
import type { ChannelBench } from '../bench';
import { MatrixBench } from './matrix';

/** Matrix in encrypted rooms: people have devices of their own, and the homeserver sees nothing in the clear. */
export class EncryptedMatrixBench extends MatrixBench {
  override readonly createAdapter = adapterWith(() => startThread(this.thread));
  private thread = '';
  private readonly devices = new Map<string, Person>();
  private readonly read = new Map<string, Json>();
  private readonly reading = new Set<string>();
  private unwatch: () => void = () => {};

  override async start(speed: number): Promise<void> {
    this.thread = await bundledThread();
    await super.start(speed);
    const { world } = this.peer;
    for (const [at, user] of [...this.people, this.otherBot].entries())
      this.devices.set(user, await Person.login(this.peer, user, `DEVICE${at}`));
    for (const room of world.rooms.values()) world.encrypt(room.id, this.people[0]);
    this.unwatch = world.watch(() => this.readNew());
  }

  override async stop(): Promise<void> {
    this.unwatch();
    await super.stop();
    for (const device of this.devices.values()) device.close();
  }

  override settings(): Record<string, unknown> {
    const verifiedDevices = [...this.devices.values()].map(
      ({ user, device, key }) => `${user} ${device} ${key}`,
    );
    return { ...super.settings(), encryption: true, verifiedDevices };
  }

  protected override async put(room: string, sender: string, content: Json): Promise<HsEvent> {
    const device = this.devices.get(sender);
    // Our own account has no other device: what it says elsewhere is of another login.
    return device ? device.say(room, content) : super.put(room, sender, content);
  }

  protected override contentOf(event: HsEvent): Json | undefined {
    return this.read.get(event.event_id);
  }

  /** What we said, as the first person’s device reads it. */
  private readNew(): void {
    const reader = this.devices.get(this.people[0]);
    for (const room of this.peer.world.rooms.values()) {
      if (room.membership(this.people[0]) !== 'join') continue;
      for (const { event } of room.entries) {
        if (event.sender !== this.bot || event.type !== 'm.room.encrypted') continue;
        if (this.reading.has(event.event_id)) continue;
        this.reading.add(event.event_id);
        void reader?.read(event).then((opened) => {
          if (opened) this.read.set(event.event_id, opened.content);
          else this.peer.problems.push('a message of ours could not be read');
        });
      }
    }
  }
}

export const makeBench = (): ChannelBench => new EncryptedMatrixBench();
