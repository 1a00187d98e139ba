import * as vscode from 'vscode';
import type { AccessMode } from '../../engine/model/events';
import type { ChatContext } from '../../engine/model/identity';
import type { ChannelViewItem } from '../ports';
import { itemText } from '../present/checklist-words';
import { channelStateText, contextHelp, contextText, modeHelp, modeText } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
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

/** The channel that a tree, or another command, has named. */
export function channelOf(desk: Desk, value: unknown): ChannelViewItem | undefined {
  const channels = desk.host.channels.list();
  if (typeof value === 'string') return channels.find((item) => item.id === value);
  if (typeof value !== 'object' || value === null || !('channel' in value)) return undefined;
  const { channel } = value;
  if (typeof channel !== 'object' || channel === null || !('id' in channel)) return undefined;
  return channels.find((item) => item.id === channel.id);
}

function choice(channel: ChannelViewItem): Choice<ChannelViewItem> {
  return {
    label: `$(${channel.icon}) ${channel.name}`,
    description: channelStateText(channel.state),
    detail: flat(channel.enabled ? channel.detail : channel.summary),
    value: channel,
  };
}

async function oneChannel(
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
  return pick(title, t('Which channel?'), channels.map(choice), true);
}

async function oneContext(
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

/** Asks for every credential of the channel, checks them with the platform, and only then keeps them. */
async function enterSecrets(desk: Desk, channel: ChannelViewItem): Promise<boolean> {
  const { channels } = desk.host;
  const values: Record<string, string> = {};
  let step = 0;
  for (const secret of channel.secrets) {
    step += 1;
    const value = await vscode.window.showInputBox({
      title: t('{0}: {1} ({2} of {3})', channel.name, secret.label, step, channel.secrets.length),
      prompt: secret.help,
      placeHolder: secret.stored ? t('One is stored; what you enter replaces it') : '',
      password: true,
      ignoreFocusOut: true,
      validateInput: (text) =>
        text.trim() === '' ? undefined : channels.validateSecret(channel.id, secret.name, text.trim()),
    });
    if (value === undefined || value.trim() === '') return false;
    values[secret.name] = value.trim();
  }
  const account = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: t('Asking {0} whether this is right…', channel.name),
    },
    () => channels.setSecrets(channel.id, values),
  );
  const name = flat(account.handle ?? account.name);
  if (account.isBot === false) {
    void vscode.window.showWarningMessage(
      t('{0} says that {1} is a person’s account. Use a bot account made for this only.', channel.name, name),
    );
  } else inform(t('{0} knows this as {1}. It is stored in the editor’s secret storage.', channel.name, name));
  return true;
}

/** Ids as a person types them: separated by commas, spaces or line ends, each once. */
export function parseIds(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((id) => id !== ''))];
}

async function askIds(
  title: string,
  prompt: string,
  now: readonly string[],
): Promise<readonly string[] | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt,
    value: now.join(', '),
    placeHolder: t('None: leave empty'),
    ignoreFocusOut: true,
  });
  return text === undefined ? undefined : parseIds(text);
}

/**
 * `Before adding external channels`: what of it is open is said before a channel is connected. The owner may go on
 * all the same, which is put on the record, once for each channel.
 */
async function mayConnect(desk: Desk, channel: ChannelViewItem): Promise<boolean> {
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

export function channelCommands(desk: Desk) {
  const { channels } = desk.host;
  const noneOn = () => t('No channel is switched on. Add one first.');
  const present = (channel: ChannelViewItem) => channel.enabled || channel.builtIn;
  return {
    'cowork.channels.add': async () => {
      needEngine(desk);
      const channel = await oneChannel(
        desk,
        undefined,
        t('Add Channel'),
        (item) => !item.enabled && !item.builtIn,
        t('Every channel is switched on already.'),
      );
      if (channel === undefined) return;
      if (!(await mayConnect(desk, channel))) return;
      const complete = channel.secrets.every((secret) => secret.stored);
      if (!complete && !(await enterSecrets(desk, channel))) return;
      await channels.enable(channel.id);
    },
    'cowork.channels.enterToken': async (argument) => {
      needEngine(desk);
      const channel = await oneChannel(
        desk,
        argument,
        t('Enter Token'),
        (item) => item.secrets.length > 0,
        t('No channel needs a token.'),
      );
      if (channel === undefined) return;
      if (channel.secrets.length === 0) throw new Notice(t('{0} needs no token.', channel.name));
      if (!(await enterSecrets(desk, channel))) return;
      if (await mayConnect(desk, channel)) await channels.enable(channel.id);
    },
    'cowork.channels.connect': async (argument) => {
      needEngine(desk);
      const channel = await oneChannel(desk, argument, t('Connect'), present, noneOn());
      if (channel === undefined) return;
      if (!(await mayConnect(desk, channel))) return;
      const lacking = channel.secrets.some((secret) => !secret.stored);
      if (lacking && !(await enterSecrets(desk, channel))) return;
      await channels.connect(channel.id);
    },
    'cowork.channels.disconnect': async (argument) => {
      const channel = await oneChannel(desk, argument, t('Disconnect'), present, noneOn());
      if (channel !== undefined) await channels.disconnect(channel.id);
    },
    'cowork.channels.remove': async (argument) => {
      const fits = (item: ChannelViewItem) => item.enabled && !item.builtIn;
      const channel = await oneChannel(desk, argument, t('Remove Channel'), fits, noneOn());
      if (channel === undefined) return;
      if (channel.builtIn) throw new Notice(t('{0} is part of the product and stays.', channel.name));
      const question = t('Remove {0}?', channel.name);
      const detail = t(
        'It is disconnected and its credentials are deleted. The people it let in and the audit stay; revoke access under Users.',
      );
      if (await confirmed(question, detail, t('Remove'))) await channels.remove(channel.id);
    },
    'cowork.channels.setMode': async (argument) => {
      const { users } = needEngine(desk);
      const channel = await oneChannel(desk, argument, t('Set Access Mode'), present, noneOn());
      if (channel === undefined) return;
      const context = await oneContext(channel, argument, t('Set Access Mode'));
      if (context === undefined) return;
      const now = users.mode(channel.id, context);
      const mode = await pick<AccessMode>(
        t('{0}, {1}', channel.name, contextText(context)),
        t('Who is let in?'),
        channel.allowedModes.map((item) => ({
          label: modeText(item),
          description: item === now ? t('now') : '',
          detail: modeHelp(item),
          value: item,
        })),
        true,
      );
      if (mode === undefined) return;
      if (mode === now) {
        // Looked at and left as it is: that too is a choice.
        const sentence = t('The access mode of {0} was looked at and stays.', channel.name);
        return needEngine(desk).posture.acknowledge('mode', channel.id, sentence);
      }
      if (mode === 'open') {
        const question = t('Let anyone in who finds the bot on {0}?', channel.name);
        const detail = t(
          'Everyone becomes a member without you being asked. Leaving this mode removes them again.',
        );
        if (!(await confirmed(question, detail, t('Open')))) return;
      }
      await users.setMode(channel.id, context, mode);
    },
    'cowork.channels.editAllowlist': async (argument) => {
      const { users } = needEngine(desk);
      const channel = await oneChannel(desk, argument, t('Edit Allowlist'), present, noneOn());
      if (channel === undefined) return;
      const context = await oneContext(channel, argument, t('Edit Allowlist'));
      if (context === undefined) return;
      const list = users.allowlist(channel.id, context);
      const title = t('Allowlist of {0}, {1}', channel.name, contextText(context));
      const senders = await askIds(
        title,
        t('Ids of people, as the platform numbers them. Names are not ids.'),
        list.senders,
      );
      if (senders === undefined) return;
      const conversations =
        context === 'dm'
          ? list.conversations
          : await askIds(title, t('Ids of rooms whose members may speak.'), list.conversations);
      if (conversations === undefined) return;
      const gone = list.senders.filter((id) => !senders.includes(id)).length;
      const left = list.conversations.filter((id) => !conversations.includes(id)).length;
      if (gone + left > 0) {
        const question = t('Remove {0} entries from the allowlist?', gone + left);
        const detail = t('Whoever is no longer on it loses access at once.');
        if (!(await confirmed(question, detail, t('Remove')))) return;
      }
      await users.setAllowlist(channel.id, context, { senders, conversations });
    },
    'cowork.channels.showSetup': async (argument) => {
      const channel = await oneChannel(desk, argument, t('Setup Guide'), () => true, noneOn());
      if (channel === undefined) return;
      const steps = channel.setup.map((step, index) => `${index + 1}. ${step}`).join('\n\n');
      const next = channel.secrets.length > 0 && !channel.builtIn ? t('Enter Token') : undefined;
      const choice = await vscode.window.showInformationMessage(
        t('Setting up {0}', channel.name),
        { modal: true, detail: steps || channel.summary },
        ...(next === undefined ? [] : [next]),
      );
      if (choice !== undefined)
        await vscode.commands.executeCommand('cowork.channels.enterToken', channel.id);
    },
    'cowork.conversations.remove': async (argument) => {
      const { users } = needEngine(desk);
      const rooms = users.conversations();
      if (rooms.length === 0) throw new Notice(t('No room has been let in.'));
      const wanted = isNode(argument, 'conversation') && 'key' in argument ? argument.key : undefined;
      const room =
        rooms.find((item) => item.key === wanted) ??
        (await pick(
          t('Remove Room'),
          t('Which room?'),
          rooms.map((item) => ({
            label: flat(item.ref.conversation),
            description: item.ref.channel,
            value: item,
          })),
          true,
        ));
      if (room === undefined) return;
      const question = t('Remove the room {0}?', flat(room.ref.conversation));
      const detail = t('Nobody is answered there any more until it is let in again.');
      if (!(await confirmed(question, detail, t('Remove')))) return;
      await users.removeConversation(room.key, t('Removed by the owner in the editor'));
    },
  } satisfies Record<string, Handler>;
}
