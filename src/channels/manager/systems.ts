import type { ChannelDescriptor } from '../contract';

const NAMES: Partial<Readonly<Record<NodeJS.Platform, string>>> = {
  darwin: 'macOS',
  linux: 'Linux',
  win32: 'Windows',
};

/** The systems that a channel works on, by the names that people call them, when this is none of them. */
export function otherSystems(
  { platforms }: Pick<ChannelDescriptor, 'platforms'>,
  here: NodeJS.Platform,
): readonly string[] | undefined {
  if (!platforms || platforms.includes(here)) return undefined;
  return platforms.map((platform) => NAMES[platform] ?? platform);
}
