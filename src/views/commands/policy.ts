import * as vscode from 'vscode';
import type { CommandSet, EngineApi, UserView } from '../../engine/api';
import { EFFECTIVE_POLICY } from '../effective-policy';
import { explanationDocument, simulationDocument } from '../present/policy-reports';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { type Choice, confirmed, type Desk, type Handler, inform, Notice, needEngine, pick } from './kit';

/** Decisions of the record that are offered to be explained. */
const OFFERED = 50;

const HOUR_MS = 3_600_000;

/** Trying out a rule, asking why, and approving beforehand. */
export function policyCommands(desk: Desk) {
  return {
    'cowork.policy.simulate': async (argument) => {
      const { policy } = needEngine(desk);
      const given = typeof argument === 'string' ? argument : undefined;
      const rule = given ?? (await askedRule());
      if (rule === undefined) return;
      const report = await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: t('Looking at past decisions…'),
          cancellable: true,
        },
        (progress, token) => {
          const stop = new AbortController();
          token.onCancellationRequested(() => stop.abort());
          return policy
            .simulate(rule, {
              signal: stop.signal,
              progress: (count) => progress.report({ message: String(count) }),
            })
            .catch(noticed);
        },
      );
      await show(simulationDocument(report));
    },
    'cowork.policy.explain': async (argument) => {
      const engine = needEngine(desk);
      const subject =
        typeof argument === 'string' || typeof argument === 'number'
          ? argument
          : await decisionToExplain(engine);
      if (subject !== undefined)
        await show(explanationDocument(await engine.policy.explain(subject).catch(noticed)));
    },
    'cowork.policy.showEffective': async () => {
      needEngine(desk);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(EFFECTIVE_POLICY));
    },
    'cowork.policy.preApprove': async () => {
      const engine = needEngine(desk);
      const users = engine.users.list().filter((user) => user.state === 'active');
      if (users.length === 0) return inform(t('Nobody has access.'));
      const user = await pick(t('Pre-Approve Commands'), t('For whom?'), users.map(person), true);
      if (user === undefined) return;
      const patterns = await chosenSets(engine);
      if (patterns === undefined) return;
      const until = await pick(t('Pre-Approve Commands'), t('Until when?'), times(new Date()), true);
      if (until === undefined) return;
      const time = new Date(until).toLocaleString(vscode.env.language);
      const question = t('Let {0} run this without asking until {1}?', flat(user.displayName), time);
      const detail = [
        t('Runs without asking: {0}', patterns.flatMap((set) => set.covers).join('; ')),
        t('Still asked about: {0}', [...new Set(patterns.flatMap((set) => set.leavesOut))].join('; ')),
        t('What is denied stays denied.'),
      ].join('\n\n');
      if (!(await confirmed(question, detail, t('Pre-Approve')))) return;
      const all = [...new Set(patterns.flatMap((set) => set.patterns))];
      await engine.policy.preApprove({ user: user.key, patterns: all, until }).catch(noticed);
      inform(t('Pre-approved until {0}. Revoking the person ends it at once.', time));
    },
  } satisfies Record<string, Handler>;
}

function askedRule(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Simulate a Rule'),
    prompt: t('What would it have done in the last 30 days? Nothing is changed.'),
    value: 'allow run "npm test *"',
    placeHolder: 'deny write "infra/**"',
  });
}

/** What the engine refuses is a sentence for the person, no fault. */
function noticed(error: unknown): never {
  if (error instanceof Error && error.name === 'EngineError') throw new Notice(error.message);
  throw error;
}

async function show(content: string): Promise<void> {
  await vscode.window.showTextDocument(
    await vscode.workspace.openTextDocument({ language: 'markdown', content }),
  );
}

async function decisionToExplain({ approvals, audit }: EngineApi): Promise<string | number | undefined> {
  const { records } = await audit.query({ types: ['decision.made'] }, { limit: OFFERED });
  const choices: Choice<string | number>[] = approvals
    .pending()
    .map((view) => ({ label: flat(view.action), description: t('waits for approval'), value: view.id }));
  for (const record of records) {
    if (record.type !== 'decision.made') continue;
    const { action, effect, ruleId } = record.data;
    const when = new Date(record.at).toLocaleString(vscode.env.language);
    choices.push({
      label: flat(action),
      description: `${effect} · ${when}`,
      detail: ruleId,
      value: record.seq,
    });
  }
  if (choices.length === 0) throw new Notice(t('Nothing was decided yet.'));
  return pick(t('Explain Decision'), t('Which decision?'), choices, true);
}

function person(user: UserView): Choice<UserView> {
  return {
    label: flat(user.displayName) || flat(user.sender),
    description: `${user.channel} · ${flat(user.sender)}`,
    value: user,
  };
}

function setName(set: CommandSet): string {
  if (set.kind === 'reading') return t('Built-in reading commands');
  return flat(set.patterns.join(', '));
}

async function chosenSets({ policy }: EngineApi): Promise<readonly CommandSet[] | undefined> {
  const sets = await policy.commandSets();
  const choices: Choice<CommandSet | undefined>[] = sets.map((set) => ({
    label: setName(set),
    description: set.kind === 'script' ? t('script of the project') : '',
    detail: set.covers.join('; '),
    value: set,
  }));
  choices.push({ label: t('Another command…'), detail: t('You write it.'), value: undefined });
  const picked = await vscode.window.showQuickPick(choices, {
    title: t('Pre-Approve Commands'),
    placeHolder: t('What may run without asking? Choose one or more.'),
    canPickMany: true,
    matchOnDetail: true,
  });
  if (picked === undefined || picked.length === 0) return undefined;
  const chosen: CommandSet[] = [];
  for (const { value } of picked) {
    const set = value ?? (await ownLine(policy));
    if (set === undefined) return undefined;
    chosen.push(set);
  }
  return chosen;
}

async function ownLine(policy: EngineApi['policy']): Promise<CommandSet | undefined> {
  const line = await vscode.window.showInputBox({
    title: t('Pre-Approve Commands'),
    prompt: t('The command, complete; or with * as its last word for any further words.'),
    placeHolder: 'npx jest *',
  });
  return line === undefined ? undefined : policy.commandSet(line).catch(noticed);
}

/** The ends that are offered; days end at midnight, weeks on Sunday at midnight, in local time. */
function times(now: Date): readonly Choice<number>[] {
  const midnight = (days: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).getTime();
  return [
    { label: t('For one hour'), value: now.getTime() + HOUR_MS },
    { label: t('Today'), value: midnight(1) },
    { label: t('This week'), value: midnight(((7 - now.getDay()) % 7) + 1) },
  ];
}
