// Written by `npm run generate` from the folders beside it.

import { bluebubblesDescriptor } from './bluebubbles/descriptor';
import type { ChannelDescriptor } from './contract';
import { discordDescriptor } from './discord/descriptor';
import { emailDescriptor } from './email/descriptor';
import { googlechatDescriptor } from './googlechat/descriptor';
import { imessageDescriptor } from './imessage/descriptor';
import { lineDescriptor } from './line/descriptor';
import { localDescriptor } from './local/descriptor';
import { matrixDescriptor } from './matrix/descriptor';
import { mattermostDescriptor } from './mattermost/descriptor';
import { signalDescriptor } from './signal/descriptor';
import { slackDescriptor } from './slack/descriptor';
import { teamsDescriptor } from './teams/descriptor';
import { telegramDescriptor } from './telegram/descriptor';
import { twitchDescriptor } from './twitch/descriptor';
import { whatsappDescriptor } from './whatsapp/descriptor';

/** Every channel that this build knows. */
export const DESCRIPTORS: readonly ChannelDescriptor[] = [
  localDescriptor,
  bluebubblesDescriptor,
  discordDescriptor,
  emailDescriptor,
  googlechatDescriptor,
  imessageDescriptor,
  lineDescriptor,
  matrixDescriptor,
  mattermostDescriptor,
  signalDescriptor,
  slackDescriptor,
  teamsDescriptor,
  telegramDescriptor,
  twitchDescriptor,
  whatsappDescriptor,
];
