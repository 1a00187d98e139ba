// Written by `npm run generate` from the folders beside it.
import type { ChannelRule } from '../engine/model/posture';
import { bluebubblesRules } from './bluebubbles/rules';
import { discordRules } from './discord/rules';
import { emailRules } from './email/rules';
import { googlechatRules } from './googlechat/rules';
import { lineRules } from './line/rules';
import { matrixRules } from './matrix/rules';
import { mattermostRules } from './mattermost/rules';
import { signalRules } from './signal/rules';
import { slackRules } from './slack/rules';
import { teamsRules } from './teams/rules';
import { telegramRules } from './telegram/rules';
import { twitchRules } from './twitch/rules';
import { whatsappRules } from './whatsapp/rules';

/** Rules of the Checklist about one channel alone, by its id. What holds for every channel is not repeated there. */
export const CHANNEL_RULES: Readonly<Record<string, readonly ChannelRule[]>> = {
  bluebubbles: bluebubblesRules,
  discord: discordRules,
  email: emailRules,
  googlechat: googlechatRules,
  line: lineRules,
  matrix: matrixRules,
  mattermost: mattermostRules,
  signal: signalRules,
  slack: slackRules,
  teams: teamsRules,
  telegram: telegramRules,
  twitch: twitchRules,
  whatsapp: whatsappRules,
};
