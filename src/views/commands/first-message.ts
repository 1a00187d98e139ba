import * as vscode from 'vscode';
import type { ChatContext } from '../../engine/model/identity';
import type { ChannelViewItem } from '../ports';
import { channelStateText } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { choose, type Outcome, type Place, type Shown, type Step } from '../wizard/wizard';
import { mayConnect } from './channel-choice';
import { enterSecrets } from './channel-secrets';
import { type Desk, needEngine } from './kit';

type Next = 'done' | 'code' | 'address' | 'again' | 'secrets' | 'guide' | 'settings';

/** What the last step knows. */
interface Trial {
  readonly since: number;
  connecting: boolean;
  /** A code is on show. */
  code: boolean;
}

/**
 * The last step: connects, says how somebody gets in, and waits for the first message. What fails is said with the
 * ways to mend it; the channel stays on and goes on trying when the person leaves.
 */
export function firstMessageStep(desk: Desk, id: string, prepare: () => Promise<void>): Step {
  return {
    run: async (place) => {
      const channel = find(desk, id);
      await prepare();
      if (!(await mayConnect(desk, channel))) return 'leave';
      return connectAndWait(desk, id, place);
    },
  };
}

function find(desk: Desk, id: string): ChannelViewItem {
  const channel = desk.host.channels.list().find((item) => item.id === id);
  if (channel === undefined) throw new RangeError(`There is no channel “${id}”.`);
  return channel;
}

async function connectAndWait(desk: Desk, id: string, place: Place): Promise<Outcome> {
  const { channels } = desk.host;
  const trial: Trial = { since: Date.now(), connecting: true, code: false };
  let told = '';
  const answer = await choose<Next>(place, {
    first: shown(desk, id, trial),
    live: (show) => {
      const draw = () => {
        show(shown(desk, id, trial));
        const { name, state, detail } = find(desk, id);
        // The list has one line for it, and it is the sentence that says what to do.
        if (!trial.connecting && isTrouble(state) && detail !== told)
          void vscode.window.showErrorMessage(`${name}: ${flat(detail)}`);
        told = detail;
      };
      const end = () => {
        trial.connecting = false;
        draw();
      };
      void channels.enable(id).then(end, end);
      return desk.watch.onChange(draw);
    },
    stay: async (next, show) => {
      if (next === 'code') await showCode(desk, id, trial);
      else if (next === 'address') await vscode.commands.executeCommand('cowork.webhook.copyAddress', id);
      else if (next === 'guide') await vscode.commands.executeCommand('cowork.channels.showSetup', id);
      else if (next === 'settings')
        await vscode.commands.executeCommand('cowork.settings.open', `cowork.channels.${id}`);
      else if (next === 'again') {
        trial.connecting = true;
        show(shown(desk, id, trial));
        await channels.connect(id);
        trial.connecting = false;
      } else return false;
      show(shown(desk, id, trial));
      return true;
    },
  });
  if (answer === 'back' || answer === 'leave') return answer;
  if (answer.value !== 'secrets') return 'next';
  return (await enterSecrets(desk, find(desk, id))) ? connectAndWait(desk, id, place) : 'leave';
}

function isTrouble(state: ChannelViewItem['state']): boolean {
  return state === 'waiting' || state === 'fatal' || state === 'unconfigured';
}

function shown(desk: Desk, id: string, trial: Trial): Shown<Next> {
  const channel = find(desk, id);
  const detail = flat(channel.detail);
  const guide = { label: `$(book) ${t('Show the setup guide beside this')}`, value: 'guide' as const };
  if (trial.connecting && channel.state !== 'online')
    return { placeHolder: detail || t('Connecting…'), items: [guide], busy: true };
  if (isTrouble(channel.state)) {
    return {
      placeHolder: `${channelStateText(channel.state)}: ${detail}`,
      items: [
        { label: `$(refresh) ${t('Try again')}`, detail, value: 'again' },
        ...(channel.secrets.length > 0
          ? [{ label: `$(key) ${t('Enter the credentials again')}`, value: 'secrets' as const }]
          : []),
        { label: `$(gear) ${t('Change the settings')}`, value: 'settings' },
        guide,
        { label: `$(close) ${t('Leave it for now')}`, value: 'done' },
      ],
    };
  }
  const who = heard(desk, id, trial.since);
  if (who !== undefined) {
    return {
      placeHolder: t('{0} wrote: it works.', who),
      items: [{ label: `$(pass-filled) ${t('Done')}`, value: 'done' }],
    };
  }
  const finish = { label: `$(check) ${t('Finish without a first message')}`, value: 'done' as const };
  if (channel.state !== 'online') return { placeHolder: detail, items: [finish] };
  const paired = pairedContext(desk, channel);
  return {
    placeHolder: trial.code
      ? t('Send the code to the bot. Waiting for the first message…')
      : t('Connected. Now write to the bot on {0}.', channel.name),
    busy: true,
    items: [
      ...(paired !== undefined && !trial.code
        ? [
            {
              label: `$(key) ${t('Show a pairing code')}`,
              detail: t('Whoever sends it to the bot is let in as a member.'),
              value: 'code' as const,
            },
          ]
        : []),
      ...(channel.called
        ? [{ label: `$(link) ${t('Copy the address that it calls')}`, detail, value: 'address' as const }]
        : []),
      finish,
      guide,
    ],
  };
}

/** The name of whoever was let in, or wrote, since then. */
function heard(desk: Desk, id: string, since: number): string | undefined {
  const users = desk.watch.engine?.users.list() ?? [];
  const user = users.find(({ channel, lastSeenAt }) => channel === id && lastSeenAt >= since);
  return user && (flat(user.displayName) || flat(user.sender));
}

function pairedContext(desk: Desk, channel: ChannelViewItem): ChatContext | undefined {
  const { users } = needEngine(desk);
  return channel.contexts.find((context) => users.mode(channel.id, context) === 'pairing');
}

async function showCode(desk: Desk, id: string, trial: Trial): Promise<void> {
  const context = pairedContext(desk, find(desk, id));
  if (context === undefined) return;
  const { code, view } = await needEngine(desk).pairing.issue({ channel: id, context, role: 'member' });
  desk.panels.pairing.show(code, view);
  trial.code = true;
}
