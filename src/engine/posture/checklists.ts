import type { ChecklistItem, Reminder, UpkeepTask } from '../model/posture';
import type { ChannelPosture, ChannelsFacts } from './facts';
import { acknowledgementKey, type PostureState } from './projection';

export interface ChecklistInput {
  readonly state: PostureState;
  /** Undefined while unknown. */
  readonly channels: ChannelsFacts | undefined;
  readonly reminders: readonly Reminder[];
}

/** The seed's three lists, as far as what was done is on the record. */
export function checklists(input: ChecklistInput): readonly ChecklistItem[] {
  return [...firstUse(input.state), ...external(input), ...maintenance(input.reminders)];
}

function firstUse({ update, acknowledged, upkeep, seen }: PostureState): readonly ChecklistItem[] {
  const defaults = Object.hasOwn(acknowledged, acknowledgementKey({ what: 'defaults', subject: '' }));
  return [
    {
      id: 'first-use.updated',
      list: 'first-use',
      title: 'Updated to the latest version',
      state:
        update === null || update.status === 'unknown'
          ? 'unknown'
          : update.status === 'current'
            ? 'done'
            : 'open',
      evidence: update?.detail ?? 'It was never looked for a newer version.',
      command: 'cowork.updates.check',
    },
    {
      id: 'first-use.defaults',
      list: 'first-use',
      title: 'Reviewed the default settings',
      state: defaults ? 'done' : 'open',
      evidence: defaults ? 'They were opened and reviewed.' : 'They were not opened yet.',
      command: 'cowork.defaults.review',
    },
    {
      id: 'first-use.permissions',
      list: 'first-use',
      title: 'Configured the permissions of the workspace',
      state: upkeep.permissions?.doneAt === undefined ? 'open' : 'done',
      evidence:
        upkeep.permissions?.doneAt === undefined
          ? 'The permissions of tools were not reviewed yet.'
          : 'The permissions of tools were reviewed.',
      command: 'cowork.permissions.review',
    },
    {
      id: 'first-use.pairing',
      list: 'first-use',
      title: 'Tested the pairing flow',
      state: seen.paired === null ? 'open' : 'done',
      evidence: seen.paired === null ? 'Nobody was let in by a code yet.' : 'Somebody was let in by a code.',
      command: 'cowork.pairing.generate',
    },
  ];
}

/** `Before adding external channels`, for one channel or for all that are on. */
export function external({ state, channels }: ChecklistInput, only?: string): readonly ChecklistItem[] {
  const all = channels?.channels.filter((one) => one.external) ?? [];
  const meant =
    only === undefined ? all.filter(({ enabled }) => enabled) : all.filter(({ channel }) => channel === only);
  const rules = channels?.accessRules ?? {};
  const noMode = meant.filter(({ channel }) => !modeChosen(state, channel));
  const noContexts = meant.filter((one) => !contextsConfigured(state, rules, one));
  const none = meant.length === 0 ? 'No external channel is on yet.' : undefined;
  const tested = state.seen.paired !== null && state.seen.finishedTasks > 0;
  const documented = state.upkeep.users?.doneAt !== undefined;
  const names = (list: readonly ChannelPosture[]) => list.map(({ name }) => name).join(', ');
  const argument = (list: readonly ChannelPosture[]) => (list[0] ? { arguments: [list[0].channel] } : {});
  return [
    {
      id: 'external.mode',
      list: 'external',
      title: 'Security mode selected (pairing recommended)',
      state: none === undefined && noMode.length === 0 ? 'done' : 'open',
      evidence:
        none ??
        (noMode.length === 0
          ? 'A mode was selected.'
          : `No mode was selected for ${names(noMode)}; pairing holds until then.`),
      command: 'cowork.channels.setMode',
      ...argument(noMode),
    },
    {
      id: 'external.contexts',
      list: 'external',
      title: 'Context policies configured',
      state: none === undefined && noContexts.length === 0 ? 'done' : 'open',
      evidence:
        none ??
        (noContexts.length === 0
          ? 'Groups have rules of their own, or are off.'
          : `Groups of ${names(noContexts)} have no rules of their own.`),
      command: 'cowork.checklist.contexts',
      ...argument(noContexts),
    },
    {
      id: 'external.tested',
      list: 'external',
      title: 'Tested with limited users first',
      state: tested ? 'done' : 'open',
      evidence: tested
        ? 'Somebody was let in by a code, and a task was done for them.'
        : 'No task was done yet for somebody who was let in by a code. The local chat is the place to try it.',
      command: 'cowork.chat.openLocal',
    },
    {
      id: 'external.documented',
      list: 'external',
      title: 'Documented who has access',
      state: documented ? 'done' : 'open',
      evidence: documented ? 'The access document was written.' : 'The access document was never written.',
      command: 'cowork.users.accessDocument',
    },
  ];
}

function modeChosen({ seen, acknowledged }: PostureState, channel: string): boolean {
  return (
    Object.hasOwn(seen.modes, channel) ||
    Object.hasOwn(acknowledged, acknowledgementKey({ what: 'mode', subject: channel }))
  );
}

function contextsConfigured(
  { acknowledged }: PostureState,
  rules: Readonly<Record<string, unknown>>,
  { channel, contexts, modes }: ChannelPosture,
): boolean {
  const shared = contexts.filter((context) => context !== 'dm' && modes[context] !== 'disabled');
  if (shared.length === 0) return true;
  if (Object.hasOwn(acknowledged, acknowledgementKey({ what: 'contexts', subject: channel }))) return true;
  const own: unknown = Object.hasOwn(rules, channel) ? rules[channel] : undefined;
  const set: unknown =
    typeof own === 'object' && own !== null && 'contexts' in own ? own.contexts : undefined;
  return typeof set === 'object' && set !== null && shared.every((context) => Object.hasOwn(set, context));
}

const MAINTENANCE: readonly { readonly task: UpkeepTask; readonly title: string }[] = [
  { task: 'updates', title: 'Check for updates' },
  { task: 'users', title: 'Review the list of people with access' },
  { task: 'audit', title: 'Check the audit log' },
  { task: 'permissions', title: 'Review the permissions of tools' },
  { task: 'credentials', title: 'Rotate credentials' },
  { task: 'drill', title: 'Test the recovery procedures' },
];

function maintenance(reminders: readonly Reminder[]): readonly ChecklistItem[] {
  return MAINTENANCE.flatMap(({ task, title }) => {
    const reminder = reminders.find((one) => one.task === task);
    if (!reminder) return [];
    return [
      {
        id: `maintenance.${task}`,
        list: 'maintenance' as const,
        title,
        state:
          reminder.state === 'waiting' && reminder.doneAt !== undefined
            ? ('done' as const)
            : ('open' as const),
        evidence: reminder.detail,
        command: reminder.command,
      },
    ];
  });
}
