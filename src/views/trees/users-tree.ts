import * as vscode from 'vscode';
import type { UserView } from '../../engine/api';
import type { EngineWatch } from '../engine-watch';
import type { ChannelsPort } from '../ports';
import { ago, roleHelp } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { contextText, roleText } from '../protocol/words';
import { grouped, type TreeChoices, type UserGroup } from './choices';
import { EngineTree, textTooltip } from './tree';

export type UserNode =
  | { readonly kind: 'user'; readonly user: UserView }
  | {
      readonly kind: 'group';
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

/** Who may talk to the agent, grouped as the person chose; the revoked stand apart, at the end. */
export class UsersTree extends EngineTree<UserNode> {
  constructor(
    watch: EngineWatch,
    private readonly channels: ChannelsPort,
    private readonly choices: TreeChoices<UserGroup>,
  ) {
    super('cowork.users', watch, ['users', 'status'], true);
    this.choose(choices);
  }

  protected childrenOf(node?: UserNode): UserNode[] {
    if (node !== undefined) {
      return node.kind === 'user' ? [] : node.users.map((user) => ({ kind: 'user', user }));
    }
    const all = [...(this.watch.engine?.users.list() ?? [])].filter((user) => this.fits(user)).sort(byName);
    const present = all.filter((user) => user.state !== 'revoked');
    const revoked = all.filter((user) => user.state === 'revoked');
    const nodes = this.groups(present);
    return revoked.length > 0 ? [...nodes, { kind: 'revoked', users: revoked }] : nodes;
  }

  private fits(user: UserView): boolean {
    const { displayName, sender, channel, role, note } = user;
    return this.choices.fits(
      displayName,
      sender,
      channel,
      this.channels.nameOf(channel),
      roleText(role),
      note,
    );
  }

  /** A single group is not shown as one: its people stand by themselves. */
  private groups(users: readonly UserView[]): UserNode[] {
    const { group } = this.choices;
    const nameOf = ({ channel, role }: UserView) =>
      group === 'channel' ? this.channels.nameOf(channel) : group === 'role' ? roleText(role) : '';
    const found = [...grouped(users, nameOf)].sort(([a], [b]) => a.localeCompare(b));
    if (found.length < 2) return users.map((user) => ({ kind: 'user', user }));
    return found.map(([name, members]) => ({ kind: 'group', id: `${group}:${name}`, name, users: members }));
  }

  getTreeItem(node: UserNode): vscode.TreeItem {
    if (node.kind === 'user') return this.userItem(node.user);
    const expanded = node.kind === 'group';
    const item = new vscode.TreeItem(
      node.kind === 'group' ? node.name : t('Revoked'),
      expanded ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed,
    );
    item.id = node.kind === 'group' ? `users:${node.id}` : 'users.revoked';
    item.description = String(node.users.length);
    item.contextValue = node.kind === 'group' ? 'userGroup' : 'revokedGroup';
    return item;
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
      t('{0} on {1}, id {2}', state, this.channels.nameOf(user.channel), flat(user.sender)),
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
