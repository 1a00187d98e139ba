import type { ToolRequest } from '../model/decision';
import type { GrantScope } from '../model/events';
import type { ApprovalView } from '../model/views';
import { suggestionFor } from './command-cover';
import { decide, judge } from './decide';
import type { Facts } from './facts';
import type { Grant, GrantMatcher } from './grants';
import type { PolicySnapshot } from './snapshot';
import { makeSubject, type Said, type Subject } from './subject';

/** A standing yes that may be given with an approval, with what it would let through next time. */
export interface GrantChoice {
  /** Names the choice among those of one request; what people read as its pattern. Empty for exactly this. */
  readonly key: string;
  readonly matcher: GrantMatcher;
  /** One sentence: what runs without asking once this is granted. */
  readonly allows: string;
  /** What still asks although it looks alike. */
  readonly stillAsks?: string;
  readonly scopes: readonly GrantScope[];
}

const STANDING: readonly GrantScope[] = ['task', 'until', 'always'];

/**
 * What may be granted with an approval of this request, narrowest first. Each has been tried out: with it
 * this very request would run. Nothing is offered for what no grant answers, and nothing is wider than the
 * files and hosts that the approval shows.
 */
export function grantChoices(
  snapshot: PolicySnapshot,
  request: ToolRequest,
  facts: Facts,
): readonly GrantChoice[] {
  const { decision, said } = judge(snapshot, request, facts);
  const subject = makeSubject(snapshot, request, facts);
  if (decision.effect !== 'ask' || subject === undefined) return [];
  const asks = said.filter((one) => one.effect === 'ask');
  const choices = [
    ...exactChoice(subject),
    ...(request.tool === 'run'
      ? commandChoices(subject, asks)
      : [...pathChoices(subject), ...hostChoices(subject)]),
  ];
  return choices.filter((choice) => helps(choice, snapshot, request, facts));
}

function helps(choice: GrantChoice, snapshot: PolicySnapshot, request: ToolRequest, facts: Facts): boolean {
  const trial = makeGrant(choice.matcher, request, { id: 'trial', scope: 'task' });
  return decide(snapshot, request, { ...facts, grants: [...facts.grants, trial] }).effect === 'allow';
}

function exactChoice({ request, facts }: Subject): readonly GrantChoice[] {
  if (facts.exactHash === undefined) return [];
  return [
    {
      key: '',
      matcher: { kind: 'exact', tool: request.tool, hash: facts.exactHash },
      allows: 'Exactly this, in this place, with the same files and settings.',
      scopes: STANDING,
    },
  ];
}

function commandChoices(
  { request, analysis, hosts }: Subject,
  asks: readonly Said[],
): readonly GrantChoice[] {
  if (analysis === undefined || asks.some((ask) => ask.about === 'exact')) return [];
  const base = { cwd: request.cwd, ...(hosts.length > 0 ? { hosts: [...hosts] } : {}) };
  const suggestion = suggestionFor(analysis);
  const [pattern, ...also] = suggestion?.patterns ?? [];
  if (suggestion === undefined || pattern === undefined) return [];
  const reach = hosts.length > 0 ? `, reaching ${hosts.join(', ')} only` : '';
  return [
    {
      key: suggestion.patterns.join(' && '),
      matcher: { kind: 'command', pattern, ...(also.length > 0 ? { also } : {}), ...base },
      allows: `In ${request.cwd}${reach}: ${suggestion.covers.join('; ')}.`,
      stillAsks: `${suggestion.leavesOut.join('; ')}.`,
      scopes: STANDING,
    },
  ];
}

function pathChoices({ request, paths, snapshot }: Subject): readonly GrantChoice[] {
  const [path] = paths;
  // A name with a `*` in it cannot be written as a glob that means only itself.
  if (path === undefined || paths.length !== 1 || path.path.includes('*')) return [];
  const choice = (glob: string, allows: string): GrantChoice => ({
    key: glob,
    matcher: { kind: 'path', tool: request.tool, glob },
    allows,
    scopes: STANDING,
  });
  const verb = `The tool "${request.tool}" on`;
  const file = choice(path.path, `${verb} ${path.path}.`);
  const folder = path.path.slice(0, path.path.lastIndexOf('/'));
  // The folder is what the path shows; only inside the workspace, and never the workspace as a whole.
  if (!path.inWorkspace || folder === '' || folder === snapshot.workspaceRoot) return [file];
  return [file, choice(`${folder}/*`, `${verb} the files directly in ${folder}.`)];
}

function hostChoices({ request, hosts }: Subject): readonly GrantChoice[] {
  const [host] = hosts;
  if (host === undefined || hosts.length !== 1 || host === '') return [];
  return [
    {
      key: host,
      matcher: { kind: 'host', tool: request.tool, domain: host },
      allows: `The tool "${request.tool}" on ${host}, and on no other host.`,
      scopes: STANDING,
    },
  ];
}

export interface GrantTerms {
  readonly id: string;
  readonly scope: GrantScope;
  /** Milliseconds since the epoch; for the scope `until`. */
  readonly until?: number;
}

/**
 * The grant that a person chose, for the one who asked, on the channel where they asked. With untrusted
 * content in the task it holds for that content and no other.
 * @throws RangeError when the choice is not among those offered for this request, or its terms do not fit
 */
export function grantFromChoice(
  offered: readonly GrantChoice[],
  key: string,
  request: ToolRequest,
  terms: GrantTerms,
): Grant {
  const choice = offered.find((one) => one.key === key);
  if (choice === undefined) throw new RangeError('This grant was not offered for this request.');
  if (!choice.scopes.includes(terms.scope)) throw new RangeError('This grant was not offered for that long.');
  if (terms.scope === 'until' && terms.until === undefined)
    throw new RangeError('Until when? A time is missing.');
  return makeGrant(choice.matcher, request, terms);
}

function makeGrant(
  matcher: GrantMatcher,
  { principal, taskId, taint }: ToolRequest,
  terms: GrantTerms,
): Grant {
  const { id, scope, until } = terms;
  return {
    id,
    scope,
    user: principal.key,
    channel: principal.identity.channel,
    ...(scope === 'task' || scope === 'once' ? { taskId } : {}),
    ...(scope === 'until' && until !== undefined ? { until } : {}),
    ...(taint.length > 0 ? { taint: [...taint] } : {}),
    matcher,
  };
}

/** How long the scope `until` lasts when it is given from an approval card: one hour, in milliseconds. */
export const UNTIL_MS = 3_600_000;

/** The choices as the approval card lists them; `once` first. `pattern` is the key of the choice. */
export function approvalScopes(choices: readonly GrantChoice[]): ApprovalView['scopes'] {
  const lasting = {
    once: 'Once',
    task: 'For this task',
    until: 'For one hour',
    always: 'From now on',
  } as const;
  const standing = choices.flatMap(({ key, scopes, allows, stillAsks }) =>
    scopes.map((scope) => ({
      scope,
      ...(key === '' ? {} : { pattern: key }),
      allows: `${lasting[scope]}: ${allows}${stillAsks === undefined ? '' : ` Still asks about ${stillAsks}`}`,
    })),
  );
  return [{ scope: 'once', allows: 'Only this action, now.' }, ...standing];
}
