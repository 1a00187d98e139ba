import type { AdapterContext } from '../../contract';
import { type DecryptedRoomEvent, DeviceId, type OlmMachine, UserId } from './wasm';

/** Devices that are shown. */
const SHOWN = 50;

/** Which devices write to us, and which of them nobody has looked at. */
export class Devices {
  private readonly seen = new Set<string>();
  private readonly unverified: string[] = [];

  constructor(
    private readonly context: AdapterContext,
    private readonly machine: OlmMachine,
    private readonly verified: readonly string[],
  ) {
    context.report({ unverifiedDevices: [] });
  }

  /** A message of this sender was decrypted. What is not verified is on record when it resolves. */
  async saw(sender: string, event: DecryptedRoomEvent, signed: boolean): Promise<void> {
    const id = event.senderDevice?.toString() ?? 'unknown';
    const key = (await this.keyOf(sender, event)) ?? event.senderClaimedEd25519Key ?? 'unknown';
    const device = `${sender} ${id} ${key}`;
    if (this.seen.has(device)) return;
    if (signed || this.verified.includes(device)) {
      this.seen.add(device);
      return;
    }
    await this.context.note({
      code: 'unverified-device',
      text: `A message came from a device that is not verified: ${id}, key ${key}.`,
      sender,
    });
    this.seen.add(device);
    if (this.unverified.length < SHOWN) this.unverified.push(device);
    this.context.report({ unverifiedDevices: [...this.unverified] });
  }

  /** The key of the device, when the message is of it: the name alone proves nothing. */
  private async keyOf(sender: string, event: DecryptedRoomEvent): Promise<string | undefined> {
    const { senderDevice: id, senderCurve25519Key: curve } = event;
    if (!id) return undefined;
    const device = await this.machine.getDevice(new UserId(sender), new DeviceId(id.toString()));
    const key = device?.curve25519Key?.toBase64() === curve ? device.ed25519Key?.toBase64() : undefined;
    device?.free();
    return key;
  }
}
