import * as vscode from 'vscode';
import type { CredentialHealth, VaultHealth } from '../../engine/api';
import type { ChannelSecret, ChannelViewItem } from '../ports';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { type Choice, type Desk, type Handler, inform, Notice, needEngine, pick } from './kit';

/** A stored credential of a channel. */
interface Stored {
  readonly channel: ChannelViewItem;
  readonly secret: ChannelSecret;
  readonly health: CredentialHealth | undefined;
}

/** What can be rotated, oldest first. A channel's node or id, or a credential's name, narrows it. */
function stored(
  channels: readonly ChannelViewItem[],
  { credentials }: VaultHealth,
  argument: unknown,
): Stored[] {
  const wanted = nameOf(argument);
  const age = ({ health }: Stored) => health?.rotatedAt ?? Number.MAX_SAFE_INTEGER;
  return channels
    .flatMap((channel) =>
      channel.secrets
        .filter((secret) => secret.stored)
        .map((secret) => ({
          channel,
          secret,
          health: credentials.find(({ name }) => name === `${channel.id}/${secret.name}`),
        })),
    )
    .filter(
      ({ channel, secret }) =>
        wanted === undefined || [channel.id, `${channel.id}/${secret.name}`].includes(wanted),
    )
    .sort((a, b) => age(a) - age(b));
}

function nameOf(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  if (typeof argument !== 'object' || argument === null || !('channel' in argument)) return undefined;
  const { channel } = argument;
  return typeof channel === 'object' && channel !== null && 'id' in channel && typeof channel.id === 'string'
    ? channel.id
    : undefined;
}

function choice(item: Stored, days: number): Choice<Stored> {
  const { channel, secret, health } = item;
  return {
    label: `$(${channel.icon}) ${channel.name}: ${secret.label}`,
    description: health ? t('{0} days old', health.ageDays) : '',
    detail: health?.overdue ? t('Older than {0} days: replace it.', days) : '',
    value: item,
  };
}

export function credentialCommands(desk: Desk) {
  const { channels } = desk.host;
  return {
    'cowork.credentials.rotate': async (argument) => {
      const health = await needEngine(desk).vault.health();
      const items = stored(channels.list(), health, argument);
      if (items.length === 0) throw new Notice(t('No credential is stored that could be replaced.'));
      const title = t('Rotate Credential');
      const choices = items.map((item) => choice(item, health.rotateAfterDays));
      const item = await pick(
        title,
        t('Which one? The old one stays until the new one was accepted.'),
        choices,
      );
      if (item === undefined) return;
      const { channel, secret } = item;
      const value = await vscode.window.showInputBox({
        title: t('{0}: new {1}', channel.name, secret.label),
        prompt: secret.help,
        password: true,
        ignoreFocusOut: true,
        validateInput: (text) =>
          text.trim() === '' ? undefined : channels.validateSecret(channel.id, secret.name, text.trim()),
      });
      if (value === undefined || value.trim() === '') return;
      const account = await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: t('Asking {0} whether this is right…', channel.name),
        },
        () => channels.rotateSecret(channel.id, secret.name, value.trim()),
      );
      inform(
        t(
          '{0} knows the new one as {1}. The old one is no longer stored; revoke it there if it still works.',
          channel.name,
          flat(account.handle ?? account.name),
        ),
      );
    },
  } satisfies Record<string, Handler>;
}
