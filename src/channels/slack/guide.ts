import type { ChannelGuide } from '../contract';

export const slackGuide: ChannelGuide = {
  hears: [
    'Direct messages to the app: every one. In channels: only what mentions the app.',
    'Never: messages of bots and apps, edited and deleted messages, and workspaces that are not listed. Each event is compared by the workspace it was delivered to and by that of the person who wrote: in a channel that is shared with another company these are not the same.',
    'A person is known by Slack’s ids of their workspace and of them (T0123ABCD/U0456EFGH), never by name.',
  ],
  reach:
    'The bot token must be that of a bot: with a person’s token (xoxp-) the bot would act as that person, so it is refused, and so are legacy and session tokens (xoxa-, xoxs-, xoxc-, …), which open far more than the bot needs. The tokens are put into each request when it is sent; they are in no log, record or error. For the standing connection Slack names a host under slack.com; no other is used. Slack is asked not to fetch the addresses that a reply mentions.',
  limits: [
    { what: 'rate', is: 'when Slack asks to wait, all replies of the app wait that long' },
    {
      what: 'threads',
      is: 'answered in the thread of the question; in a channel a thread is begun under it',
    },
    {
      what: 'files received',
      is: 'up to 20 MB of each file of a person who is let in, put into quarantine; it takes the scope files:read',
    },
    { what: 'files sent', is: 'up to 50 MB each; it takes the scope files:write' },
    {
      what: 'HTTP mode',
      is: 'each call is proved by its signature over the bytes that came, with the time of it within five minutes before and after, and taken once; Slack is answered when the event is on the record here',
    },
    { what: 'proxy', is: 'the standing connection does not go through an HTTP proxy' },
    {
      what: 'while away',
      is: 'Slack closes each connection after some hours; the next is opened at once. An event is acknowledged only once it is on the record here, so Slack sends it again after a crash, and one that is sent twice is taken once. Slack tries for some minutes; after that direct messages are asked for when the connection is back, at most 24 hours back, in conversations in which somebody has spoken to the app. What was said in channels or threads longer ago, and what was edited meanwhile, is not run',
    },
  ],
  troubles: [
    {
      says: '… connections of this app were open when this one began',
      do: 'End the other program that uses the app, or make an app of its own for this. Right after a crash it may be the connection of before: connect again.',
    },
    {
      says: 'Slack refused the … token',
      do: 'Copy the current one from api.slack.com/apps, then Enter Token….',
    },
    {
      says: 'Slack cannot reach this machine yet',
      do: 'Forward the port in the Ports view with public visibility, or set cowork.webhook.publicUrl to the address of your own reverse proxy; then enter the address at Slack.',
    },
    {
      says: 'The app lacks a permission',
      do: 'Add it under OAuth & Permissions and install the app again.',
    },
    { says: 'This token is of a legacy kind', do: 'Make a new app as above.' },
    {
      says: 'This Slack account is in use by …',
      do: 'Another window on this machine has it; this one takes over when that one lets go.',
    },
    {
      says: 'Slack cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
