import type { AdapterContext } from '../../contract';
import type { SendingDevice } from './protocol';

/** Devices that are shown. */
const SHOWN = 50;

/** Which devices write to us, and which of them nobody has looked at. */
export class Devices {
  private readonly seen = new Set<string>();
  private readonly unverified: string[] = [];

  constructor(
    private readonly context: AdapterContext,
    private readonly verified: readonly string[],
  ) {
    context.report({ unverifiedDevices: [] });
  }

  /** A message of this sender was decrypted. What is not verified is on record when it resolves. */
  async saw(sender: string, { id, key, signed }: SendingDevice): Promise<void> {
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
}
