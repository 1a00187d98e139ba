import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHANNEL_RULES } from '../src/channels/channel-rules';
import type { ChannelDescriptor } from '../src/channels/contract';
import { CONTROLS, type Control } from '../src/engine/posture/controls';
import { controlOf } from '../src/engine/posture/evaluate';
import { FAMILIES } from '../src/engine/posture/facts';
import { RULES } from '../src/engine/posture/rules';

export const root = join(__dirname, '..');

/** Titles are long; a page is for people. */
const TITLES_SHOWN = 4;

/** kept: it has what its kinds ask for. absent: its channel is not in this build. */
export interface ControlState {
  readonly control: Control;
  readonly rules: readonly string[];
  readonly by: readonly string[];
  /** Titles of tests that name it. */
  readonly tests: readonly string[];
  readonly status: 'kept' | 'absent' | 'documented' | 'no test' | 'no rule' | 'no enforcement';
}

interface RuleText {
  readonly id: string;
  readonly severity: string;
  readonly title: string;
  readonly why: string;
}

function testTitles(): readonly string[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(spec|ui|test)\.ts$/.test(file))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(root, 'test', file), 'utf8');
      // Titles of tests and of suites begin with the ids; so does no other text.
      return [...text.matchAll(/(['"`])((?:\[[A-Z]{2,4}-\w+\] ?)+[^\n]*?)\1[,)]/g)].map(
        (match) => match[2] ?? '',
      );
    });
}

function rulesOf(descriptors: readonly ChannelDescriptor[]): readonly RuleText[] {
  const general = FAMILIES.flatMap((family) =>
    RULES[family].map(({ id, severity, title, why }) => ({ id, severity, title, why })),
  );
  const own = descriptors.flatMap(({ id: channel }) =>
    (CHANNEL_RULES[channel] ?? []).map(({ id, severity, title, why }) => ({ id, severity, title, why })),
  );
  return [...general, ...own];
}

/** Every control as this build has it. */
export function controlStates(descriptors: readonly ChannelDescriptor[]): readonly ControlState[] {
  const titles = testTitles();
  const rules = rulesOf(descriptors);
  return CONTROLS.map((control) => {
    const tests = titles.filter((title) => new RegExp(`\\[${control.id}\\]`).test(title));
    const found = [
      ...rules.filter(({ id }) => controlOf(id) === control.id).map(({ id }) => id),
      ...(control.rules ?? []).filter((id) => rules.some((rule) => rule.id === id)),
    ];
    const folder = control.channels?.find((name) => descriptors.some(({ id }) => id === name));
    const by = [...(control.by ?? []), ...(folder === undefined ? [] : [`src/channels/${folder}/`])];
    return { control, rules: found, by, tests, status: statusOf(control, found, by, tests, folder) };
  });
}

function statusOf(
  { kinds, channels }: Control,
  rules: readonly string[],
  by: readonly string[],
  tests: readonly string[],
  folder: string | undefined,
): ControlState['status'] {
  if (kinds.length === 0) return 'documented';
  if (channels !== undefined && folder === undefined) return 'absent';
  if (kinds.includes('P') && rules.length === 0) return 'no rule';
  if (rules.length === 0 && by.length === 0) return 'no enforcement';
  // A rule that is run in a table of fixtures has the rule's own id in the title that the table makes.
  return tests.length === 0 && !(kinds.every((kind) => kind === 'P') && rules.length > 0)
    ? 'no test'
    : 'kept';
}

const KINDS = { E: 'enforced', P: 'checked', A: 'an action', R: 'a reminder' } as const;

const STATUS: Readonly<Record<ControlState['status'], string>> = {
  kept: 'kept',
  absent: 'its channel is not in this build',
  documented: 'documented',
  'no test': '**no test**',
  'no rule': '**no rule**',
  'no enforcement': '**not enforced**',
};

/** The whole page. */
export function controlsPage(descriptors: readonly ChannelDescriptor[]): string {
  const states = controlStates(descriptors);
  const sections = [...new Set(states.map(({ control }) => control.section))];
  const count = (status: ControlState['status']) => states.filter((one) => one.status === status).length;
  const own = new Set(states.flatMap(({ rules }) => rules));
  const beyond = rulesOf(descriptors).filter(({ id }) => !own.has(id));
  return `${[
    '<!-- Written by `npm run controls` from src/engine/posture/controls.ts, the rules and the titles of tests. -->',
    '# Controls',
    '',
    'Each sentence of the security guide, and what makes it true here. *enforced*: a violating action cannot happen.',
    '*checked*: a rule of the Checklist finds it. *an action*: a person does it in the product. *a reminder*: it is due at',
    'times that follow from the record.',
    '',
    `${count('kept')} of ${states.length} are kept by this build; ${count('absent')} belong to channels that are not in it.`,
    '',
    '| control | kinds | rules, reminders | enforced in | tests | status |',
    '|---|---|---|---|---|---|',
    ...states.map(tableRow),
    ...sections.flatMap((section) => [
      '',
      `## ${section}`,
      ...states.filter(({ control }) => control.section === section).flatMap(controlLines),
    ]),
    '',
    '## Beyond the guide',
    '',
    '| rule | severity | what should be so | why |',
    '|---|---|---|---|',
    ...beyond.map(
      ({ id, severity, title, why }) =>
        `| <a id="${controlOf(id).toLowerCase()}"></a>${id} | ${severity} | ${title} | ${cell(why)} |`,
    ),
  ].join('\n')}\n`;
}

function tableRow({ control, rules, by, tests, status }: ControlState): string {
  const { id, kinds, reminders = [] } = control;
  const names = [...rules, ...reminders].join(', ');
  return `| [${id}](#${id.toLowerCase()}) | ${kinds.join(' ')} | ${names} | ${by.map((file) => `\`${file}\``).join(' ')} | ${tests.length} | ${STATUS[status]} |`;
}

function controlLines({ control, rules, by, tests, status }: ControlState): readonly string[] {
  const { id, says, kinds, must, reminders } = control;
  const facts = [
    kinds.length === 0 ? '' : `*${kinds.map((kind) => KINDS[kind]).join(', ')}*`,
    rules.length === 0 ? '' : `rules: ${rules.map((rule) => `\`${rule}\``).join(', ')}`,
    by.length === 0 ? '' : `enforced in: ${by.map((file) => `\`${file}\``).join(', ')}`,
    reminders === undefined ? '' : `reminders: ${reminders.join(', ')}`,
    `status: ${STATUS[status]}`,
  ];
  const shown = tests.slice(0, TITLES_SHOWN).map((title) => `- ${cell(title)}`);
  const more = tests.length - shown.length;
  return [
    '',
    `### ${id}`,
    '',
    ...(says === '' ? [] : [`> ${says}`, '']),
    ...(must === '' ? [] : [must, '']),
    facts.filter(Boolean).join(' · '),
    ...(shown.length === 0 ? [] : ['', ...shown, ...(more > 0 ? [`- and ${more} more`] : [])]),
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\\n', ' ').replaceAll("\\'", '’');
}
