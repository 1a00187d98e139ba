import * as vscode from 'vscode';
import type { UserView } from '../../engine/api';
import { ROLES, type Role } from '../../engine/model/identity';
import { roleHelp } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { roleText } from '../protocol/words';
import { howText } from '../trees/users-tree';
import {
  type Choice,
  confirmed,
  type Desk,
  type Handler,
  inform,
  isNode,
  Notice,
  needEngine,
  pick,
} from './kit';

/** Longest note, in UTF-16 units; the engine may set a lower limit. */
const NOTE_LIMIT = 500;

function choice(user: UserView): Choice<UserView> {
  return {
    label: flat(user.displayName) || flat(user.sender),
    description: `${user.channel} · ${flat(user.sender)} · ${roleText(user.role)}`,
    detail: howText(user),
    value: user,
  };
}

/** The user as it is now of a node that the tree handed over; keys only are taken from the argument. */
function fromArgument(desk: Desk, value: unknown): UserView | undefined {
  if (typeof value === 'string')
    return needEngine(desk)
      .users.list()
      .find((candidate) => candidate.key === value);
  if (!isNode(value, 'user') || !('user' in value)) return undefined;
  const { user } = value;
  if (typeof user !== 'object' || user === null || !('key' in user)) return undefined;
  return needEngine(desk)
    .users.list()
    .find((candidate) => candidate.key === user.key);
}

/** Roles that may answer approvals at all. */
export function mayApprove({ role }: UserView): boolean {
  return role === 'owner' || role === 'approver';
}

/** The user of the row that the command came from; else the one that is chosen among those for whom it can be done. */
export async function oneUser(
  desk: Desk,
  argument: unknown,
  title: string,
  fits: readonly UserView['state'][] | ((user: UserView) => boolean),
): Promise<UserView | undefined> {
  const given = fromArgument(desk, argument);
  if (given !== undefined) return given;
  const users = needEngine(desk)
    .users.list()
    .filter((user) => (typeof fits === 'function' ? fits(user) : fits.includes(user.state)));
  if (users.length === 0) throw new Notice(t('There is nobody for whom this can be done.'));
  return pick(title, t('Who?'), users.map(choice), true);
}

async function usersToRevoke(desk: Desk, node: unknown, selected: unknown): Promise<readonly UserView[]> {
  const nodes = Array.isArray(selected) && selected.length > 0 ? (selected as readonly unknown[]) : [node];
  const given = nodes.map((item) => fromArgument(desk, item)).filter((user) => user !== undefined);
  if (given.length > 0) return given.filter((user) => user.state !== 'revoked');
  const users = needEngine(desk)
    .users.list()
    .filter((user) => user.state !== 'revoked');
  if (users.length === 0) throw new Notice(t('Nobody has access.'));
  const picked = await vscode.window.showQuickPick(users.map(choice), {
    title: t('Revoke Access'),
    placeHolder: t('Who loses access? Choose one or more.'),
    canPickMany: true,
    matchOnDescription: true,
  });
  return picked?.map((item) => item.value) ?? [];
}

export function userCommands(desk: Desk) {
  return {
    'cowork.users.revoke': async (node, selected) => {
      const users = await usersToRevoke(desk, node, selected);
      const [first] = users;
      if (first === undefined) return;
      const question =
        users.length === 1
          ? t('Revoke the access of {0}?', flat(first.displayName))
          : t('Revoke the access of {0} people?', users.length);
      const detail = t(
        'Their tasks are cancelled, their requests withdrawn and their grants end. They get no answer any more. To come back they need a new code.',
      );
      if (!(await confirmed(question, detail, t('Revoke')))) return;
      await needEngine(desk).users.revoke(
        users.map((user) => user.key),
        t('Revoked by the owner in the editor'),
      );
    },
    'cowork.users.suspend': async (node) => {
      const user = await oneUser(desk, node, t('Suspend'), ['active']);
      if (user === undefined) return;
      await needEngine(desk).users.suspend(user.key, t('Suspended by the owner in the editor'));
    },
    'cowork.users.restore': async (node) => {
      const user = await oneUser(desk, node, t('Restore'), ['suspended']);
      if (user === undefined) return;
      await needEngine(desk).users.restore(user.key, t('Restored by the owner in the editor'));
    },
    'cowork.users.setRole': async (node) => {
      const user = await oneUser(desk, node, t('Set Role'), ['active', 'suspended']);
      if (user === undefined) return;
      const roles = [...ROLES].reverse().map<Choice<Role>>((role) => ({
        label: roleText(role),
        description: role === user.role ? t('now') : '',
        detail: roleHelp(role),
        value: role,
      }));
      const role = await pick(t('Role of {0}', flat(user.displayName)), t('What may they do?'), roles, true);
      if (role === undefined || role === user.role) return;
      if (role === 'owner') {
        const question = t('Make {0} an owner?', flat(user.displayName));
        if (!(await confirmed(question, roleHelp('owner'), t('Make Owner')))) return;
      }
      await needEngine(desk).users.setRole(user.key, role);
    },
    'cowork.users.setNote': async (node) => {
      const user = await oneUser(desk, node, t('Edit Note'), ['active', 'suspended', 'revoked']);
      if (user === undefined) return;
      const note = await vscode.window.showInputBox({
        title: t('Note on {0}', flat(user.displayName)),
        prompt: t('Seen by you and written to the audit.'),
        value: user.note,
        validateInput: (value) =>
          value.length > NOTE_LIMIT ? t('At most {0} characters.', NOTE_LIMIT) : undefined,
      });
      if (note !== undefined) await needEngine(desk).users.setNote(user.key, note);
    },
    'cowork.users.copyId': async (node) => {
      const user = await oneUser(desk, node, t('Copy Id'), ['active', 'suspended', 'revoked']);
      if (user !== undefined) await vscode.env.clipboard.writeText(user.sender);
    },
    'cowork.users.accessDocument': async () => {
      const { users, posture } = needEngine(desk);
      const format = await pick<'markdown' | 'csv'>(
        t('Who Has Access'),
        t('As what?'),
        [
          { label: 'Markdown', detail: t('To read and to keep with other documents'), value: 'markdown' },
          { label: 'CSV', detail: t('For a spreadsheet'), value: 'csv' },
        ],
        true,
      );
      if (format === undefined) return;
      const document = await vscode.workspace.openTextDocument({
        language: format === 'markdown' ? 'markdown' : 'plaintext',
        content: users.accessDocument(format),
      });
      await vscode.window.showTextDocument(document);
      await posture.complete('users', t('The access document was written.'));
      inform(t('This document is not saved yet. Save it where you keep such records.'));
    },
  } satisfies Record<string, Handler>;
}
