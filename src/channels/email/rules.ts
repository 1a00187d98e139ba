import type { ChannelRule } from '../../engine/model/posture';
import { providerOf } from './providers';

/** A shorter text is in too many subjects to keep anything out. */
const LEAST_FILTER = 4;

export const emailRules: readonly ChannelRule[] = [
  {
    id: 'EM-1',
    severity: 'high',
    title: 'The mailbox is opened with an app password or OAuth2',
    why: 'The main password opens the whole account at the provider, not only its mail, and cannot be taken back for one program alone.',
    check: ({ settings, reported }) => {
      if (settings.auth === 'oauth2') return undefined;
      const provider = providerOf(String(settings.imapHost ?? ''));
      if (!provider || reported.appPassword !== false) return undefined;
      return {
        evidence: `The stored password does not look like an app password of ${provider.name}. ${provider.advice}, and enter it again.`,
        fix: {
          kind: 'command',
          title: 'Show how to set it up',
          command: 'cowork.channels.showSetup',
          arguments: ['email'],
        },
      };
    },
  },
  {
    id: 'EM-3',
    severity: 'high',
    title: 'Only mail with a certain subject is read',
    why: 'Without a word in the subject every newsletter and every stranger’s mail is downloaded and looked at.',
    check: ({ settings }) => {
      const filter = String(settings.subjectFilter ?? '').trim();
      if (filter.length >= LEAST_FILTER) return undefined;
      return {
        evidence:
          filter === ''
            ? 'No text is set that subjects must contain.'
            : `The text that subjects must contain has ${filter.length} characters, which is in too many subjects.`,
        fix: {
          kind: 'setting',
          title: 'Ask for [cowork] in the subject',
          key: 'channels.email.subjectFilter',
          value: '[cowork]',
        },
      };
    },
  },
  {
    id: 'EM-4',
    severity: 'low',
    title: 'Mail connections are encrypted from the first byte',
    why: 'STARTTLS begins in the clear. It is insisted on here, but a connection that someone tampers with fails later, and says more, than one that never was in the clear (RFC 8314).',
    check: ({ settings }) => {
      const weak = [
        ...(settings.imapSecurity === 'starttls' ? ['IMAP'] : []),
        ...(settings.smtpSecurity === 'starttls' ? ['SMTP'] : []),
      ];
      if (weak.length === 0) return undefined;
      return {
        evidence: `${weak.join(' and ')} ${weak.length > 1 ? 'use' : 'uses'} STARTTLS. Use port 993 for IMAP and 465 for SMTP with “tls”, where the provider has them.`,
      };
    },
  },
  {
    id: 'EM-4.links',
    severity: 'medium',
    title: 'Replies carry no deceptive links',
    why: 'A reply that was made from files or pages which somebody else wrote may carry a link that is there to deceive.',
    check: ({ reported }) => {
      const hosts = Array.isArray(reported.suspiciousLinks) ? reported.suspiciousLinks : [];
      if (hosts.length === 0) return undefined;
      return {
        evidence: `Since the channel was started, replies have carried links to: ${hosts.join(', ')}. They were marked in the mail. Look at the tasks that wrote them.`,
      };
    },
  },
  {
    id: 'EM-4.lookalike',
    severity: 'medium',
    title: 'Nobody writes from a look-alike of a known domain',
    why: 'A domain that looks like that of a known person is registered to be mistaken for it.',
    check: ({ reported }) => {
      const senders = Array.isArray(reported.lookAlikes) ? reported.lookAlikes : [];
      if (senders.length === 0) return undefined;
      return {
        evidence: `Mail came from look-alikes of known domains, and was not handed on: ${senders.join(', ')}. Warn the people whose domain is imitated.`,
      };
    },
  },
];
