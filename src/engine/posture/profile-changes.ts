import type { ChatContext } from '../model/identity';
import type { ProfileChange, ProfileName } from '../model/posture';
import { strictestMode } from '../policy/merge';
import { PROFILE_CEILINGS, type ProfileCeiling } from '../policy/profiles';
import { MODES, type UserPolicy } from '../policy/schema';
import type { ChannelPosture } from './facts';

export interface ProfileInput {
  readonly from: ProfileName;
  readonly to: ProfileName;
  readonly user: UserPolicy;
  readonly channels: readonly ChannelPosture[];
  readonly isolated: boolean | undefined;
}

/** What another profile would change here and now, and only that. */
export function profileChanges({
  from,
  to,
  user,
  channels,
  isolated,
}: ProfileInput): readonly ProfileChange[] {
  const [now, then] = [PROFILE_CEILINGS[from], PROFILE_CEILINGS[to]];
  const changes: ProfileChange[] = [];
  const add = (what: string, before: string, after: string, stricter: boolean) => {
    if (before !== after) changes.push({ what, before, after, stricter });
  };
  const outside = (ceiling: ProfileCeiling) =>
    ceiling.outsideWorkspace ? 'asked about, or as listed' : 'denied';
  add('Files outside the folder', outside(now), outside(then), !then.outsideWorkspace);
  for (const { path, access } of user.allowedPaths ?? []) {
    const listed = (ceiling: ProfileCeiling) => (ceiling.outsideWorkspace ? `${access} allowed` : 'denied');
    add(path, listed(now), listed(then), !then.outsideWorkspace);
  }
  const wanted = user.mode ?? 'ask';
  const mode = (ceiling: ProfileCeiling) => strictestMode(wanted, ceiling.mode);
  add('Mode in force', mode(now), mode(then), MODES.indexOf(mode(then)) < MODES.indexOf(mode(now)));
  add('Most permissive mode', now.mode, then.mode, MODES.indexOf(then.mode) < MODES.indexOf(now.mode));
  for (const [name, value] of Object.entries(user.budgets ?? {})) {
    const off = (ceiling: ProfileCeiling) => (value === null && ceiling.guardrailsOptional ? 'off' : 'on');
    add(`Budget ${name}`, off(now), off(then), !then.guardrailsOptional);
  }
  const boxed = (ceiling: ProfileCeiling) =>
    ceiling.isolationRequired
      ? isolated === false
        ? 'refused: no sandbox isolates them here'
        : 'only in a sandbox that isolates them'
      : 'in the best sandbox there is';
  add('Commands', boxed(now), boxed(then), then.isolationRequired);
  const memory = (ceiling: ProfileCeiling) => (ceiling.memoryWithOthers ? 'as the rules say' : 'denied');
  add('Memory tools in groups', memory(now), memory(then), !then.memoryWithOthers);
  const debug = (ceiling: ProfileCeiling) => (ceiling.debugLogging ? 'possible' : 'off');
  add('Debug logging', debug(now), debug(then), !then.debugLogging);
  for (const channel of channels) {
    for (const context of channel.contexts) {
      add(
        `${channel.name}, ${context}`,
        modeUnder(now, channel, context),
        modeUnder(then, channel, context),
        then.openAccess === 'never',
      );
    }
  }
  return changes;
}

/** A choice of “open” counts as pairing where the profile does not permit it. */
function modeUnder(ceiling: ProfileCeiling, channel: ChannelPosture, context: ChatContext): string {
  const chosen = channel.chosen[context] ?? 'pairing';
  if (chosen !== 'open') return chosen;
  const permitted = ceiling.openAccess === 'local' && (!channel.external || channel.acknowledged.open);
  return permitted ? 'open' : 'pairing';
}
