import type { AccessMode, ChannelState, TaskState } from '../../engine/model/events';
import type { ChatContext, Role } from '../../engine/model/identity';
import { t } from '../protocol/l10n';

/** The product's own enumerations in words that a person reads. */

export function roleHelp(role: Role): string {
  switch (role) {
    case 'owner':
      return t('May do everything, including stopping all work');
    case 'approver':
      return t('May ask for work and answer approvals');
    case 'member':
      return t('May ask for work');
    case 'observer':
      return t('May look at status and tasks, nothing else');
  }
}

export function contextHelp(context: ChatContext): string {
  switch (context) {
    case 'dm':
      return t('One person alone with the bot');
    case 'group':
      return t('A room whose members were invited');
    case 'public':
      return t('A room that anyone may join');
  }
}

export function modeText(mode: AccessMode): string {
  switch (mode) {
    case 'pairing':
      return t('pairing');
    case 'allowlist':
      return t('allowlist');
    case 'open':
      return t('open');
    case 'disabled':
      return t('disabled');
  }
}

export function modeHelp(mode: AccessMode): string {
  switch (mode) {
    case 'pairing':
      return t('People are let in by a code that only you can show them. Recommended.');
    case 'allowlist':
      return t('Only the ids on a list that you keep are let in.');
    case 'open':
      return t('Anyone who finds the bot is let in. For tests on your own machine only.');
    case 'disabled':
      return t('Nobody is answered.');
  }
}

export function channelStateText(state: ChannelState): string {
  switch (state) {
    case 'off':
      return t('off');
    case 'restricted':
      return t('off in Restricted Mode');
    case 'unconfigured':
      return t('not set up');
    case 'connecting':
      return t('connecting');
    case 'online':
      return t('online');
    case 'waiting':
      return t('waiting to reconnect');
    case 'fatal':
      return t('needs you');
  }
}

export function taskStateText(state: TaskState): string {
  switch (state) {
    case 'queued':
      return t('queued');
    case 'running':
      return t('running');
    case 'waiting-approval':
      return t('waits for approval');
    case 'done':
      return t('done');
    case 'failed':
      return t('failed');
    case 'cancelled':
      return t('cancelled');
    case 'denied':
      return t('denied');
    case 'interrupted':
      return t('interrupted');
  }
}

/** How long ago, in the largest unit that fits; `now` and `at` in milliseconds since the epoch. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return t('just now');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('{0} min ago', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t('{0} h ago', hours);
  return t('{0} d ago', Math.floor(hours / 24));
}

/** A duration in milliseconds as `12 s`, `3 min 4 s` or `2 h 5 min`. */
export function lasting(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return t('{0} s', seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('{0} min {1} s', minutes, seconds % 60);
  return t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}
