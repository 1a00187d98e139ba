import type { CommandAnalysis } from '../model/analysis';
import type { ToolRequest } from '../model/decision';
import { decide } from '../policy/decide';
import type { Facts } from '../policy/facts';
import type { PolicySnapshot } from '../policy/snapshot';

/**
 * The hosts that a command may reach when it runs: those that it names, which are decided and shown with it, and
 * those that the user lists, as far as this person may reach them from here at all.
 */
export function networkHosts(
  analysis: CommandAnalysis,
  listed: readonly string[],
  policy: PolicySnapshot,
  request: ToolRequest,
  facts: Facts,
): readonly string[] {
  const named = analysis.commands.flatMap(({ effects }) => effects.network.flatMap(hostOf));
  const standing = listed.filter(
    (host) => !isDenied(host.replace(/^(http:\/\/)?(\*\.)?/i, ''), policy, request, facts),
  );
  return [...new Set([...named, ...standing])].sort();
}

/**
 * `decide()` on a page of that host and on a command that goes there, so that every layer has its say: the context,
 * the role, the rules of the user and those of the folder's own file.
 */
function isDenied(host: string, policy: PolicySnapshot, request: ToolRequest, facts: Facts): boolean {
  const there = { ...facts, hosts: [...(facts.hosts ?? []), host] };
  const { analysis: _command, exactHash: _hash, ...others } = there;
  const fetch: ToolRequest = { ...request, tool: 'fetch', args: { url: `https://${host}/` } };
  return (
    decide(policy, fetch, { ...others, paths: [], hosts: [host] }).effect === 'deny' ||
    decide(policy, request, there).effect === 'deny'
  );
}

/** A host as a command names it: an address of the web, or a host with or without a port. What is neither is none. */
function hostOf(text: string): readonly string[] {
  const address = text.includes('://') ? text : `https://${text}`;
  // Dots stand for what cannot be told before the command runs.
  if (text.includes('…') || !URL.canParse(address)) return [];
  const { protocol, hostname, port } = new URL(address);
  if (hostname === '' || !['http:', 'https:', 'ws:', 'wss:'].includes(protocol)) return [];
  return [port === '' ? hostname : `${hostname}:${port}`];
}
