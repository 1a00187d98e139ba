import type { ChannelGuide } from '../contract';

export const emailGuide: ChannelGuide = {
  hears: [
    'New mail in one folder whose subject contains the text that is set. The server is asked for these alone; of all others not even the sender is read. What was in the folder before the first connection is never read.',
    'A person is known by the address in From, in lower case, and only when DMARC proves it: the domain publishes a DMARC record, and a DKIM signature of that domain over From, Subject and Date is good (or SPF passes, where receivedBy is set). This is computed here. Authentication-Results lines, Reply-To, Sender and display names are never believed. DMARC vouches for the domain; that its server does not let one user write as another is the domain’s part.',
    'Direct: mail to the bot’s address alone. With others in To or Cc it is a group, named by the addresses of everyone in it; with one more person it is another group, which needs a pairing code of its own. In a group, mail that has the bot only in Cc is not meant for it, unless it answers one of the bot’s.',
    'Of the text, what the person wrote on top: quoted mail below it, signatures after “-- ” and “Sent from my …” lines are cut off. Of mail in HTML only the text that can be seen is read.',
    'Never: mailing lists, out-of-office and other automatic mail, bounces, loops, mail that has the bot only in Bcc, mail from the bot’s own address, mail whose head different programs would read differently (two From lines, several authors), and mail from a domain that looks like one that is known.',
  ],
  reach:
    'The password opens the mailbox, so the mailbox should be one made for the agent. It is opened read-only: nothing is marked, moved or deleted. The password goes to the two servers that are set, only over TLS with a certificate that is trusted; where STARTTLS is used it is insisted on. It is in no log, record or error. To check a sender, DNS is asked for the records of the sender’s domain.',
  limits: [
    { what: 'size', is: 'mail over 25 MB is passed over; of longer texts the gateway says so' },
    {
      what: 'replies',
      is: 'plain text; in the thread of the question; to everyone in the conversation. Below the text stands where each link leads and what each attached file is, with a warning for links that look deceptive',
    },
    {
      what: 'files',
      is: 'up to 15 MB in a reply; up to 20 MB of each file of a person who is let in, put into quarantine',
    },
    { what: 'groups', is: 'of 20 people at most' },
    {
      what: 'replays',
      is: 'mail whose signed date is more than seven days before its arrival is passed over, and so is one whose signature was seen before',
    },
    {
      what: 'while away',
      is: 'mail waits in the mailbox and is read afterwards, each once, also when the server numbers the folder anew (UIDVALIDITY). When DNS does not answer, the sender is checked again for an hour',
    },
  ],
  troubles: [
    {
      says: 'The … server refused the name or the password',
      do: 'Make an app password at the provider, then Enter Token….',
    },
    {
      says: 'The certificate of the … server is not one that this machine trusts',
      do: 'Check the server’s name. For a company’s own servers, put the authority’s certificate into cowork.channels.email.certificate.',
    },
    {
      says: 'The … server did not switch to an encrypted connection',
      do: 'Use port 993 and 465 with “tls”. If it worked before, someone may be between you and the server.',
    },
    {
      says: 'Nothing happens when I write',
      do: 'Look at the tree item: it counts mail whose sender could not be proved. Ask the sender’s provider to sign mail with DKIM and to publish a DMARC record, or set receivedBy.',
    },
    {
      says: 'The … server cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
