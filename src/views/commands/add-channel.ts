import * as vscode from 'vscode';
import type { AccessMode } from '../../engine/model/events';
import type { ChatContext } from '../../engine/model/identity';
import type { ChannelViewItem, SettingField } from '../ports';
import { modeHelp, modeText } from '../present/words';
import { t, translated } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { contextText } from '../protocol/words';
import { type Answer, ask, choose, type Outcome, type Place, runWizard, type Step } from '../wizard/wizard';
import { channelChoice, channelOf, parseIds } from './channel-choice';
import { type Entered, isLacking, outcome, secretSteps } from './channel-secrets';
import { firstMessageStep } from './first-message';
import { confirmed, type Desk, inform, Notice, needEngine } from './kit';

/** What the person has said so far. Of this only credentials and settings are kept before the last step. */
interface Draft {
  channel: string | undefined;
  /** Settings that were asked for, so that the way back leads to them. */
  readonly settings: string[];
  readonly entered: Entered;
  readonly modes: Map<ChatContext, AccessMode>;
  readonly senders: Map<ChatContext, readonly string[]>;
}

/** Leads from the choice of a platform to its first message. */
export async function addChannel(desk: Desk, argument: unknown): Promise<void> {
  needEngine(desk);
  const given = channelOf(desk, argument);
  if (!desk.host.channels.list().some(addable)) throw new Notice(t('Every channel is switched on already.'));
  const draft: Draft = {
    channel: given !== undefined && addable(given) ? given.id : undefined,
    settings: [],
    entered: new Map(),
    modes: new Map(),
    senders: new Map(),
  };
  const chosen = () => desk.host.channels.list().find(({ id }) => id === draft.channel);
  const done = await runWizard(
    () => (chosen() ? t('Add Channel: {0}', chosen()?.name ?? '') : t('Add Channel')),
    () => stepsOf(desk, draft, chosen()),
  );
  const channel = chosen();
  if (!done || channel === undefined) return;
  if (channel.state === 'online') inform(t('{0} is set up: {1}', channel.name, flat(channel.detail)));
}

function addable({ enabled, builtIn }: ChannelViewItem): boolean {
  return !enabled && !builtIn;
}

function stepsOf(desk: Desk, draft: Draft, channel: ChannelViewItem | undefined) {
  const platform: Step = { run: (place) => choosePlatform(desk, draft, place) };
  if (channel === undefined) return { list: [platform], complete: false };
  const { systems } = channel;
  if (systems !== undefined) {
    const elsewhere: Step = { run: (place) => sayWhereItWorks(channel, systems, place) };
    return { list: [platform, elsewhere], complete: false };
  }
  const missing = desk.host.channels.missingSettings(channel.id);
  const settings = [...new Set([...draft.settings, ...missing.map(({ key }) => key)])];
  const list: readonly Step[] = [
    platform,
    { run: (place) => sayWhatIsNeeded(channel, missing, place) },
    ...settings.map((key): Step => ({ run: (place) => askSetting(desk, draft, channel, key, place) })),
    // What is stored and good is not asked for again; Enter Token replaces it.
    ...(!channel.secrets.some(isLacking) && draft.entered.size === 0
      ? []
      : secretSteps(desk, channel, draft.entered)),
    ...channel.contexts.flatMap((context): readonly Step[] => [
      { run: (place) => chooseMode(desk, draft, channel, context, place) },
      ...(draft.modes.get(context) === 'allowlist'
        ? [{ run: (place: Place) => askSenders(desk, draft, channel, context, place) }]
        : []),
    ]),
    firstMessageStep(desk, channel.id, () => applyAccess(desk, draft, channel)),
  ];
  return { list, complete: true };
}

async function choosePlatform(desk: Desk, draft: Draft, place: Place): Promise<Outcome> {
  const channels = desk.host.channels.list().filter(addable);
  // What cannot be chosen here stands last; whoever looks for it learns why.
  const here = channels.filter(({ systems }) => systems === undefined);
  const elsewhere = channels.filter(({ systems }) => systems !== undefined);
  const answer = await choose<string>(place, {
    first: {
      placeHolder: t('Through which platform do people write?'),
      items: [...here, ...elsewhere].map((channel) => ({
        ...channelChoice(channel),
        description: '',
        ...(channel.systems === undefined ? {} : { detail: onlyOn(channel, channel.systems) }),
        value: channel.id,
      })),
    },
    ...(draft.channel === undefined ? {} : { active: draft.channel }),
  });
  if (typeof answer === 'string') return answer;
  if (answer.value !== draft.channel) {
    draft.settings.length = 0;
    for (const said of [draft.entered, draft.modes, draft.senders]) said.clear();
  }
  draft.channel = answer.value;
  return 'next';
}

/** Said before anything is asked for: nothing that could be entered would make it work here. */
async function sayWhereItWorks(
  channel: ChannelViewItem,
  systems: readonly string[],
  place: Place,
): Promise<Outcome> {
  const answer = await choose<'back' | 'guide'>(place, {
    first: {
      placeHolder: onlyOn(channel, systems),
      items: [
        { label: `$(arrow-left) ${t('Choose another platform')}`, value: 'back' },
        { label: `$(book) ${t('Show the setup guide beside this')}`, value: 'guide' },
      ],
    },
    stay: async (next) => {
      if (next === 'back') return false;
      await vscode.commands.executeCommand('cowork.channels.showSetup', channel.id);
      return true;
    },
  });
  return answer === 'leave' ? 'leave' : 'back';
}

function onlyOn({ name }: ChannelViewItem, systems: readonly string[]): string {
  return t('{0} works on {1} only, so it cannot be added on this machine.', name, systems.join(', '));
}

async function sayWhatIsNeeded(
  channel: ChannelViewItem,
  settings: readonly SettingField[],
  place: Place,
): Promise<Outcome> {
  type Next = 'go' | 'guide' | { readonly url: string };
  const answer = await choose<Next>(place, {
    first: {
      placeHolder: t('What you need for {0}, and where to get it', channel.name),
      items: [
        { label: `$(arrow-right) ${t('I have it, go on')}`, value: 'go' },
        { label: `$(book) ${t('Show the setup guide beside this')}`, value: 'guide' },
        { label: t('What you need'), kind: vscode.QuickPickItemKind.Separator },
        ...settings.map((field) => ({
          label: `$(gear) ${settingName(channel, field.key)}`,
          detail: plain(field),
          value: 'guide' as const,
        })),
        ...channel.secrets.map(({ label, help, optional }) => ({
          label: `$(key) ${translated(label)}`,
          description: optional ? t('if there is one') : '',
          detail: translated(help),
          value: 'guide' as const,
        })),
        { label: t('The platform’s pages'), kind: vscode.QuickPickItemKind.Separator },
        ...channel.links.map(({ label, url }) => ({
          label: `$(link-external) ${translated(label)}`,
          description: new URL(url).host,
          value: { url },
        })),
      ],
    },
    stay: async (next) => {
      if (next === 'go') return false;
      if (next === 'guide') await vscode.commands.executeCommand('cowork.channels.showSetup', channel.id);
      else await vscode.env.openExternal(vscode.Uri.parse(next.url));
      return true;
    },
  });
  return outcome(answer);
}

/** Its name in the Settings, by which the guides call it too. */
function settingName({ id }: ChannelViewItem, key: string): string {
  return `cowork.channels.${id}.${key}`;
}

function plain({ description }: SettingField): string {
  return description.replaceAll('`', '');
}

async function askSetting(
  desk: Desk,
  draft: Draft,
  channel: ChannelViewItem,
  key: string,
  place: Place,
): Promise<Outcome> {
  const { channels } = desk.host;
  const field = channels.settingField(channel.id, key);
  const description = plain(field);
  const answer: Answer<string> =
    field.choices.length > 0
      ? await choose(place, {
          first: {
            placeHolder: description,
            items: field.choices.map((value) => ({ label: value, value })),
          },
          active: field.value,
        })
      : await ask(place, {
          prompt: description,
          value: field.value,
          placeHolder: settingName(channel, key),
          validate: (text) => channels.validateSetting(channel.id, key, text.trim()),
        });
  if (typeof answer === 'string') return answer;
  if (!draft.settings.includes(key)) draft.settings.push(key);
  await channels.setSetting(channel.id, key, answer.value);
  return 'next';
}

async function chooseMode(
  desk: Desk,
  draft: Draft,
  channel: ChannelViewItem,
  context: ChatContext,
  place: Place,
): Promise<Outcome> {
  const now = needEngine(desk).users.mode(channel.id, context);
  const answer = await choose<AccessMode>(place, {
    first: {
      placeHolder: t('Who is let in? ({0})', contextText(context)),
      items: channel.allowedModes.map((mode) => ({
        label: modeText(mode),
        description: mode === now ? t('now') : '',
        detail: modeHelp(mode),
        value: mode,
      })),
    },
    active: draft.modes.get(context) ?? now,
    stay: async (mode) => mode === 'open' && !(await openIsMeant(channel)),
  });
  if (typeof answer === 'string') return answer;
  draft.modes.set(context, answer.value);
  return 'next';
}

export function openIsMeant(channel: ChannelViewItem): Promise<boolean> {
  return confirmed(
    t('Let anyone in who finds the bot on {0}?', channel.name),
    t('Everyone becomes a member without you being asked. Leaving this mode removes them again.'),
    t('Open'),
  );
}

async function askSenders(
  desk: Desk,
  draft: Draft,
  channel: ChannelViewItem,
  context: ChatContext,
  place: Place,
): Promise<Outcome> {
  const now = draft.senders.get(context) ?? needEngine(desk).users.allowlist(channel.id, context).senders;
  const answer = await ask(place, {
    prompt: t('Ids of people, as the platform numbers them. Names are not ids.'),
    value: now.join(', '),
    placeHolder: t('None: leave empty'),
  });
  if (typeof answer === 'string') return answer;
  draft.senders.set(context, parseIds(answer.value));
  return 'next';
}

/** Puts into force who is let in, before anybody can write. */
async function applyAccess(desk: Desk, draft: Draft, channel: ChannelViewItem): Promise<void> {
  const { users, posture } = needEngine(desk);
  for (const [context, mode] of draft.modes) {
    const senders = draft.senders.get(context);
    if (mode === 'allowlist' && senders !== undefined) {
      const { conversations } = users.allowlist(channel.id, context);
      await users.setAllowlist(channel.id, context, { senders, conversations });
    }
    if (mode !== users.mode(channel.id, context)) await users.setMode(channel.id, context, mode);
  }
  // Looked at and left as it is: that too is a choice.
  const sentence = t('The access mode of {0} was looked at and stays.', channel.name);
  await posture.acknowledge('mode', channel.id, sentence);
}
