import type { ChannelDescriptor } from '../../channels/contract';
import { readSettings } from '../../channels/manager/settings';
import type { MachineFacts } from '../../engine/posture/facts';
import type { SessionPorts } from '../ports';

/** A code that lives longer than this was made to live long for a test. Milliseconds. */
const CODE_MOST_MS = 15 * 60_000;
/** A question that nobody answers for longer is answered by somebody who has forgotten what it was. Milliseconds. */
const APPROVAL_MOST_MS = 30 * 60_000;

/** Settings for trying things out that are not as they come: test servers, and times that were stretched. */
export function prototypesOf(
  descriptors: readonly ChannelDescriptor[],
  { settings }: SessionPorts,
): MachineFacts['prototypes'] {
  const found: MachineFacts['prototypes'][number][] = [];
  for (const descriptor of descriptors) {
    const read = readSettings(descriptor, settings.channel(descriptor.id));
    if (!read.ok) continue;
    for (const [name, value] of Object.entries(read.value)) {
      const host = plainHost(value);
      if (host === undefined) continue;
      found.push({
        key: `channels.${descriptor.id}.${name}`,
        value: host,
        why: 'It is a server without encryption, or on this machine, as tests have.',
      });
    }
  }
  const ttl = Math.max(
    0,
    ...Object.values(settings.access().channels ?? {}).map(({ codeTtlMs }) => codeTtlMs ?? 0),
  );
  if (ttl > CODE_MOST_MS)
    found.push({
      key: 'pairing.codeSeconds',
      value: String(ttl / 1000),
      why: 'A pairing code that lives so long can be passed on.',
    });
  if (settings.approvalTtlMs() > APPROVAL_MOST_MS)
    found.push({
      key: 'approvals.expirySeconds',
      value: String(settings.approvalTtlMs() / 1000),
      why: 'Whoever answers so late no longer knows what was asked.',
    });
  return found;
}

/** The host of an address that is not encrypted, or is this machine. Never the rest, which may hold a password. */
function plainHost(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^https?:\/\//i.test(value)) return undefined;
  try {
    const { protocol, hostname, host } = new URL(value);
    const here = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
    return protocol === 'http:' || here ? host : undefined;
  } catch {
    return undefined;
  }
}
