import { coversLine, firstWord, type NamedPattern } from './command-cover';
import type { Grant } from './grants';
import { domainNames, isAbout } from './layers/rule';
import { compileGlob, exactSegments, globMatchesExactly, isWithin } from './paths';
import type { CompiledRule, CompiledTrust } from './snapshot';
import { normaliseHost } from './snapshot';
import type { AskAbout, Said, Subject, TouchedPath } from './subject';

/**
 * Looks for what answers every *ask* among `asks` beforehand: grants, rules of the user that allow, trusted
 * patterns. Returns their ids, or undefined when one ask remains. Never called when anything denies.
 */
export function answeredBy(subject: Subject, asks: readonly Said[]): readonly string[] | undefined {
  const grants = subject.facts.grants.filter((grant) => isForThis(grant, subject));
  const exact = grants.find((grant) => isThisVery(grant, subject));
  if (exact !== undefined) return [exact.id];
  const abouts = new Set(asks.map((ask) => ask.about ?? 'exact'));
  if (abouts.has('exact') || abouts.has('tool')) return undefined;
  return subject.request.tool === 'run'
    ? answerCommand(subject, grants, abouts)
    : answerTool(subject, grants, abouts);
}

/** Person, channel, task, time, and that the untrusted content of this task was known when it was given. */
function isForThis(grant: Grant, { request, facts }: Subject): boolean {
  const { principal } = request;
  return (
    (grant.user === undefined || grant.user === principal.key) &&
    (grant.channel === undefined || grant.channel === principal.identity.channel) &&
    (grant.taskId === undefined
      ? grant.scope === 'until' || grant.scope === 'always'
      : grant.taskId === request.taskId) &&
    (grant.until === undefined ? grant.scope !== 'until' : facts.now < grant.until)
  );
}

function knowsTaint(grant: Grant, { request }: Subject): boolean {
  return request.taint.every((source) => grant.taint?.includes(source) === true);
}

function isThisVery(grant: Grant, subject: Subject): boolean {
  const { matcher } = grant;
  return (
    matcher.kind === 'exact' &&
    matcher.tool === subject.request.tool &&
    subject.facts.exactHash !== undefined &&
    matcher.hash === subject.facts.exactHash &&
    knowsTaint(grant, subject)
  );
}

/** What only a person's answer to an approval covers: a pattern written beforehand could not foresee it. */
const NOT_FOR_PATTERNS: readonly AskAbout[] = ['network', 'rule', 'taint'];

const ONLY_EXACTLY: readonly AskAbout[] = ['write', 'delete', 'outside'];

function answerCommand(
  subject: Subject,
  grants: readonly Grant[],
  abouts: ReadonlySet<AskAbout>,
): readonly string[] | undefined {
  const { analysis, request, hosts } = subject;
  if (analysis === undefined || analysis.status !== 'parsed' || !analysis.autoApprovable) return undefined;
  // Which files a command like it would touch next time is not in the pattern.
  if (ONLY_EXACTLY.some((about) => abouts.has(about))) return undefined;
  const patterns: NamedPattern[] = [];
  for (const grant of grants) {
    const { matcher } = grant;
    if (matcher.kind !== 'command') continue;
    if (abouts.has('taint') && !knowsTaint(grant, subject)) continue;
    if (matcher.cwd !== undefined && !isWithin(exactSegments(request.cwd), exactSegments(matcher.cwd)))
      continue;
    if (
      abouts.has('network') &&
      !hosts.every((host) => matcher.hosts?.some((one) => normaliseHost(one) === host))
    ) {
      continue;
    }
    for (const pattern of [matcher.pattern, ...(matcher.also ?? [])]) {
      patterns.push({ id: grant.id, pattern, program: firstWord(pattern), withFilters: true });
    }
  }
  let defaults = false;
  if (!NOT_FOR_PATTERNS.some((about) => abouts.has(about))) {
    const { snapshot } = subject;
    for (const trust of snapshot.trusted) if (isTrustedHere(trust, subject)) patterns.push(trust);
    for (const rule of snapshot.allowRules) {
      if (rule.command === undefined || !allowRuleHolds(rule, subject)) continue;
      const { source: pattern } = rule.command;
      patterns.push({ id: rule.id, pattern, program: firstWord(pattern) });
    }
    defaults = snapshot.defaultTrusted;
  }
  return coversLine(analysis, patterns, defaults);
}

function isTrustedHere(trust: CompiledTrust, { request, facts }: Subject): boolean {
  return (
    (trust.user === undefined || trust.user === request.principal.key) &&
    (trust.channel === undefined || trust.channel === request.principal.identity.channel) &&
    (trust.folder === undefined || isWithin(exactSegments(request.cwd), trust.folder)) &&
    (trust.until === undefined || facts.now < trust.until)
  );
}

/** A rule that allows holds for a command only with all its conditions, paths and hosts included. */
function allowRuleHolds(rule: CompiledRule, subject: Subject): boolean {
  return (
    isAbout(rule, subject) &&
    (rule.path === undefined ||
      (subject.paths.length > 0 && subject.paths.every((path) => pathNamed(rule, path)))) &&
    (rule.domain === undefined ||
      (subject.hosts.length > 0 && subject.hosts.every((host) => domainNames(rule.domain ?? '', host))))
  );
}

function pathNamed(rule: CompiledRule, path: TouchedPath): boolean {
  return rule.path !== undefined && globMatchesExactly(rule.path, path.exact);
}

function answerTool(
  subject: Subject,
  grants: readonly Grant[],
  abouts: ReadonlySet<AskAbout>,
): readonly string[] | undefined {
  const { snapshot, request, paths, hosts } = subject;
  for (const grant of grants) {
    const { matcher } = grant;
    if (abouts.has('taint') && !knowsTaint(grant, subject)) continue;
    if (matcher.kind === 'path' && matcher.tool === request.tool && paths.length > 0 && hosts.length === 0) {
      const glob = compileGlob(matcher.glob, snapshot.workspaceRoot, snapshot.home);
      if (paths.every((path) => globMatchesExactly(glob, path.exact))) return [grant.id];
    }
    if (matcher.kind === 'host' && matcher.tool === request.tool && hosts.length > 0 && paths.length === 0) {
      if (hosts.every((host) => domainNames(matcher.domain, host))) return [grant.id];
    }
  }
  if (abouts.has('taint') || abouts.has('rule')) return undefined;
  const rule = snapshot.allowRules.find(
    (one) =>
      one.command === undefined &&
      allowRuleHolds(one, subject) &&
      (paths.length === 0 || one.path !== undefined) &&
      (hosts.length === 0 || one.domain !== undefined),
  );
  return rule === undefined ? undefined : [rule.id];
}
