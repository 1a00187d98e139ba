import type { ChannelRule } from '../../engine/model/posture';

export const whatsappRules: readonly ChannelRule[] = [
  {
    id: 'WA-2',
    severity: 'low',
    title: 'The WhatsApp number is in no group',
    why: 'What is said in a group is left alone, but the number can read it all, and so can whoever gets hold of its token.',
    check: ({ reported }) =>
      reported.heardOfGroup === true
        ? { evidence: 'A message of a group arrived. Take the number out of its groups in WhatsApp.' }
        : undefined,
  },
  {
    id: 'WA-3',
    severity: 'high',
    title: 'In production, WhatsApp speaks from a number of your own business',
    why: 'The test number is Meta’s: it reaches five people at most, and can be taken away at any time.',
    check: ({ profile, reported }) =>
      profile !== 'development' && reported.testNumber === true
        ? {
            evidence:
              'The number is a test number of Meta. Add a number of your own under WhatsApp, API Setup, and set its id.',
            fix: {
              kind: 'command',
              title: 'Show how to set it up',
              command: 'cowork.channels.showSetup',
              arguments: ['whatsapp'],
            },
          }
        : undefined,
  },
  {
    id: 'WA-3.version',
    severity: 'low',
    title: 'The version of the Graph API that is asked for exists',
    why: 'Meta answers with an older or newer version than the one that was asked for when that has ended, and may then behave otherwise.',
    check: ({ settings, reported: { apiVersion } }) =>
      typeof apiVersion === 'string' && apiVersion !== '' && apiVersion !== settings.apiVersion
        ? {
            evidence: `${String(settings.apiVersion)} is asked for and ${apiVersion} answers.`,
            fix: {
              kind: 'setting',
              title: `Ask for ${apiVersion}`,
              key: 'channels.whatsapp.apiVersion',
              value: apiVersion,
            },
          }
        : undefined,
  },
];
