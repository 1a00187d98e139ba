import type { AnalysedCommand, CommandAnalysis } from '../model/analysis';
import type { ToolGroup, ToolRequest, Verdict } from '../model/decision';
import type { Facts } from './facts';
import { absolutePath, exactSegments, foldSegments, globAdmits, isNoFile, isWithin } from './paths';
import type { PathAccess } from './protected-paths';
import { normaliseHost, type PolicySnapshot } from './snapshot';
import { type Capability, type ToolTraits, toolTraits } from './tool-groups';

/** A file of the request in the forms that layers compare. */
export interface TouchedPath {
  readonly path: string;
  readonly access: PathAccess;
  /** In the workspace, or in a folder that the user lets count as such. */
  readonly inside: boolean;
  readonly inWorkspace: boolean;
  readonly exact: readonly string[];
  readonly folded: readonly string[];
  readonly protectedName?: string;
}

/** Request, facts and policy with what all layers need worked out once. */
export interface Subject {
  readonly snapshot: PolicySnapshot;
  readonly request: ToolRequest;
  readonly facts: Facts;
  readonly traits: ToolTraits;
  readonly groups: ReadonlySet<ToolGroup>;
  readonly capabilities: ReadonlySet<Capability>;
  readonly paths: readonly TouchedPath[];
  readonly hosts: readonly string[];
  /** For `run` only. */
  readonly analysis: CommandAnalysis | undefined;
  /** True when it changes nothing, sends nothing and starts nothing that is not known to be so. */
  readonly readOnly: boolean;
}

/**
 * What an *ask* is about, which decides who may answer it beforehand. shell: that a command runs at all.
 * exact: only an approval of this very action, bound to its hash, will do.
 */
export type AskAbout =
  | 'shell'
  | 'network'
  | 'write'
  | 'delete'
  | 'outside'
  | 'rule'
  | 'tool'
  | 'taint'
  | 'exact';

/** The smallest change of the user's own policy that takes a verdict away; not every verdict has one. */
export interface PolicyChange {
  readonly path: readonly (string | number)[];
  /** Undefined removes what is there. */
  readonly value: unknown;
}

/** What one layer says, with what it takes to answer or to remove it. */
export interface Said extends Verdict {
  readonly about?: AskAbout;
  readonly change?: PolicyChange;
}

export type LayerCheck = (subject: Subject) => readonly Said[];

/** Undefined when the tool is unknown. */
export function makeSubject(
  snapshot: PolicySnapshot,
  request: ToolRequest,
  facts: Facts,
): Subject | undefined {
  const traits = toolTraits(request.tool);
  if (traits === undefined) return undefined;
  const analysis = request.tool === 'run' ? facts.analysis : undefined;
  const groups = new Set(traits.groups);
  const capabilities = new Set(traits.capabilities);
  const hosts = new Set((facts.hosts ?? []).map(normaliseHost));
  const paths = (facts.paths ?? []).map((fact) =>
    touched(snapshot, fact.path, fact.access, fact.inside, fact.protectedName),
  );
  let readOnly = traits.readOnly;
  if (analysis !== undefined) {
    readOnly = analysis.status === 'parsed' && analysis.commands.length > 0;
    for (const command of analysis.commands) {
      readOnly = readOnly && isPureRead(command);
      addEffects(command, groups, capabilities, hosts);
      addPaths(snapshot, request.cwd, command, paths);
    }
  }
  return {
    snapshot,
    request,
    facts,
    traits,
    groups,
    capabilities,
    paths,
    hosts: [...hosts],
    analysis,
    readOnly,
  };
}

function isPureRead({ effects }: AnalysedCommand): boolean {
  return (
    !effects.unknown &&
    !effects.privilege &&
    !effects.process &&
    effects.executes.length === 0 &&
    effects.network.length === 0 &&
    effects.deletes.length === 0 &&
    effects.writes.every(isNoFile)
  );
}

function addEffects(
  { effects }: AnalysedCommand,
  groups: Set<ToolGroup>,
  capabilities: Set<Capability>,
  hosts: Set<string>,
): void {
  if (effects.network.length > 0) {
    groups.add('network');
    capabilities.add('network');
    for (const host of effects.network) hosts.add(normaliseHost(host));
  }
  if (effects.deletes.length > 0) {
    groups.add('destructive');
    capabilities.add('delete');
  }
  if (effects.reads.length > 0) capabilities.add('read');
  for (const path of effects.writes) {
    if (isNoFile(path)) continue;
    groups.add('write');
    capabilities.add('write');
    break;
  }
}

function addPaths(
  snapshot: PolicySnapshot,
  cwd: string,
  { effects }: AnalysedCommand,
  paths: TouchedPath[],
): void {
  const add = (path: string, access: PathAccess): void => {
    if (path === '' || isNoFile(path)) return;
    const absolute = absolutePath(path, cwd, snapshot.home);
    paths.push(touched(snapshot, absolute, access, undefined, undefined));
  };
  for (const path of effects.reads) add(path, 'read');
  for (const path of effects.writes) add(path, 'write');
  for (const path of effects.deletes) add(path, 'delete');
}

function touched(
  snapshot: PolicySnapshot,
  path: string,
  access: PathAccess,
  known: boolean | undefined,
  protectedName: string | undefined,
): TouchedPath {
  const exact = exactSegments(path);
  const inWorkspace = known ?? isWithin(exact, snapshot.rootSegments);
  const inside =
    inWorkspace ||
    snapshot.allowedPaths.some(
      (allowed) => (access === 'read' || allowed.access === 'write') && globAdmits(allowed.glob, exact),
    );
  return {
    path,
    access,
    inside,
    inWorkspace,
    exact,
    folded: foldSegments(path),
    ...(protectedName === undefined ? {} : { protectedName }),
  };
}
