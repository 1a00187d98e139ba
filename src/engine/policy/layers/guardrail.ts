import type { GuardFinding } from '../../model/analysis';
import { protectedMatch } from '../protected-paths';
import type { Said, Subject } from '../subject';

/**
 * What nobody can approve away: a stopped engine, the hard block list, budgets, iterations, loops and
 * protected paths. Also what the guard wants a person to see whatever is trusted.
 */
export function guardrail(subject: Subject): readonly Said[] {
  const said: Said[] = [];
  if (subject.facts.paused) {
    said.push(deny('guardrail.stopped', 'Everything is stopped.', 'The owner can resume it in VS Code.'));
  }
  budgets(subject, said);
  loops(subject, said);
  paths(subject, said);
  command(subject, said);
  return said;
}

function deny(ruleId: string, reason: string, remedy: string): Said {
  return { layer: 'guardrail', effect: 'deny', ruleId, reason, remedy };
}

function budgets({ snapshot, facts }: Subject, said: Said[]): void {
  const { task, userDay, next } = facts.usage;
  const tokens = next?.tokens ?? 0;
  const cost = next?.cost ?? 0;
  const rows = [
    ['tokensPerTask', task.tokens, tokens, 'This task', 'tokens'],
    ['costPerTask', task.cost, cost, 'This task', 'US dollars'],
    ['tokensPerUserDay', userDay.tokens, tokens, 'This person', 'tokens in 24 hours'],
    ['costPerUserDay', userDay.cost, cost, 'This person', 'US dollars in 24 hours'],
  ] as const;
  for (const [name, used, more, who, unit] of rows) {
    const limit = snapshot.budgets[name];
    // The step that would cross the limit does not run; nor does one after the limit is used up. What is not
    // a number is not known to be below it.
    if (limit === undefined || (used < limit && used + more <= limit)) continue;
    said.push({
      ...deny(
        `guardrail.${name}`,
        `${who} has used ${used} of ${limit} ${unit}.`,
        `Start a new task, wait, or raise budgets.${name} in your settings.`,
      ),
      change: { path: ['budgets', name], value: Math.max(limit, used + more) * 2 },
    });
  }
}

function loops({ snapshot, facts }: Subject, said: Said[]): void {
  const { task } = facts.usage;
  const { limits } = snapshot;
  const rows = [
    ['iterationsPerTask', task.iterations, limits.iterationsPerTask, 'The agent has thought about this task'],
    ['toolCallsPerStep', task.callsThisStep, limits.toolCallsPerStep, 'In this step, tools were called'],
    ['repeatCalls', task.repeats + 1, limits.repeatCalls, 'With this one, the same call was made'],
  ] as const;
  for (const [name, used, limit, what] of rows) {
    if (used < limit) continue;
    said.push({
      ...deny(
        `guardrail.${name}`,
        `${what} ${used} times; the limit is ${limit}.`,
        `Start a new task, or raise limits.${name} in your settings.`,
      ),
      change: { path: ['limits', name], value: used + 1 },
    });
  }
  if (task.elapsedMs !== undefined && !(task.elapsedMs < limits.taskTimeoutMs)) {
    said.push({
      ...deny(
        'guardrail.taskTimeoutMs',
        `This task has run for ${Math.round(task.elapsedMs / 1000)} s; the limit is ${limits.taskTimeoutMs / 1000} s.`,
        'Start a new task, or raise limits.taskTimeoutMs in your settings.',
      ),
      change: { path: ['limits', 'taskTimeoutMs'], value: task.elapsedMs * 2 },
    });
  }
}

const VERBS = { read: 'read', write: 'write', delete: 'delete' } as const;

function paths({ snapshot, request, facts, paths: touched }: Subject, said: Said[]): void {
  for (const path of touched) {
    const match = protectedMatch(snapshot.protectedPaths, path.folded, path.access);
    const name = match?.name ?? path.protectedName;
    if (name === undefined) continue;
    const what = `It would ${VERBS[path.access]} ${path.path} (${name}).`;
    if (request.tool === 'run' && facts.sandbox.isolated) {
      // The sandbox refuses the access itself, so the rest of the command may be worth approving.
      said.push({
        layer: 'guardrail',
        effect: 'ask',
        about: 'exact',
        ruleId: 'guardrail.protected-path',
        reason: `${what} The sandbox refuses that part.`,
      });
    } else {
      said.push({
        ...deny(
          'guardrail.protected-path',
          `${what} Such files decide what runs later or hold credentials.`,
          `Change the file yourself, or list ${path.path} in protectedPaths.exceptions of your settings.`,
        ),
        change: { path: ['protectedPaths', 'exceptions', '-'], value: path.path },
      });
    }
  }
}

function command({ request, analysis }: Subject, said: Said[]): void {
  if (request.tool !== 'run') return;
  const ask = (ruleId: string, reason: string): void =>
    void said.push({ layer: 'guardrail', effect: 'ask', about: 'exact', ruleId, reason });
  if (analysis === undefined) {
    ask('guardrail.no-analysis', 'The command was not analysed, so a person must look at it.');
    return;
  }
  for (const finding of analysis.findings) said.push(fromFinding(finding));
  if (analysis.status !== 'parsed') {
    ask(`guardrail.${analysis.status}`, analysis.why ?? 'The command was not fully understood.');
  } else if (analysis.commands.length === 0) {
    ask('guardrail.nothing', 'No command was found in this line.');
  }
  if (analysis.marks.length > 0) {
    const names = [...new Set(analysis.marks.map((mark) => mark.name))].join(', ');
    ask('guardrail.marks', `The line has characters that are not what they look like: ${names}.`);
  }
}

function fromFinding(finding: GuardFinding): Said {
  return {
    layer: 'guardrail',
    effect: finding.severity === 'block' ? 'deny' : 'ask',
    ruleId: finding.ruleId,
    reason: `${finding.title}: ${finding.explanation}`,
    ...(finding.severity === 'block' ? {} : { about: 'exact' }),
    ...(finding.saferAlternative === undefined ? {} : { remedy: `Safer: ${finding.saferAlternative}` }),
  };
}
