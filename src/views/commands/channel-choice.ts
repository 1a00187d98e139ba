import * as vscode from 'vscode';
import type { ChatContext } from '../../engine/model/identity';
import type { ChannelViewItem } from '../ports';
import { itemText } from '../present/checklist-words';
import { channelStateText, contextHelp } from '../present/words';
import { t, translated } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { contextText } from '../protocol/words';
import { type Choice, type Desk, isNode, Notice, needEngine, pick } from './kit';

/** The channel that a tree, or another command, has named. */
export function channelOf(desk: Desk, value: unknown): ChannelViewItem | undefined {
  const channels = desk.host.channels.list();
  if (typeof value === 'string') return channels.find((item) => item.id === value);
  if (typeof value !== 'object' || value === null || !('channel' in value)) return undefined;
  const { channel } = value;
  if (typeof channel !== 'object' || channel === null || !('id' in channel)) return undefined;
  return channels.find((item) => item.id === channel.id);
}

export function channelChoice(channel: ChannelViewItem): Choice<ChannelViewItem> {
  return {
    label: `$(${channel.icon}) ${channel.name}`,
    description: channelStateText(channel.state),
    detail: flat(channel.enabled ? channel.detail : translated(channel.summary)),
    value: channel,
  };
}

export async function oneChannel(
  desk: Desk,
  argument: unknown,
  title: string,
  fits: (channel: ChannelViewItem) => boolean,
  none: string,
): Promise<ChannelViewItem | undefined> {
  const given = channelOf(desk, argument);
  if (given !== undefined) return given;
  const channels = desk.host.channels.list().filter(fits);
  if (channels.length === 0) throw new Notice(none);
  return pick(title, t('Which channel?'), channels.map(channelChoice), true);
}

export async function oneContext(
  channel: ChannelViewItem,
  node: unknown,
  title: string,
): Promise<ChatContext | undefined> {
  if (isNode(node, 'context') && 'context' in node) {
    const given = channel.contexts.find((context) => context === node.context);
    if (given !== undefined) return given;
  }
  return pick(
    title,
    t('For which kind of conversation?'),
    channel.contexts.map((context) => ({
      label: contextText(context),
      detail: contextHelp(context),
      value: context,
    })),
  );
}

/** Ids as a person types them: separated by commas, spaces or line ends, each once. */
export function parseIds(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((id) => id !== ''))];
}

/**
 * `Before adding external channels`: what of it is open is said before a channel is connected. The owner may go on
 * all the same, which is put on the record, once for each channel.
 */
export async function mayConnect(desk: Desk, channel: ChannelViewItem): Promise<boolean> {
  const { posture } = needEngine(desk);
  if (channel.enabled || posture.isAcknowledged('connect', channel.id)) return true;
  const open = await posture.gate(channel.id);
  if (open.length === 0) return true;
  const lines = open.map(({ id, title, evidence }) => `• ${itemText(id, title)}: ${flat(evidence)}`);
  const [all, checklist] = [t('Connect Anyway'), t('Show the Checklist')];
  const answer = await vscode.window.showWarningMessage(
    t('Connect {0} before the checklist is complete?', channel.name),
    {
      modal: true,
      detail: `${lines.join('\n')}\n\n${t('Going on all the same is put on the record.')}`,
    },
    all,
    checklist,
  );
  if (answer === checklist) await vscode.commands.executeCommand('cowork.checklist.focus');
  if (answer !== all) return false;
  const named = open.map(({ id, title }) => itemText(id, title)).join('; ');
  await posture.acknowledge(
    'connect',
    channel.id,
    t('{0} was connected with this still open: {1}', channel.name, named),
  );
  return true;
}
