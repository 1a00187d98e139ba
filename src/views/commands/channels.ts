import * as vscode from 'vscode';
import type { AccessMode } from '../../engine/model/events';
import type { ChannelViewItem } from '../ports';
import { modeHelp, modeText } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { contextText } from '../protocol/words';
import { addChannel, openIsMeant } from './add-channel';
import { mayConnect, oneChannel, oneContext, parseIds } from './channel-choice';
import { enterSecrets, isLacking } from './channel-secrets';
import { confirmed, type Desk, type Handler, isNode, Notice, needEngine, pick } from './kit';

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

export function channelCommands(desk: Desk) {
  const { channels } = desk.host;
  const noneOn = () => t('No channel is switched on. Add one first.');
  const present = (channel: ChannelViewItem) => channel.enabled || channel.builtIn;
  return {
    'cowork.channels.add': (argument) => addChannel(desk, argument),
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
      const lacking = channel.secrets.some(isLacking);
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
      if (mode === 'open' && !(await openIsMeant(channel))) return;
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
