import { basename, dirname, join } from 'node:path';
import { EngineError } from '../model/error';
import type { PathGuard } from './path-guard';
import { PathError } from './path-names';
import type { ToolContext, ToolPath } from './tool';

/**
 * Where a name itself is, for tools that move or delete it: links on the way are followed, one that has the
 * name is not, since it is the link that goes and not what it points to.
 */
export async function nameFact(
  guard: PathGuard,
  requested: string,
  cwd: string,
  access: ToolPath['access'],
): Promise<ToolPath> {
  const trimmed = requested.replace(/[\\/]+$/, '');
  const name = basename(trimmed);
  if (name === '' || name === '.' || name === '..') throw new PathError(`${requested} does not name a file.`);
  const parent = await guard.fact(trimmed === name ? '.' : dirname(trimmed), cwd, access);
  const relative =
    parent.relative === undefined ? undefined : [parent.relative, name].filter(Boolean).join('/');
  return {
    path: join(parent.path, name),
    access,
    inside: parent.inside,
    ...(relative === undefined ? {} : { relative }),
    requested,
  };
}

/** Looks again when the tool runs. @throws EngineError when it is elsewhere than when it was decided. */
export async function decidedName(
  guard: PathGuard,
  context: ToolContext,
  requested: string,
  access: ToolPath['access'],
): Promise<ToolPath> {
  const now = await nameFact(guard, requested, context.cwd, access);
  const known = context.facts?.paths;
  if (known && !known.some((fact) => fact.path === now.path && fact.access === access)) {
    throw new EngineError(`${requested} leads elsewhere than when it was decided; nothing was done.`);
  }
  return now;
}
