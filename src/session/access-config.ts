import type { ChannelDescriptor } from '../channels/contract';
import { readSettings } from '../channels/manager/settings';
import type { AccessConfig } from '../engine/access/config';
import { ACCESS_MODES, type AccessMode } from '../engine/model/events';
import type { PolicySnapshot } from '../engine/policy/snapshot';

export interface AccessInput {
  readonly base: AccessConfig;
  readonly ceiling: PolicySnapshot['ceiling'];
  readonly descriptors: readonly ChannelDescriptor[];
  readonly settings: (channel: string) => unknown;
  /** The owner has said, on the record, that this channel may be open to strangers. */
  readonly acknowledged: (channel: string) => boolean;
}

/** What the person has set, under the ceilings of the profile and of each channel. */
export function accessUnder(input: AccessInput): AccessConfig {
  const { base, descriptors } = input;
  const channels = descriptors.map((descriptor) => {
    const own = base.channels?.[descriptor.id] ?? {};
    const allowedModes = modesOf(descriptor, input).filter(
      (mode) => own.allowedModes?.includes(mode) ?? true,
    );
    return [descriptor.id, { ...own, allowedModes }] as const;
  });
  return { ...base, channels: Object.fromEntries(channels) };
}

/** ENV-DEV: `open` is for the built-in chat, and in development for what the owner has acknowledged. */
function modesOf(
  descriptor: ChannelDescriptor,
  { ceiling, settings, acknowledged }: AccessInput,
): readonly AccessMode[] {
  const read = readSettings(descriptor, settings(descriptor.id));
  const modes = descriptor.allowedModes?.(read.ok ? read.value : {}) ?? ACCESS_MODES;
  const open = ceiling.openAccess === 'local' && (descriptor.id === 'local' || acknowledged(descriptor.id));
  return open ? modes : modes.filter((mode) => mode !== 'open');
}
