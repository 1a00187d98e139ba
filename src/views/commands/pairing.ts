import * as vscode from 'vscode';
import type { CodeView } from '../../engine/api';
import { type ChatContext, ROLES, type Role } from '../../engine/model/identity';
import type { ChannelViewItem } from '../ports';
import { contextHelp, lasting, modeText, roleHelp } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { contextText, roleText } from '../protocol/words';
import { type Choice, confirmed, type Desk, type Handler, isNode, Notice, needEngine, pick } from './kit';

/** What *Extend* adds, in milliseconds: the default life of a code. */
const EXTEND_MS = 300_000;
/** No platform has longer ids, in UTF-16 units. */
const EXPECTED_LIMIT = 200;

function channelFromArgument(desk: Desk, value: unknown): ChannelViewItem | undefined {
  if (typeof value !== 'object' || value === null || !('channel' in value)) return undefined;
  const { channel } = value;
  if (typeof channel !== 'object' || channel === null || !('id' in channel)) return undefined;
  return desk.host.channels.list().find((item) => item.id === channel.id);
}

async function chooseChannel(desk: Desk, argument: unknown): Promise<ChannelViewItem | undefined> {
  const given = channelFromArgument(desk, argument);
  if (given !== undefined) return given;
  const usable = desk.host.channels.list().filter((channel) => channel.enabled || channel.builtIn);
  if (usable.length === 0) throw new Notice(t('No channel is switched on. Add one first.'));
  return pick(
    t('Generate Pairing Code'),
    t('For which channel?'),
    usable.map((channel) => ({
      label: `$(${channel.icon}) ${channel.name}`,
      description: flat(channel.account?.handle ?? channel.account?.name ?? ''),
      detail: flat(channel.detail),
      value: channel,
    })),
  );
}

async function chooseContext(
  desk: Desk,
  channel: ChannelViewItem,
  node: unknown,
): Promise<ChatContext | undefined> {
  if (isNode(node, 'context') && 'context' in node) {
    const given = channel.contexts.find((context) => context === node.context);
    if (given !== undefined) return given;
  }
  const { users } = needEngine(desk);
  const paired = channel.contexts.filter((context) => users.mode(channel.id, context) === 'pairing');
  if (paired.length === 0) {
    const modes = channel.contexts.map(
      (context) => `${contextText(context)}: ${modeText(users.mode(channel.id, context))}`,
    );
    throw new Notice(
      t(
        '{0} does not use pairing ({1}). Set its access mode to pairing first.',
        channel.name,
        modes.join(', '),
      ),
    );
  }
  return pick(
    t('Generate Pairing Code'),
    t('Where will it be sent?'),
    paired.map((context) => ({ label: contextText(context), detail: contextHelp(context), value: context })),
  );
}

async function chooseRole(): Promise<Role | undefined> {
  const order: readonly Role[] = ['member', 'observer', 'approver', 'owner'];
  return pick(
    t('Generate Pairing Code'),
    t('What may the person do?'),
    order
      .filter((role) => ROLES.includes(role))
      .map((role) => ({ label: roleText(role), detail: roleHelp(role), value: role })),
  );
}

/**
 * Whom the code is for, as the platform's id; empty for whoever has it; undefined when the person left. In the
 * chat of this editor there is nobody else to keep out.
 */
async function chooseExpected(channel: ChannelViewItem): Promise<string | undefined> {
  if (channel.builtIn) return '';
  const id = await vscode.window.showInputBox({
    title: t('Generate Pairing Code'),
    prompt: t(
      'Id of the one person who may use it, if you know it. Leave it empty for whoever has the code.',
    ),
    placeHolder: t('Anyone who has the code'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.length > EXPECTED_LIMIT ? t('At most {0} characters.', EXPECTED_LIMIT) : undefined,
  });
  return id?.trim();
}

/** The live code that a node or the person means. */
async function chooseCode(desk: Desk, argument: unknown, title: string): Promise<CodeView | undefined> {
  const live = needEngine(desk).pairing.live();
  if (typeof argument === 'string') {
    const found = live.find((view) => view.codeId === argument);
    if (found === undefined) throw new Notice(t('This code can no longer be used.'));
    return found;
  }
  if (isNode(argument, 'code') && 'code' in argument) {
    const { code } = argument;
    const id = typeof code === 'object' && code !== null && 'codeId' in code ? code.codeId : undefined;
    const found = live.find((view) => view.codeId === id);
    if (found === undefined) throw new Notice(t('This code can no longer be used.'));
    return found;
  }
  if (live.length === 0) throw new Notice(t('There is no pairing code that can be used now.'));
  const now = Date.now();
  return pick(
    title,
    t('Which code?'),
    live.map<Choice<CodeView>>((view) => ({
      label: `${view.channel}, ${contextText(view.context)}`,
      description: t('{0}, {1} left', roleText(view.role), lasting(view.expiresAt - now)),
      value: view,
    })),
  );
}

export function pairingCommands(desk: Desk) {
  const generate: Handler = async (argument) => {
    needEngine(desk);
    const channel = await chooseChannel(desk, argument);
    if (channel === undefined) return;
    const context = await chooseContext(desk, channel, argument);
    if (context === undefined) return;
    const role = await chooseRole();
    if (role === undefined) return;
    if (role === 'owner') {
      const question = t('Give the code the role of owner?');
      if (!(await confirmed(question, roleHelp('owner'), t('Generate')))) return;
    }
    const expectedSender = await chooseExpected(channel);
    if (expectedSender === undefined) return;
    const { code, view } = await needEngine(desk).pairing.issue({
      channel: channel.id,
      context,
      role,
      ...(expectedSender === '' ? {} : { expectedSender }),
    });
    desk.panels.pairing.show(code, view);
  };
  return {
    'cowork.pairing.generate': generate,
    'cowork.pairing.show': async (argument) => {
      const view = await chooseCode(desk, argument, t('Show Pairing Code'));
      if (view === undefined || desk.panels.pairing.reveal(view.codeId)) return;
      const detail = t(
        'Only its hash is kept, so it cannot be shown again. A new one ends the old one at once.',
      );
      if (await confirmed(t('This code is no longer on screen.'), detail, t('New Code'))) {
        await desk.panels.pairing.rotate(view.codeId);
      }
    },
    'cowork.pairing.rotate': async (argument) => {
      const view = await chooseCode(desk, argument, t('Rotate Pairing Code'));
      if (view !== undefined) await desk.panels.pairing.rotate(view.codeId);
    },
    'cowork.pairing.extend': async (argument) => {
      const view = await chooseCode(desk, argument, t('Extend Pairing Code'));
      if (view !== undefined) await needEngine(desk).pairing.extend(view.codeId, EXTEND_MS);
    },
    'cowork.pairing.cancel': async (argument) => {
      const view = await chooseCode(desk, argument, t('Cancel Pairing Code'));
      if (view !== undefined) await needEngine(desk).pairing.cancel(view.codeId);
    },
  } satisfies Record<string, Handler>;
}
