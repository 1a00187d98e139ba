import { type CommandPattern, restricts } from '../command-pattern';
import { globCovers } from '../paths';
import type { CompiledRule } from '../snapshot';
import type { Said, Subject } from '../subject';
import { wildcardMatch } from '../wildcard';

/** Every rule that matches speaks; the strictest wins, so their order does not matter. */
export function rule(subject: Subject): readonly Said[] {
  const said: Said[] = [];
  for (const one of subject.snapshot.rules) {
    if (!applies(one, subject)) continue;
    said.push({
      layer: 'rule',
      effect: one.effect,
      ruleId: one.id,
      reason:
        one.rule.reason ?? `The rule "${one.id}" ${one.effect === 'deny' ? 'denies' : 'asks about'} this.`,
      remedy: `Change that rule in ${one.source === 'workspace' ? '.cowork/policy.jsonc' : 'your settings'}.`,
      ...(one.effect === 'ask' ? { about: 'rule' } : {}),
      ...(one.source === 'user' ? { change: { path: ['rules', one.index], value: undefined } } : {}),
    });
  }
  return said;
}

/** True when a rule that asks or denies is about this request. Doubt counts as yes. */
export function applies(one: CompiledRule, subject: Subject): boolean {
  return (
    isAbout(one, subject) &&
    (one.path === undefined || subject.paths.some((path) => covers(one, path.folded))) &&
    (one.domain === undefined || subject.hosts.some((host) => domainCovers(one.domain ?? '', host))) &&
    (one.command === undefined || namesCommand(one.command, subject)) &&
    (one.rule.finding === undefined || namesFinding(one.rule.finding, subject))
  );
}

/** A command that was not understood may hold anything that the guard would find. */
function namesFinding(pattern: string, { request, analysis }: Subject): boolean {
  return (
    request.tool === 'run' &&
    (analysis?.status !== 'parsed' || analysis.findings.some(({ ruleId }) => wildcardMatch(pattern, ruleId)))
  );
}

function namesCommand(pattern: CommandPattern, { request, analysis }: Subject): boolean {
  return request.tool === 'run' && (analysis === undefined || restricts(pattern, analysis));
}

function covers(one: CompiledRule, folded: readonly string[]): boolean {
  return one.path !== undefined && globCovers(one.path, folded);
}

/** The conditions that do not depend on what is touched; shared with rules that allow. */
export function isAbout(one: CompiledRule, { request, groups, facts }: Subject): boolean {
  const { rule: wanted } = one;
  const { principal } = request;
  return (
    (wanted.tool === undefined || wanted.tool === request.tool) &&
    (wanted.group === undefined || groups.has(wanted.group)) &&
    (wanted.channel === undefined || wanted.channel === principal.identity.channel) &&
    (wanted.context === undefined || wanted.context === principal.context) &&
    (wanted.user === undefined || wanted.user === principal.key) &&
    (one.until === undefined || facts.now < one.until)
  );
}

/** For restricting: a domain covers its subdomains too, and `*.example.com` the domain itself. */
export function domainCovers(domain: string, host: string): boolean {
  const base = domain.startsWith('*.') ? domain.slice(2) : domain;
  return host === base || host.endsWith(`.${base}`) || wildcardMatch(domain, host);
}

/** For letting through: exactly that host, or with `*.` what is below it. */
export function domainNames(domain: string, host: string): boolean {
  if (host === '' || host.includes('*') || host.includes('$')) return false;
  if (domain.startsWith('*.')) return host.endsWith(domain.slice(1)) && host.length > domain.length - 1;
  return domain === '*' || domain === host;
}
