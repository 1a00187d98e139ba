import * as vscode from 'vscode';
import type { UserView } from '../../engine/api';
import type { EngineWatch } from '../engine-watch';
import type { ChannelsPort } from '../ports';
import { ago, contextText, roleHelp, roleText } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { EngineTree, textTooltip } from './tree';

export type UserNode =
  | { readonly kind: 'user'; readonly user: UserView }
  | {
      readonly kind: 'channel';
      readonly id: string;
      readonly name: string;
      readonly users: readonly UserView[];
    }
  | { readonly kind: 'revoked'; readonly users: readonly UserView[] };

export function howText(user: UserView): string {
  switch (user.how) {
    case 'paired':
      return t('let in by a pairing code');
    case 'allowlist':
      return t('let in by the allowlist');
    case 'open':
      return t('let in because the channel was open');
    case 'desk':
      return t('let in by you');
  }
}

function icon(user: UserView): vscode.ThemeIcon {
  if (user.state === 'revoked') return new vscode.ThemeIcon('circle-slash');
  if (user.state === 'suspended') {
    return new vscode.ThemeIcon('debug-pause', new vscode.ThemeColor('list.warningForeground'));
  }
  return new vscode.ThemeIcon(user.role === 'owner' || user.role === 'approver' ? 'verified' : 'account');
}

const byName = (a: UserView, b: UserView) =>
  a.displayName.localeCompare(b.displayName) || (a.key < b.key ? -1 : 1);

/** Who may talk to the agent. Grouped by channel once there are two; the revoked stand apart, at the end. */
export class UsersTree extends EngineTree<UserNode> {
  constructor(
    watch: EngineWatch,
    private readonly channels: ChannelsPort,
  ) {
    super('cowork.users', watch, ['users', 'status'], true);
  }

  getChildren(node?: UserNode): UserNode[] {
    if (node !== undefined) {
      return node.kind === 'user' ? [] : node.users.map((user) => ({ kind: 'user', user }));
    }
    const all = [...(this.watch.engine?.users.list() ?? [])].sort(byName);
    const present = all.filter((user) => user.state !== 'revoked');
    const revoked = all.filter((user) => user.state === 'revoked');
    const ids = [...new Set(present.map((user) => user.channel))].sort();
    const nodes: UserNode[] =
      ids.length > 1
        ? ids.map((id) => ({
            kind: 'channel',
            id,
            name: this.channelName(id),
            users: present.filter((user) => user.channel === id),
          }))
        : present.map((user) => ({ kind: 'user', user }));
    return revoked.length > 0 ? [...nodes, { kind: 'revoked', users: revoked }] : nodes;
  }

  getTreeItem(node: UserNode): vscode.TreeItem {
    if (node.kind === 'user') return this.userItem(node.user);
    const expanded = node.kind === 'channel';
    const item = new vscode.TreeItem(
      node.kind === 'channel' ? node.name : t('Revoked'),
      expanded ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed,
    );
    item.id = node.kind === 'channel' ? `users:${node.id}` : 'users.revoked';
    item.description = String(node.users.length);
    item.contextValue = node.kind === 'channel' ? 'userGroup' : 'revokedGroup';
    return item;
  }

  private channelName(id: string): string {
    return this.channels.list().find((channel) => channel.id === id)?.name ?? id;
  }

  private userItem(user: UserView): vscode.TreeItem {
    const now = Date.now();
    const name = flat(user.displayName) || flat(user.sender);
    const item = new vscode.TreeItem(name);
    item.id = `user:${user.key}`;
    item.iconPath = icon(user);
    const state =
      user.state === 'suspended'
        ? t('suspended')
        : user.state === 'revoked'
          ? t('revoked')
          : roleText(user.role);
    const approves = user.state !== 'revoked' && user.remoteApproval.enabled;
    const secured = this.watch.engine?.stepUp.isEnrolled(user.key) === true;
    const seen = t('seen {0}', ago(user.lastSeenAt, now));
    item.description = [
      state,
      approves ? t('approves from chat') : '',
      secured ? t('authenticator') : '',
      flat(user.sender),
      seen,
    ]
      .filter(Boolean)
      .join(' · ');
    item.tooltip = textTooltip(name, [
      t('{0} on {1}, id {2}', state, this.channelName(user.channel), flat(user.sender)),
      roleHelp(user.role),
      t('{0}, {1}, in a {2}', howText(user), ago(user.admittedAt, now), contextText(user.context)),
      user.codeId === undefined ? '' : t('Code: {0}', user.codeId),
      approves && user.remoteApproval.ownRequests ? t('Approves from chat, also their own requests') : '',
      approves && !user.remoteApproval.ownRequests ? t('Approves from chat what others ask for') : '',
      secured ? t('Has an authenticator for high-risk approvals') : '',
      t('Last seen {0}', ago(user.lastSeenAt, now)),
      user.note === '' ? '' : t('Note: {0}', flat(user.note)),
    ]);
    const approver = user.role === 'owner' || user.role === 'approver';
    item.contextValue = [
      'user',
      user.state,
      approves ? 'approves' : approver ? 'mayApprove' : 'other',
      secured ? 'secured' : 'plain',
    ].join('.');
    item.accessibilityInformation = { label: `${name}, ${item.description}` };
    return item;
  }
}
