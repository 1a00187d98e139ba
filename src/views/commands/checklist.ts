import * as vscode from 'vscode';
import {
  ACKNOWLEDGEMENTS,
  type Acknowledgement,
  type Finding,
  SEVERITIES,
  type Severity,
} from '../../engine/model/posture';
import { severityText } from '../present/checklist-words';
import { t, translated } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import type { ChecklistFilter } from '../trees/checklist-tree';
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

const DAY_MS = 86_400_000;
const REASON_LIMIT = 500;

/** The finding as it is now, of a row of the tree or of an id. */
function fromArgument(desk: Desk, argument: unknown): Finding | undefined {
  const id =
    typeof argument === 'string'
      ? argument
      : isNode(argument, 'finding') && 'finding' in argument
        ? idOf(argument.finding)
        : undefined;
  return needEngine(desk)
    .posture.report()
    .findings.find((finding) => finding.id === id);
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string'
    ? value.id
    : undefined;
}

async function oneFinding(
  desk: Desk,
  argument: unknown,
  title: string,
  fits: (finding: Finding) => boolean,
): Promise<Finding | undefined> {
  const given = fromArgument(desk, argument);
  if (given !== undefined) return given;
  const findings = needEngine(desk).posture.report().findings.filter(fits);
  if (findings.length === 0) throw new Notice(t('The Checklist has nothing for this.'));
  return pick(
    title,
    t('Which finding?'),
    findings.map((finding) => ({
      label: translated(finding.title),
      description: severityText(finding.severity),
      detail: flat(finding.evidence),
      value: finding,
    })),
    true,
  );
}

/** Runs a fix that opens a place, or makes the change after it was shown. */
async function fix(desk: Desk, finding: Finding): Promise<void> {
  const { posture } = needEngine(desk);
  const own = finding.fix;
  if (own === undefined) throw new Notice(translated(finding.why));
  if (own.kind === 'command') {
    await vscode.commands.executeCommand(own.command, ...(own.arguments ?? []));
    return;
  }
  const preview = await posture.preview(finding.id);
  if (preview === undefined || !(await desk.preview.confirm(preview))) return;
  const done = await posture.fix(finding.id);
  const undo = t('Undo Fix');
  const answer = await vscode.window.showInformationMessage(t('Changed: {0}', done.place), undo);
  if (answer === undo) await posture.undo(done.id);
}

async function acceptedUntil(now: number): Promise<number | undefined> {
  const after = (days: number) => now + days * DAY_MS;
  const choices: readonly Choice<number>[] = [
    { label: t('For a week'), value: after(7) },
    { label: t('For 30 days'), value: after(30) },
    { label: t('For 90 days'), value: after(90) },
    { label: t('For a year'), value: after(365) },
  ];
  // A reason was typed already; a click elsewhere must not lose it.
  const options = {
    title: t('Accept Risk'),
    placeHolder: t('Until when? Then you are asked again.'),
    ignoreFocusOut: true,
  };
  return (await vscode.window.showQuickPick(choices, options))?.value;
}

export function isAcknowledgement(value: unknown): value is Acknowledgement {
  return (ACKNOWLEDGEMENTS as readonly unknown[]).includes(value);
}

/** The sentence that goes on the record, and the question before it. */
function statement(what: Acknowledgement, subject: string): string {
  switch (what) {
    case 'dedicated-account':
      return t('The account {0} is used for this and nothing else.', subject);
    case 'open-access':
      return t('{0} may be open to strangers while the profile is “development”.', subject);
    case 'contexts':
      return t('The rules that come with the product are right for groups of {0}.', subject);
    case 'mode':
      return t('The access mode of {0} was looked at and stays.', subject);
    case 'connect':
      return t('{0} is connected although the checklist is not complete.', subject);
    case 'defaults':
      return t('The default settings were reviewed.');
  }
}

export function checklistCommands(desk: Desk) {
  return {
    'cowork.checklist.fix': async (argument) => {
      const finding = await oneFinding(desk, argument, t('Fix'), (one) => one.fix !== undefined);
      if (finding !== undefined) await fix(desk, finding);
    },
    'cowork.checklist.undo': async (argument) => {
      const { posture } = needEngine(desk);
      const wanted = isNode(argument, 'fix') && 'fix' in argument ? idOf(argument.fix) : undefined;
      const fixes = [...posture.report().fixes].reverse();
      if (fixes.length === 0) throw new Notice(t('Nothing was changed here that could be undone.'));
      const chosen =
        fixes.find(({ id }) => id === wanted) ??
        (await pick(
          t('Undo Fix'),
          t('Which change?'),
          fixes.map((one) => ({ label: one.title, description: one.place, value: one })),
          true,
        ));
      if (chosen === undefined) return;
      await posture.undo(chosen.id);
      inform(t('Undone: {0}', chosen.place));
    },
    'cowork.checklist.accept': async (argument) => {
      const { posture } = needEngine(desk);
      const finding = await oneFinding(
        desk,
        argument,
        t('Accept Risk'),
        ({ accepted }) => accepted === undefined,
      );
      if (finding === undefined) return;
      const reason = await vscode.window.showInputBox({
        title: t('Accept Risk'),
        prompt: flat(finding.evidence),
        placeHolder: t('Why is it right to live with it? The reason goes on the record.'),
        ignoreFocusOut: true,
        validateInput: (text) =>
          text.length > REASON_LIMIT ? t('At most {0} characters.', REASON_LIMIT) : undefined,
      });
      if (reason === undefined || reason.trim() === '') return;
      const until = await acceptedUntil(Date.now());
      if (until !== undefined) await posture.accept(finding.id, { reason, until });
    },
    'cowork.checklist.reopen': async (argument) => {
      const fits = (one: Finding) => one.accepted !== undefined;
      const finding = await oneFinding(desk, argument, t('No Longer Accept'), fits);
      if (finding === undefined) return;
      await needEngine(desk).posture.reopen(finding.id, t('Taken back by the owner in the editor'));
    },
    'cowork.checklist.why': async (argument) => {
      const finding = await oneFinding(desk, argument, t('Why'), () => true);
      if (finding === undefined) return;
      const accepted = finding.accepted !== undefined;
      const [repair, accept, docs] = [t('Fix'), t('Accept…'), t('Docs')];
      const choice = await vscode.window.showInformationMessage(
        translated(finding.title),
        { modal: true, detail: `${flat(finding.evidence)}\n\n${translated(finding.why)}\n\n${finding.rule}` },
        ...(finding.fix === undefined ? [] : [repair]),
        ...(accepted ? [] : [accept]),
        docs,
      );
      if (choice === repair) await fix(desk, finding);
      if (choice === accept) await vscode.commands.executeCommand('cowork.checklist.accept', finding.id);
      if (choice === docs) await vscode.commands.executeCommand('cowork.checklist.docs', finding.id);
    },
    'cowork.checklist.docs': async (argument) => {
      const finding = await oneFinding(desk, argument, t('Docs'), () => true);
      if (finding !== undefined) await openDocs(desk, finding.docs);
    },
    'cowork.checklist.filter': async () => {
      const picked = await vscode.window.showQuickPick(
        SEVERITIES.map<Choice<Severity> & { picked: boolean }>((severity) => ({
          label: severityText(severity),
          value: severity,
          picked: desk.checklist.filter.severities?.includes(severity) ?? true,
        })),
        { title: t('Filter Checklist'), placeHolder: t('Which severities?'), canPickMany: true },
      );
      if (picked === undefined) return;
      const text = await vscode.window.showInputBox({
        title: t('Filter Checklist'),
        prompt: t('Part of a finding or of its rule. Leave it empty for all.'),
        value: desk.checklist.filter.text ?? '',
      });
      if (text === undefined) return;
      const severities = picked.map(({ value }) => value);
      const filter: ChecklistFilter = {
        ...(severities.length === 0 || severities.length === SEVERITIES.length ? {} : { severities }),
        ...(text.trim() === '' ? {} : { text: text.trim() }),
      };
      desk.checklist.setFilter(filter);
      desk.keys.set('cowork.checklistFiltered', Object.keys(filter).length > 0);
    },
    'cowork.checklist.clearFilter': async () => {
      desk.checklist.setFilter({});
      desk.keys.set('cowork.checklistFiltered', false);
    },
    'cowork.checklist.refresh': async () => needEngine(desk).posture.refresh(),
    'cowork.checklist.history': async () => {
      needEngine(desk);
      desk.panels.posture.show();
    },
    'cowork.checklist.acknowledge': async (what, subject) => {
      const { posture } = needEngine(desk);
      if (!isAcknowledgement(what) || typeof subject !== 'string')
        throw new Notice(t('The Checklist has nothing for this.'));
      const sentence = statement(what, flat(subject));
      const detail = t('This sentence goes on the record, with the time.');
      if (await confirmed(sentence, detail, t('Yes, Record It')))
        await posture.acknowledge(what, subject, sentence);
    },
    'cowork.checklist.withdraw': async (what, subject) => {
      const { posture } = needEngine(desk);
      if (!isAcknowledgement(what) || typeof subject !== 'string')
        throw new Notice(t('The Checklist has nothing for this.'));
      await posture.withdraw(what, subject);
    },
    'cowork.checklist.contexts': async (channel) => {
      const settings = t('Open the Rules');
      const keep = t('They Are Right as They Are');
      const id = typeof channel === 'string' ? channel : '';
      const choice = await vscode.window.showInformationMessage(
        t('Which tools may be used in groups, and by whom?'),
        {
          modal: true,
          detail: t(
            'As it comes, memory tools are off in groups, and the bot has to be mentioned. Rules of your own may switch off more.',
          ),
        },
        settings,
        ...(id === '' ? [] : [keep]),
      );
      if (choice === settings)
        await vscode.commands.executeCommand('cowork.settings.open', 'cowork.access.rules');
      if (choice === keep)
        await needEngine(desk).posture.acknowledge('contexts', id, statement('contexts', id));
    },
    'cowork.profile.allowOpen': async () => {
      const { posture } = needEngine(desk);
      const channels = desk.host.channels.list().filter((item) => !item.builtIn);
      const channel = await pick(
        t('Allow Open Access'),
        t('Which channel may be opened to strangers while you develop?'),
        channels.map((item) => ({
          label: `$(${item.icon}) ${item.name}`,
          description: item.id,
          value: item,
        })),
        true,
      );
      if (channel === undefined) return;
      const sentence = statement('open-access', channel.name);
      const detail = t(
        'Everyone who finds the bot could then ask the agent for work. It is reported as long as it holds, and ends with the profile.',
      );
      if (await confirmed(sentence, detail, t('Yes, Record It')))
        await posture.acknowledge('open-access', channel.id, sentence);
    },
  } satisfies Record<string, Handler>;
}

/** A page of the product's documentation, as it is shipped. */
export async function openDocs(desk: Desk, page: string): Promise<void> {
  const [file = '', fragment = ''] = page.split('#', 2);
  const uri = vscode.Uri.joinPath(desk.host.context.extensionUri, ...file.split('/'));
  await vscode.commands.executeCommand(
    'markdown.showPreview',
    fragment === '' ? uri : uri.with({ fragment }),
  );
}
