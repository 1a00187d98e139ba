import type { ChannelRule } from '../../engine/model/posture';
import { PASSWORD_BITS } from './password';
import { isLocalHost } from './place';

/** The newest version that is known here, of May 2025. https://github.com/BlueBubblesApp/bluebubbles-server/releases */
export const NEWEST_KNOWN = '1.9.9';

const setUp = {
  kind: 'command',
  title: 'Show how to set it up',
  command: 'cowork.channels.showSetup',
  arguments: ['bluebubbles'],
} as const;

export const bluebubblesRules: readonly ChannelRule[] = [
  {
    id: 'BB-1',
    severity: 'high',
    title: 'The password of the BlueBubbles server is strong',
    why: 'It is all that stands between a network and every message of the account.',
    check: ({ profile, reported: { passwordBits } }) =>
      typeof passwordBits === 'number' && passwordBits < PASSWORD_BITS
        ? {
            evidence: `It has about ${passwordBits} of the ${PASSWORD_BITS} bits that it should have, so the channel does not connect.`,
            ...(profile === 'development' ? {} : { severity: 'critical' as const }),
            fix: setUp,
          }
        : undefined,
  },
  {
    id: 'BB-2',
    severity: 'high',
    title: 'The BlueBubbles server is in the local network',
    why: 'At a public address everybody can try its password, and it has no second lock.',
    check: ({ settings }) => {
      const address = typeof settings.serverUrl === 'string' ? settings.serverUrl : '';
      if (!URL.canParse(address) || isLocalHost(new URL(address).hostname)) return undefined;
      return {
        evidence: `Its address is ${new URL(address).host}, which is public${settings.allowPublicServer === true ? ', and it is set that this is meant' : ''}.`,
        ...(settings.allowPublicServer === true
          ? {
              fix: {
                kind: 'setting',
                title: 'Use no public server',
                key: 'channels.bluebubbles.allowPublicServer',
                value: false,
              },
            }
          : { fix: setUp }),
      };
    },
  },
  {
    id: 'BB-4',
    severity: 'medium',
    title: 'The BlueBubbles server is up to date',
    why: 'The server reads the whole history of messages; holes in it are closed in new versions only.',
    check: ({ reported: { serverVersion, updateAvailable } }) => {
      if (typeof serverVersion !== 'string' || serverVersion === '') return undefined;
      if (updateAvailable !== true && !isOlder(serverVersion, NEWEST_KNOWN)) return undefined;
      return {
        evidence: `It is version ${serverVersion}, and there is a newer one. Update it on the Mac.`,
      };
    },
  },
];

/** Compares versions by their numbers; what has none is taken for old. */
function isOlder(version: string, than: string): boolean {
  const numbers = (text: string) => (text.match(/\d+/g) ?? ['0']).map(Number);
  const [own, other] = [numbers(version), numbers(than)];
  for (let index = 0; index < other.length; index += 1) {
    const difference = (own[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
