import * as vscode from 'vscode';
import type { ChannelViewItem, WebhookReach } from '../ports';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { channelOf } from './channel-choice';
import { confirmed, type Desk, type Handler, inform, Notice, needEngine, pick } from './kit';

interface Called {
  readonly channel: ChannelViewItem;
  readonly url: string;
  readonly isPublic: boolean;
}

/** The channel that is meant, among those that a platform calls. */
async function calledChannel(desk: Desk, argument: unknown, title: string): Promise<Called | undefined> {
  needEngine(desk);
  const { channels } = desk.host;
  const called: Called[] = [];
  for (const channel of channels.list()) {
    const door = channel.enabled ? await channels.webhook(channel.id) : undefined;
    if (door) called.push({ channel, ...door });
  }
  if (called.length === 0)
    throw new Notice(t('No connected channel is called by a platform, so there is no address.'));
  const given = channelOf(desk, argument);
  const meant = called.find(({ channel }) => channel.id === given?.id);
  if (meant) return meant;
  return pick(
    title,
    t('Which channel?'),
    called.map((one) => ({
      label: `$(${one.channel.icon}) ${one.channel.name}`,
      description: one.isPublic ? new URL(one.url).host : t('only on this machine'),
      value: one,
    })),
    given === undefined,
  );
}

function reachText(reach: WebhookReach): { readonly text: string; readonly good: boolean } {
  switch (reach.kind) {
    case 'reached':
      return { good: true, text: t('{0} leads here: platforms can call this window.', reach.host) };
    case 'local':
      return {
        good: false,
        text: t(
          'There is no public address. Forward the port in the Ports view with public visibility, or set cowork.webhook.publicUrl to the address of your own reverse proxy.',
        ),
      };
    case 'elsewhere':
      return {
        good: false,
        text: t(
          '{0} answers, but it is not this window (status {1}). Let the proxy or the forwarded port lead to the port of cowork.webhook.port, with public visibility.',
          reach.host,
          reach.status,
        ),
      };
    case 'unreachable':
      return {
        good: false,
        text: t('{0} cannot be reached from here: {1}', reach.host, flat(reach.why)),
      };
  }
}

export function webhookCommands(desk: Desk) {
  const { channels } = desk.host;
  return {
    'cowork.webhook.copyAddress': async (argument) => {
      const called = await calledChannel(desk, argument, t('Copy Webhook Address'));
      if (called === undefined) return;
      await vscode.env.clipboard.writeText(called.url);
      if (called.isPublic)
        inform(t('Copied. Whoever knows this address can knock, so treat it like a password.'));
      else void vscode.window.showWarningMessage(reachText({ kind: 'local' }).text);
    },
    'cowork.webhook.checkReach': async (argument) => {
      const called = await calledChannel(desk, argument, t('Check Reachability'));
      if (called === undefined) return;
      const reach = await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: t('Asking for a page at the public address…'),
        },
        () => channels.checkReach(called.channel.id),
      );
      const { text, good } = reachText(reach);
      if (good) inform(text);
      else void vscode.window.showWarningMessage(text);
    },
    'cowork.webhook.renewAddress': async (argument) => {
      const called = await calledChannel(desk, argument, t('Renew Webhook Address'));
      if (called === undefined) return;
      const question = t('Give {0} a new address?', called.channel.name);
      const detail = t(
        'The old one is dead at once: until the platform knows the new one, no message arrives. Copy it afterwards and enter it there.',
      );
      if (await confirmed(question, detail, t('Renew'))) await channels.renewWebhook(called.channel.id);
    },
  } satisfies Record<string, Handler>;
}
