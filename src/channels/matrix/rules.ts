import type { ChannelRule } from '../../engine/model/posture';

export const matrixRules: readonly ChannelRule[] = [
  {
    id: 'MX-1',
    severity: 'high',
    title: 'The homeserver is reached by https',
    why: 'Over plain http the token and every message can be read and changed on the way. It is possible on this machine alone.',
    check: ({ reported }) =>
      reported.https === false
        ? { evidence: 'The address of the homeserver begins with http://. Use https, also on this machine.' }
        : undefined,
  },
  {
    id: 'MX-1.version',
    severity: 'medium',
    title: 'The homeserver is up to date',
    why: 'Homeservers that do not speak Matrix 1.11 are years behind with their mending, and hand files out to everybody who knows their address.',
    check: ({ reported }) => {
      const version = /^(\d+)\.(\d+)$/.exec(String(reported.matrixVersion ?? ''));
      if (!version) return undefined;
      const [major, minor] = [Number(version[1]), Number(version[2])];
      return major < 1 || (major === 1 && minor < 11)
        ? { evidence: `The newest version of Matrix that it speaks is ${version[0]}.` }
        : undefined;
    },
  },
  {
    id: 'MX-1.registration',
    severity: 'medium',
    title: 'Strangers cannot make accounts on the homeserver',
    why: 'Where everybody can make an account, everybody can write to the bot from the same homeserver, under a name that looks like a colleague’s.',
    check: ({ reported }) =>
      reported.registration === 'open'
        ? { evidence: 'The homeserver says that accounts can be registered by anybody.' }
        : undefined,
  },
  {
    id: 'MX-1.federation',
    severity: 'low',
    title: 'Invitations of strangers are not taken where other homeservers can write',
    why: 'A homeserver that talks to others lets people of every homeserver write to the bot. Who is not let in is told so and nothing more, but each of them can begin a conversation.',
    check: ({ reported, settings }) =>
      reported.federation === 'open' && settings.invitations !== 'people'
        ? {
            evidence:
              'The homeserver talks to other homeservers, and the bot takes direct invitations of everybody.',
            fix: {
              kind: 'setting',
              title: 'Take invitations only of people who are let in',
              key: 'channels.matrix.invitations',
              value: 'people',
            },
          }
        : undefined,
  },
  {
    id: 'MX-2',
    severity: 'high',
    title: 'Sensitive Matrix rooms are encrypted',
    why: 'In a room without encryption everybody who runs one of its homeservers reads along.',
    check: ({ reported, settings }) => {
      if (settings.encryption === false && listOf(settings.sensitiveRooms).length > 0)
        return {
          evidence: 'Rooms are marked as sensitive, and encryption is switched off.',
          fix: {
            kind: 'setting',
            title: 'Switch encryption on',
            key: 'channels.matrix.encryption',
            value: true,
          },
        };
      const open = listOf(reported.sensitiveUnencrypted);
      return open.length > 0
        ? {
            evidence: `Marked as sensitive and not encrypted: ${open.join(', ')}. Nothing is heard or said there.`,
          }
        : undefined;
    },
  },
  {
    id: 'MX-2.devices',
    severity: 'medium',
    title: 'The devices that write to the bot are verified',
    why: 'A device whose key nobody has compared may belong to whoever runs the homeserver and not to the person.',
    check: ({ reported }) => {
      const devices = listOf(reported.unverifiedDevices);
      return devices.length > 0
        ? {
            evidence: `Not verified: ${devices.join('; ')}. Compare each key with the person, in the settings of their client, and list it in “cowork.channels.matrix.verifiedDevices”.`,
          }
        : undefined;
    },
  },
  {
    id: 'MX-3',
    severity: 'low',
    title: 'The Matrix token expires',
    why: 'A token that never expires opens the account to whoever has got hold of it until somebody notices.',
    check: ({ reported }) =>
      reported.refreshes === false
        ? {
            evidence:
              'There is no refresh token. Log the bot in with "refresh_token": true, where the homeserver offers it, and enter both tokens.',
          }
        : undefined,
  },
  {
    id: 'MX-4',
    severity: 'medium',
    title: 'Matrix rooms close when strangers come in',
    why: 'Whoever comes into a room reads what the bot says there.',
    check: ({ settings, modes, conversations }) =>
      settings.closeOnUnknownMember === false && modes.group !== 'disabled' && conversations.length > 0
        ? {
            evidence: `${conversations.length} ${conversations.length === 1 ? 'room is' : 'rooms are'} let in, and stay so when somebody comes in who is not.`,
            fix: {
              kind: 'setting',
              title: 'Close rooms when strangers come in',
              key: 'channels.matrix.closeOnUnknownMember',
              value: true,
            },
          }
        : undefined,
  },
];

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
