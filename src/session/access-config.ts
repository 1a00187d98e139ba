import type { ChannelDescriptor } from '../channels/contract';
import { readSettings } from '../channels/manager/settings';
import type { AccessConfig } from '../engine/access/config';
import { ACCESS_MODES, type AccessMode } from '../engine/model/events';
import type { PolicySnapshot } from '../engine/policy/snapshot';

/** What the person has set, under the ceilings of the profile and of each channel. */
export function accessUnder(
  base: AccessConfig,
  ceiling: PolicySnapshot['ceiling'],
  descriptors: readonly ChannelDescriptor[],
  settings: (channel: string) => unknown,
): AccessConfig {
  const channels = descriptors.map((descriptor) => {
    const own = base.channels?.[descriptor.id] ?? {};
    const allowedModes = modesOf(descriptor, ceiling, settings(descriptor.id)).filter(
      (mode) => own.allowedModes?.includes(mode) ?? true,
    );
    return [descriptor.id, { ...own, allowedModes }] as const;
  });
  return { ...base, channels: Object.fromEntries(channels) };
}

function modesOf(
  descriptor: ChannelDescriptor,
  ceiling: PolicySnapshot['ceiling'],
  settings: unknown,
): readonly AccessMode[] {
  const read = readSettings(descriptor, settings);
  const modes = descriptor.allowedModes?.(read.ok ? read.value : {}) ?? ACCESS_MODES;
  const open = ceiling.openAccess === 'local' && descriptor.id === 'local';
  return open ? modes : modes.filter((mode) => mode !== 'open');
}
