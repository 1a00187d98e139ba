import type { ChannelGuide } from '../contract';

export const bluebubblesGuide: ChannelGuide = {
  hears: [
    'What is sent to the account by iMessage: direct messages, and in groups that are listed what begins with the call sign.',
    'Never: SMS and RCS, whose senders can be forged; what the account itself sends; tapbacks, edited and withdrawn messages; groups that are not listed; senders without a full international number or an address.',
    'A person is known by their number (+4915112345678) or mail address as iMessage proves it, never by a name.',
    'A call of the server proves nothing, for BlueBubbles signs nothing: only the number of a message is taken from it, and the message itself is asked for at the server. It goes to a path that cannot be guessed.',
  ],
  reach:
    'Whoever has the password of the server reads and writes every message of the account, so it must be strong, in every profile, and the server is used in the local network only unless you set otherwise. The password goes into the address of each request, as the server wants it, and into no setting, log, record or error.',
  limits: [
    { what: 'code', is: 'iMessage shows text only, so code is set off by lines of its own' },
    { what: 'files received', is: 'up to 20 MB of each file of a person who is let in, put into quarantine' },
    {
      what: 'while away',
      is: 'the server calls once; what it could not deliver is asked for when the channel connects and every 20 seconds, at most a day back. What was said before the channel first connected is never taken',
    },
  ],
  troubles: [
    {
      says: 'The BlueBubbles server refused the password',
      do: 'Copy it from BlueBubbles Server, Connection, then Enter Token….',
    },
    {
      says: 'The password of the server can be guessed',
      do: 'Set a longer one on the Mac, then Enter Token….',
    },
    {
      says: 'The BlueBubbles server has a public address',
      do: 'Use its address in the local network, or a tunnel of your own (ssh -L).',
    },
    {
      says: 'No Apple account is signed in to Messages',
      do: 'Sign in on the Mac, in Messages, Settings, iMessage.',
    },
    {
      says: 'BlueBubbles cannot be reached … Next try at …',
      do: 'Wake the Mac, and see that BlueBubbles Server runs; it is tried again by itself.',
    },
  ],
};
