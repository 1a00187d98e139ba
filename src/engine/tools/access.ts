import { EngineError } from '../model/error';
import { PathGuard, type ResolvedPath } from './path-guard';
import type { ToolContext, ToolFacts, ToolPath } from './tool';

/** The guard for the folders that this use of a tool may touch. */
export function guardFor(context: ToolContext): Promise<PathGuard> {
  return PathGuard.create({ workspace: context.workspace, allowed: context.allowedPaths ?? [] });
}

/**
 * Resolves a path once more when the tool runs, and refuses one that leads elsewhere than when it was decided.
 * @throws EngineError with a sentence for a person.
 */
export async function decidedPath(
  guard: PathGuard,
  context: ToolContext,
  requested: string,
  access: ToolPath['access'],
): Promise<ResolvedPath> {
  const now = await guard.resolve(requested, context.cwd);
  const known = context.facts?.paths;
  if (known && !known.some((fact) => fact.path === now.path && fact.access === access)) {
    throw new EngineError(`${requested} leads elsewhere than when it was decided; nothing was done.`);
  }
  return now;
}

/** The facts of a tool that does one thing to the one path that it is given. */
export function onPath(access: ToolPath['access']) {
  return async ({ path }: { readonly path: string }, context: ToolContext): Promise<ToolFacts> => {
    const guard = await guardFor(context);
    return { paths: [await guard.fact(path, context.cwd, access)], hosts: [] };
  };
}

/** How a path is shown: from the workspace down where it is inside. */
export function shown(path: ResolvedPath): string {
  return path.relative === undefined ? path.path : path.relative || '.';
}
