import type { ChannelGuide } from '../contract';

export const signalGuide: ChannelGuide = {
  hears: [
    'Direct messages to the account: every one. In groups that are let in: what mentions the account or answers one of its messages.',
    'Never: what the account itself says on its other devices, edited and deleted messages, reactions, stories, and senders without an account id.',
    'A person is known by Signal’s account id for them, never by phone number, user name or profile name; a group by its id.',
    'When the key of somebody who is let in changes (a new phone, or somebody in between), they are suspended before another word of theirs is heard, and the new safety number is put on record. Compare it with them, tell signal-cli (`signal-cli -a NUMBER trust -v SAFETY_NUMBER ACCOUNT_ID`), and let them in again.',
  ],
  reach:
    'There is no credential here: whoever can reach the daemon’s port on this machine can read and write as the account, and whoever can read the folder of signal-cli has its keys. Messages are encrypted from end to end between Signal’s users and signal-cli; on this machine they are plain, and what is heard is in the record like that of any channel.',
  limits: [
    { what: 'length', is: 'a message has at most 2,000 bytes; longer replies come in parts' },
    {
      what: 'while away',
      is: 'signal-cli keeps the last 1,000 events in memory; what is older, or from before its own restart, is lost',
    },
    { what: 'changed messages', is: 'a message can be changed ten times, and for 24 hours' },
    { what: 'rate', is: 'when Signal asks to wait, all replies wait that long' },
  ],
  troubles: [
    {
      says: 'Signal’s daemon cannot be reached … Next try at …',
      do: 'Start the daemon, or correct “cowork.channels.signal.daemonUrl”. It is tried again by itself.',
    },
    {
      says: 'Signal’s daemon does not have the account that is set …',
      do: 'Compare “cowork.channels.signal.account” with `signal-cli listAccounts`.',
    },
    {
      says: 'Set “cowork.channels.signal.account” …',
      do: 'Enter the phone number of the account in the Settings.',
    },
    {
      says: 'The safety number of … has changed',
      do: 'Compare it with the person over another way, trust it in signal-cli, and let them in again.',
    },
  ],
};
