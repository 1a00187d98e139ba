import type { ChannelGuide } from '../contract';

export const imessageGuide: ChannelGuide = {
  hears: [
    'Direct messages to the account: every one, or those of the contacts that are listed. In groups that are let in: what begins with the word that is set (`@cowork`), since Messages tells no program who was mentioned.',
    'Never: what the account itself sends, reactions, SMS and RCS (their sender can be forged), short codes and business chats.',
    'A person is known by the handle that Apple delivers, in one form: a number with its country and no spaces, an address in small letters. A group is known by its own id. Somebody who writes once from a number and once from an address is two people here.',
  ],
  reach:
    'There is no credential here. imsg reads the database of Messages, all conversations of the account, and sends through Messages; it is started by its full path with fixed arguments and without the editor’s environment, and each start and end of it is on record. Files that came with a message are read from the folder of Messages alone.',
  limits: [
    {
      what: 'files',
      is: 'both ways, up to 50 MB each; those that are sent lie in the storage of the extension until imsg has taken them',
    },
    { what: 'while away', is: 'what was said meanwhile is asked for when imsg runs again' },
    { what: 'macOS 26', is: 'no longer tells SMS from iMessage for some conversations; those are heard' },
  ],
  troubles: [
    { says: 'iMessage works on macOS only', do: 'Use another channel on this machine.' },
    { says: '… imsg could not be started', do: 'Set “cowork.channels.imessage.program” to its full path.' },
    {
      says: 'The program imsg ended … Next try at …',
      do: 'Look whether the program that starts VS Code has Full Disk Access, and whether Messages is signed in.',
    },
  ],
};
