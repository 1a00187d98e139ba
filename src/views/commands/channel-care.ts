import * as vscode from 'vscode';
import type { ChannelViewItem, CheckedAccount } from '../ports';
import { channelStateText } from '../present/words';
import { t, translated } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { oneChannel } from './channel-choice';
import { isLacking } from './channel-secrets';
import { openDocs } from './checklist';
import { type Desk, type Handler, inform, Notice, needEngine, pick } from './kit';

/** Asks the platform about what is stored; a press of *Cancel* ends it. Undefined when it was cancelled, or says no. */
function test(desk: Desk, channel: ChannelViewItem): Thenable<{ account?: CheckedAccount } | undefined> {
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: t('Asking {0} whether this is right…', channel.name),
      cancellable: true,
    },
    async (_progress, token) => {
      const stop = new AbortController();
      const listening = token.onCancellationRequested(() => stop.abort());
      try {
        const account = await desk.host.channels.test(channel.id, stop.signal);
        return account === undefined ? {} : { account };
      } catch (error) {
        if (stop.signal.aborted) return undefined;
        const why = desk.host.mask(error instanceof Error ? error.message : String(error));
        void vscode.window.showErrorMessage(t('{0} says no: {1}', channel.name, why));
        return undefined;
      } finally {
        listening.dispose();
      }
    },
  );
}

/** Looking at a channel, and at what it did. */
export function channelCareCommands(desk: Desk) {
  const none = () => t('No channel is switched on. Add one first.');
  const present = (channel: ChannelViewItem) => channel.enabled || channel.builtIn;
  return {
    'cowork.channels.test': async (argument) => {
      needEngine(desk);
      const channel = await oneChannel(desk, argument, t('Test Connection'), present, none());
      if (channel === undefined) return;
      const lacking = channel.secrets.find(isLacking);
      if (lacking !== undefined)
        throw new Notice(t('{0} has no {1} yet. Enter it first.', channel.name, translated(lacking.label)));
      const found = await test(desk, channel);
      if (found === undefined) return;
      const state = channelStateText(channel.state);
      const { account } = found;
      inform(
        [
          account === undefined
            ? t('{0} cannot be asked without connecting. It is {1}.', channel.name, state)
            : t('{0} answers and knows this as {1}. It is {2}.', channel.name, nameOf(account), state),
          ...channel.health.map(flat),
        ].join(' '),
      );
    },
    'cowork.channels.viewLog': async (argument) => {
      needEngine(desk);
      const channel = await oneChannel(desk, argument, t('View Log'), present, none());
      if (channel !== undefined) desk.panels.audit.show(`channel:${channel.id}`);
    },
    'cowork.channels.showIdentity': async (argument) => {
      needEngine(desk);
      const channel = await oneChannel(desk, argument, t('Show Identity'), present, none());
      if (channel === undefined) return;
      const { account } = channel;
      if (account === undefined)
        throw new Notice(t('{0} has not said yet who the bot is: {1}', channel.name, flat(channel.detail)));
      const kind =
        account.isBot === null
          ? t('The platform has no notion of a bot.')
          : account.isBot
            ? t('It is a bot account.')
            : t('It is a person’s account. Use a bot account made for this only.');
      const copy = t('Copy Id');
      const detail = [t('Id: {0}', flat(account.id)), kind, ...channel.health.map(flat)].join('\n');
      const answer = await vscode.window.showInformationMessage(
        t('{0} knows this as {1}', channel.name, nameOf(account)),
        { modal: true, detail },
        copy,
      );
      if (answer === copy) await vscode.env.clipboard.writeText(account.id);
    },
    'cowork.channels.openPage': async (argument) => {
      const channel = await oneChannel(desk, argument, t('Open Page'), () => true, none());
      if (channel === undefined) return;
      const url = await pick(
        channel.name,
        t('Which page?'),
        [
          ...channel.links.map(({ label, url }) => ({
            label: translated(label),
            description: new URL(url).host,
            value: url,
          })),
          {
            label: t('The documentation of this channel'),
            description: '',
            value: '',
          },
        ],
        true,
      );
      if (url === '') await openDocs(desk, `docs/channels/${channel.id}.md`);
      else if (url !== undefined) await vscode.env.openExternal(vscode.Uri.parse(url));
    },
    'cowork.channels.showSetup': async (argument) => {
      const channel = await oneChannel(desk, argument, t('Setup Guide'), () => true, none());
      if (channel !== undefined) await desk.panels.guides.show(channel);
    },
  } satisfies Record<string, Handler>;
}

function nameOf({ name, handle }: { readonly name: string; readonly handle?: string }): string {
  return flat(handle ?? name);
}
