import type { z } from 'zod';
import type { Desk } from '../model/desk';
import { EngineError } from '../model/error';
import type { IdentityKey } from '../model/identity';
import type { Clock } from '../model/ports';
import type { ToolResult } from '../model/tool';
import type { RunNetwork, SandboxBackend } from '../sandbox/backend';

/** A file or folder that a tool would touch, with its links resolved. What policy calls a path fact. */
export interface ToolPath {
  /** Absolute, real: where the bytes are. */
  readonly path: string;
  readonly access: 'read' | 'write' | 'delete';
  /** Below the workspace root, or the root itself. */
  readonly inside: boolean;
  /** From the workspace root down, `/` between the parts; undefined outside. */
  readonly relative?: string;
  /** As it was asked for. */
  readonly requested: string;
}

/** What a tool would do with these arguments, gathered before it is decided whether it may. */
export interface ToolFacts {
  readonly paths: readonly ToolPath[];
  readonly hosts: readonly string[];
  /** SHA-256, in hex, of what is read for others to have, by absolute path: an approval binds it (law 7). */
  readonly contents?: Readonly<Record<string, string>>;
  /** For tools that run a line of a shell: the whole line. */
  readonly commandLine?: string;
}

/** What a tool may use. Everything in it comes from the engine; nothing from the request. */
export interface ToolContext {
  /** Absolute root of the folder that is open in the editor. */
  readonly workspace: string;
  /** Absolute; where relative paths start. */
  readonly cwd: string;
  /** The engine's own storage, outside the workspace: snapshots for undo go there. */
  readonly storageDir: string;
  readonly sandbox: SandboxBackend;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The editor and what belongs to it, where there is one. */
  readonly desk?: Desk;
  /** Who asks. */
  readonly user?: IdentityKey;
  /** Snapshots are kept by task. */
  readonly taskId: string;
  /** Variables that the user lists for commands, names to values. */
  readonly env?: Readonly<Record<string, string>>;
  /** The hosts that a command may reach; none when it is absent. */
  readonly network?: RunNetwork;
  /** Hosts that the user has listed, as the egress gate reads them: they may be private ones. */
  readonly allowedHosts?: readonly string[];
  /** Folders besides the workspace that the user lets tools use; absolute. */
  readonly allowedPaths?: readonly string[];
  /**
   * What was decided on. A path that now resolves to a place that is not among `facts.paths` is refused, so
   * that a link that is swapped after the decision leads nowhere (law 7). Always given when a tool runs.
   */
  readonly facts?: ToolFacts;
  /** Output as it comes, not yet masked. */
  readonly onProgress?: (text: string) => void;
}

/** Hints for a person or a model; policy has its own table and does not trust them. */
export interface ToolHints {
  /** Changes nothing. */
  readonly readOnly: boolean;
  /** Can destroy what cannot be made again without a snapshot. */
  readonly destructive: boolean;
  /** Reaches beyond this machine. */
  readonly openWorld: boolean;
}

/** A tool as it is written: its arguments have a type. */
export interface ToolDefinition<A> {
  readonly name: string;
  /** For the agent: what it does and what its limits are. */
  readonly description: string;
  /** Strict: unknown keys are refused. */
  readonly schema: z.ZodType<A>;
  readonly hints: ToolHints;
  run(args: A, context: ToolContext): Promise<ToolResult>;
  facts(args: A, context: ToolContext): Promise<ToolFacts>;
  /** What is done, for the approval and the journal: the whole of it, never cut. */
  summary(args: A): string;
}

/** Arguments that do not fit a tool, with a sentence that says which and why. */
export class ToolInputError extends EngineError {}

/** A tool as it is used: arguments are checked at every call. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType;
  readonly hints: ToolHints;
  /** The arguments as the schema passes them, defaults filled in. @throws ToolInputError */
  parse(args: unknown): Readonly<Record<string, unknown>>;
  /** Never throws for what is in the workspace: the result says what went wrong. @throws ToolInputError */
  run(args: unknown, context: ToolContext): Promise<ToolResult>;
  /** @throws ToolInputError, or EngineError when a path cannot be one. */
  facts(args: unknown, context: ToolContext): Promise<ToolFacts>;
  /** @throws ToolInputError */
  summary(args: unknown): string;
}

/** Makes a typed definition into a tool that checks what it is given. */
export function defineTool<A extends object>(definition: ToolDefinition<A>): Tool {
  const check = (args: unknown): A => {
    const parsed = definition.schema.safeParse(args);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'arguments'}: ${message}`,
    );
    throw new ToolInputError(`The tool ${definition.name} cannot be used like this: ${problems.join('; ')}.`);
  };
  return {
    name: definition.name,
    description: definition.description,
    schema: definition.schema,
    hints: definition.hints,
    parse: (args) => Object.fromEntries(Object.entries(check(args))),
    async run(args, context) {
      const checked = check(args);
      try {
        return await definition.run(checked, context);
      } catch (error) {
        return { ok: false, output: '', error: explain(error) };
      }
    },
    facts: async (args, context) => definition.facts(check(args), context),
    summary: (args) => definition.summary(check(args)),
  };
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'the system does not permit it',
  EPERM: 'the system does not permit it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'it exists already',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
  ENAMETOOLONG: 'a name is too long',
  ELOOP: 'its links lead in a circle, or it was swapped for a link',
  EMFILE: 'too many files are open',
  ENOTEMPTY: 'the folder is not empty',
};

function explain(error: unknown): string {
  if (error instanceof EngineError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  const cause = code === undefined ? undefined : CAUSES[code];
  return cause ? `That did not work: ${cause}.` : `That did not work: ${message ?? String(error)}.`;
}
