import type { ApprovalDraft } from '../approvals/approvals';
import { bindingHash } from '../approvals/binding';
import { actionParts } from '../approvals/card';
import type { CommandAnalysis, Shell, ShellPlace } from '../model/analysis';
import type { Decision, ToolRequest } from '../model/decision';
import { EngineError } from '../model/error';
import type { IdentityKey, Principal } from '../model/identity';
import type { Clock, Masker } from '../model/ports';
import type { ApprovalView } from '../model/views';
import { decide } from '../policy/decide';
import { explain } from '../policy/explain';
import type { Facts, Usage } from '../policy/facts';
import type { Grant } from '../policy/grants';
import type { PolicySnapshot } from '../policy/snapshot';
import type { Tool, ToolContext, ToolFacts } from '../tools/tool';
import { networkHosts } from './network-hosts';
import { reachOf } from './reach';
import { withRepositoryPrograms } from './repository-programs';
import { scriptHashes } from './scripts';

/** Variables by which every command gets the engine's own settings of git; they tell an approver nothing. */
const GIT_HARDENING_NAME = /^GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+)$/;

/** One use of a tool that somebody asks for. `args` is not yet believed. */
export interface ActionCall {
  readonly principal: Principal;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** The message that led to it, for the person who approves. */
  readonly message: string;
}

/** Where and with what actions run, as it is now. */
export interface Surroundings {
  readonly place: ShellPlace;
  readonly shell: Shell;
  readonly workspaceTrusted: boolean;
  readonly paused: boolean;
  readonly envNames: readonly string[];
  readonly sandbox: { readonly id: string; readonly label: string; readonly isolated: boolean };
}

/** An action with everything that its decision, its question and its record need. */
export interface Prepared {
  readonly request: ToolRequest;
  readonly tool: Tool;
  readonly toolFacts: ToolFacts;
  readonly facts: Facts;
  readonly analysis?: CommandAnalysis;
  /** The whole of it on one line or more, for people and records. */
  readonly action: string;
  readonly policy: PolicySnapshot;
  readonly surroundings: Surroundings;
  /** Hosts that the command may reach, as the egress gate reads them. */
  readonly networkHosts: readonly string[];
  /** What an approval binds (law 7). */
  readonly bindingHash: string;
}

export interface PreparationDeps {
  readonly tools: ReadonlyMap<string, Tool>;
  readonly analyse: (line: string, shell: Shell, place: ShellPlace) => Promise<CommandAnalysis>;
  /** As it is on disk now, not as it was when somebody last told of a change. */
  readonly policy: () => PolicySnapshot | Promise<PolicySnapshot>;
  readonly grants: (user: IdentityKey) => readonly Grant[];
  readonly contextPolicy: (principal: Principal) => Facts['contextPolicy'];
  readonly usage: (taskId: string) => Usage;
  /** Hosts that the user lets commands reach. */
  readonly allowedHosts: () => readonly string[];
  readonly surroundings: () => Surroundings;
  readonly toolContext: (taskId: string, signal: AbortSignal) => ToolContext;
  readonly scopes: (prepared: Prepared) => ApprovalView['scopes'];
  readonly masker: Masker;
  readonly clock: Clock;
}

/** Gathers, before a decision, all that is slow or changes; `decide()` itself only looks at the result. */
export class Preparation {
  constructor(private readonly deps: PreparationDeps) {}

  /** `invalid` is a sentence for the person who asked. */
  async prepare(
    call: ActionCall,
    taskId: string,
    signal: AbortSignal,
  ): Promise<Prepared | { readonly invalid: string }> {
    const tool = this.deps.tools.get(call.tool);
    if (!tool) return { invalid: `There is no tool ${call.tool}.` };
    try {
      return await this.gather(call, tool, taskId, signal);
    } catch (error) {
      if (error instanceof EngineError) return { invalid: error.message };
      throw error;
    }
  }

  decide(prepared: Prepared): Decision {
    return decide(prepared.policy, prepared.request, prepared.facts);
  }

  /** The card of the question, complete and masked. What the action would touch is looked at for a second at most. */
  async card(
    prepared: Prepared,
    decision: Decision,
    message: string,
    signal: AbortSignal,
  ): Promise<ApprovalDraft> {
    const { request, surroundings, toolFacts, analysis } = prepared;
    const { principal } = request;
    const blast = await reachOf(prepared, this.deps.masker, signal);
    const { change, standing } = explain(prepared.policy, request, prepared.facts);
    return {
      taskId: request.taskId,
      who: { key: principal.key, displayName: principal.displayName, role: principal.role },
      where: { ...principal.conversation, context: principal.context },
      message: this.deps.masker.mask(message),
      tool: request.tool,
      action: prepared.action,
      cwd: request.cwd,
      envNames: surroundings.envNames.filter((name) => !GIT_HARDENING_NAME.test(name)),
      files: touchedFiles(toolFacts, analysis),
      hosts: [
        ...new Set([
          ...toolFacts.hosts,
          ...(analysis?.commands ?? []).flatMap((one) => one.effects.network),
          ...prepared.networkHosts,
        ]),
      ],
      parts: analysis ? actionParts(analysis) : [],
      marks: analysis?.marks ?? [],
      taint: request.taint,
      decision,
      alter: {
        ...(change === undefined ? {} : { now: change.sentence }),
        ...(standing === undefined ? {} : { standing: this.deps.masker.mask(standing.sentence) }),
      },
      ...(blast === undefined ? {} : { blast }),
      sandbox: { label: surroundings.sandbox.label, isolated: surroundings.sandbox.isolated },
      bindingHash: prepared.bindingHash,
      scopes: this.deps.scopes(prepared),
    };
  }

  private async analysed(line: string, { shell, place, sandbox }: Surroundings): Promise<CommandAnalysis> {
    const analysis = await this.deps.analyse(line, shell, place);
    // Behind a wall it does not matter what git starts.
    return sandbox.isolated ? analysis : withRepositoryPrograms(analysis, place.cwd);
  }

  private async gather(call: ActionCall, tool: Tool, taskId: string, signal: AbortSignal): Promise<Prepared> {
    const args = tool.parse(call.args);
    const policy = await this.deps.policy();
    const surroundings = this.deps.surroundings();
    const { place, sandbox } = surroundings;
    const request: ToolRequest = {
      principal: call.principal,
      taskId,
      tool: tool.name,
      args,
      cwd: place.cwd,
      taint: [],
    };
    const toolFacts = await tool.facts(args, this.deps.toolContext(taskId, signal));
    const analysis =
      toolFacts.commandLine === undefined
        ? undefined
        : await this.analysed(toolFacts.commandLine, surroundings);
    const known: Omit<Facts, 'exactHash'> = {
      now: this.deps.clock.now(),
      ...(analysis ? { analysis } : {}),
      paths: toolFacts.paths,
      hosts: toolFacts.hosts,
      usage: this.deps.usage(taskId),
      workspaceTrusted: surroundings.workspaceTrusted,
      paused: surroundings.paused,
      grants: this.deps.grants(call.principal.key),
      contextPolicy: this.deps.contextPolicy(call.principal),
      sandbox: { id: sandbox.id, isolated: sandbox.isolated },
    };
    const hosts = analysis ? networkHosts(analysis, this.deps.allowedHosts(), policy, request, known) : [];
    const hash = bindingHash({
      tool: tool.name,
      args,
      cwd: request.cwd,
      envNames: surroundings.envNames,
      scripts: {
        ...toolFacts.contents,
        ...(analysis ? await scriptHashes(analysis, request.cwd) : {}),
      },
      ...(hosts.length > 0 ? { hosts } : {}),
      policyVersion: policy.version,
      sandbox: sandbox.id,
    });
    const facts: Facts = { ...known, exactHash: hash };
    const action = this.deps.masker.mask(tool.summary(args));
    return {
      request,
      tool,
      toolFacts,
      facts,
      ...(analysis ? { analysis } : {}),
      action,
      policy,
      surroundings,
      networkHosts: hosts,
      bindingHash: hash,
    };
  }
}

function touchedFiles(facts: ToolFacts, analysis: CommandAnalysis | undefined): ApprovalView['files'] {
  const files = facts.paths.map(({ path, access }) => ({ path, access }));
  for (const { effects } of analysis?.commands ?? []) {
    for (const path of effects.reads) files.push({ path, access: 'read' });
    for (const path of effects.writes) files.push({ path, access: 'write' });
    for (const path of effects.deletes) files.push({ path, access: 'delete' });
  }
  const seen = new Set<string>();
  return files.filter(({ path, access }) => {
    const key = `${access} ${path}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
