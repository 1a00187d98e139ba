import * as vscode from 'vscode';
import type { CodeView } from '../../engine/api';
import type { AccessMode, ChannelState } from '../../engine/model/events';
import type { ChatContext, ConversationKey } from '../../engine/model/identity';
import type { EngineWatch } from '../engine-watch';
import type { ChannelsPort, ChannelViewItem } from '../ports';
import { ago, channelStateText, contextHelp, lasting, modeHelp, modeText } from '../present/words';
import { t, translated } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { contextText, roleText } from '../protocol/words';
import { EngineTree, textTooltip } from './tree';

export type ChannelNode =
  | { readonly kind: 'channel'; readonly channel: ChannelViewItem }
  | {
      readonly kind: 'context';
      readonly channel: ChannelViewItem;
      readonly context: ChatContext;
      readonly mode: AccessMode;
    }
  | { readonly kind: 'code'; readonly channel: ChannelViewItem; readonly code: CodeView }
  | {
      readonly kind: 'conversation';
      readonly channel: ChannelViewItem;
      readonly key: ConversationKey;
      readonly name: string;
      readonly admittedAt: number;
      readonly how: string;
    };

/** How often a countdown is drawn. In milliseconds. */
const COUNT_MS = 1000;

function stateIcon(state: ChannelState): vscode.ThemeIcon {
  switch (state) {
    case 'online':
      return new vscode.ThemeIcon('pass-filled', new vscode.ThemeColor('testing.iconPassed'));
    case 'connecting':
      return new vscode.ThemeIcon('sync~spin');
    case 'waiting':
      return new vscode.ThemeIcon('debug-disconnect', new vscode.ThemeColor('list.warningForeground'));
    case 'fatal':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
    case 'unconfigured':
      return new vscode.ThemeIcon('key', new vscode.ThemeColor('list.warningForeground'));
    case 'restricted':
      return new vscode.ThemeIcon('shield');
    case 'off':
      return new vscode.ThemeIcon('circle-slash');
  }
}

/** Channels that are switched on, each with its modes by context, its live codes and the rooms that were let in. */
export class ChannelsTree extends EngineTree<ChannelNode> {
  private counting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    watch: EngineWatch,
    private readonly channels: ChannelsPort,
  ) {
    super('cowork.channels', watch, ['channels', 'codes', 'users', 'status']);
    this.register({ dispose: () => clearTimeout(this.counting) });
  }

  protected childrenOf(node?: ChannelNode): ChannelNode[] {
    const engine = this.watch.engine;
    if (engine === undefined) return [];
    if (node === undefined) {
      return this.channels
        .list()
        .filter((channel) => channel.enabled || channel.builtIn)
        .map((channel) => ({ kind: 'channel', channel }));
    }
    if (node.kind !== 'channel') return [];
    const { channel } = node;
    const contexts = channel.contexts.map<ChannelNode>((context) => ({
      kind: 'context',
      channel,
      context,
      mode: engine.users.mode(channel.id, context),
    }));
    const codes = engine.pairing
      .live()
      .filter((code) => code.channel === channel.id)
      .map<ChannelNode>((code) => ({ kind: 'code', channel, code }));
    const rooms = engine.users
      .conversations()
      .filter((room) => room.ref.channel === channel.id)
      .map<ChannelNode>((room) => ({
        kind: 'conversation',
        channel,
        key: room.key,
        name: room.ref.conversation,
        admittedAt: room.admittedAt,
        how: room.how,
      }));
    return [...contexts, ...codes, ...rooms];
  }

  getTreeItem(node: ChannelNode): vscode.TreeItem {
    switch (node.kind) {
      case 'channel':
        return this.channelItem(node.channel);
      case 'context':
        return this.contextItem(node.channel, node.context, node.mode);
      case 'code':
        return this.codeItem(node.code);
      case 'conversation':
        return this.conversationItem(node);
    }
  }

  private channelItem(channel: ChannelViewItem): vscode.TreeItem {
    const item = new vscode.TreeItem(channel.name, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = `channel:${channel.id}`;
    item.iconPath = stateIcon(channel.state);
    const state = channelStateText(channel.state);
    const account = channel.account?.handle ?? channel.account?.name;
    const known = account === undefined || account === channel.name ? '' : flat(account);
    const waiting = channel.pending > 0 ? t('{0} to send', channel.pending) : '';
    const next =
      channel.nextTryAt === undefined
        ? ''
        : t('next try in {0}', lasting(Math.max(0, channel.nextTryAt - Date.now())));
    if (channel.nextTryAt !== undefined) this.countDown();
    const [health = ''] = channel.health;
    item.description = [state, next, known, waiting, flat(health)].filter(Boolean).join(' · ');
    item.tooltip = textTooltip(`${channel.name}: ${state}`, [
      flat(channel.detail),
      ...channel.health.map(flat),
      translated(channel.summary),
    ]);
    const running = ['online', 'connecting', 'waiting'].includes(channel.state) ? 'running' : 'stopped';
    const kinds = ['channel', running, channel.builtIn ? 'builtin' : 'external'];
    item.contextValue = [...kinds, ...(channel.called ? ['called'] : [])].join('.');
    item.accessibilityInformation = {
      label: `${channel.name}, ${item.description}. ${flat(channel.detail)}`,
    };
    return item;
  }

  /** A row with a time that runs out is drawn again as long as somebody looks at it. */
  private countDown(): void {
    clearTimeout(this.counting);
    this.counting = setTimeout(() => this.refresh(), COUNT_MS);
  }

  private contextItem(channel: ChannelViewItem, context: ChatContext, mode: AccessMode): vscode.TreeItem {
    const item = new vscode.TreeItem(contextText(context));
    item.id = `context:${channel.id}:${context}`;
    item.description = modeText(mode);
    const open = mode === 'open';
    item.iconPath = open
      ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'))
      : new vscode.ThemeIcon(
          mode === 'disabled' ? 'circle-slash' : mode === 'allowlist' ? 'checklist' : 'lock',
        );
    item.tooltip = textTooltip(`${contextText(context)}: ${modeText(mode)}`, [
      contextHelp(context),
      modeHelp(mode),
    ]);
    item.contextValue = `context.${mode}`;
    return item;
  }

  private codeItem(code: CodeView): vscode.TreeItem {
    const item = new vscode.TreeItem(t('Pairing code'));
    item.id = `code:${code.codeId}`;
    const shared = code.triedByCount > 1;
    item.iconPath = shared
      ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'))
      : new vscode.ThemeIcon('key');
    const left = lasting(code.expiresAt - Date.now());
    const tries = code.wrongTries > 0 ? t('{0} wrong tries', code.wrongTries) : '';
    const people = shared ? t('tried by {0} people', code.triedByCount) : '';
    item.description = [contextText(code.context), t('{0} left', left), tries, people]
      .filter(Boolean)
      .join(' · ');
    item.tooltip = textTooltip(t('A pairing code that can still be used'), [
      t('Lets one person in as {0}.', roleText(code.role)),
      code.expectedSender === undefined ? '' : t('Only for the id {0}', flat(code.expectedSender)),
      tries,
      shared ? t('More than one person tried codes. Make a new one if you showed it to one only.') : '',
    ]);
    item.contextValue = 'code';
    item.command = { command: 'cowork.pairing.show', title: t('Show'), arguments: [{ kind: 'code', code }] };
    return item;
  }

  private conversationItem(room: Extract<ChannelNode, { kind: 'conversation' }>): vscode.TreeItem {
    const item = new vscode.TreeItem(flat(room.name));
    item.id = `conversation:${room.key}`;
    item.iconPath = new vscode.ThemeIcon('comment-discussion');
    item.description = t('room, let in {0}', ago(room.admittedAt, Date.now()));
    item.tooltip = textTooltip(flat(room.name), [t('How it was let in: {0}', room.how)]);
    item.contextValue = 'conversation';
    return item;
  }
}
