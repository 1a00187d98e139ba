import type { ChannelRule } from '../../engine/model/posture';

export const signalRules: readonly ChannelRule[] = [
  {
    id: 'SG-2',
    severity: 'high',
    title: 'Safety numbers of people on Signal are confirmed',
    why: 'A key that changed means a new phone, or somebody in between. Only comparing the safety number with the person tells which.',
    check: ({ reported }) => {
      const changed = Array.isArray(reported.changedKeys) ? reported.changedKeys : [];
      return changed.length > 0
        ? {
            evidence: `The safety number of ${changed.length === 1 ? 'one person' : `${changed.length} people`} has changed and nobody has confirmed it: ${changed.slice(0, 5).join(', ')}.`,
            fix: {
              kind: 'command',
              title: 'Show what to do',
              command: 'cowork.channels.showSetup',
              arguments: ['signal'],
            },
          }
        : undefined;
    },
  },
  {
    id: 'SG-3',
    severity: 'high',
    title: 'The folder of signal-cli is closed to others',
    why: 'It holds the keys of the account: who can read it can read and write every message as the account.',
    check: ({ reported }) => {
      const { dataDirectory, openToOthers } = reported;
      if (typeof dataDirectory !== 'string' || typeof openToOthers !== 'number' || openToOthers === 0)
        return undefined;
      return {
        evidence: `${openToOthers} ${openToOthers === 1 ? 'place' : 'places'} in ${dataDirectory} can be opened by others on this machine.`,
        fix: {
          kind: 'permissions',
          title: 'Close the folder to everybody else',
          path: dataDirectory,
          mode: 0o700,
        },
      };
    },
  },
  {
    id: 'SG-3.place',
    severity: 'high',
    title: 'The folder of signal-cli is on this machine alone',
    why: 'In the open folder the agent could reach the keys; in a synced folder they are copied to other machines.',
    check: ({ reported }) => {
      const { dataDirectory, insideWorkspace, syncedBy } = reported;
      if (typeof dataDirectory !== 'string') return undefined;
      if (insideWorkspace === true)
        return { evidence: `${dataDirectory} lies in the folder that is open. Move it out of there.` };
      if (typeof syncedBy === 'string')
        return { evidence: `${dataDirectory} is copied elsewhere by ${syncedBy}. Move it out of there.` };
      return undefined;
    },
  },
  {
    id: 'SG-3.unknown',
    severity: 'low',
    title: 'The folder of signal-cli is known',
    why: 'A folder that cannot be found cannot be looked at; its keys may lie open.',
    check: ({ reported, settings }) =>
      reported.dataDirectory === null
        ? {
            evidence: `There is no folder ${String(settings.dataDirectory)}, or it cannot be looked at. Set “cowork.channels.signal.dataDirectory” to where signal-cli keeps its keys.`,
          }
        : undefined,
  },
];
