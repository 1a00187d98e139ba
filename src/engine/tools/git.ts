import * as z from 'zod';
import type { ToolResult } from '../model/tool';
import { DEFAULT_LIMITS, type RunResult } from '../sandbox/backend';
import { guardFor } from './access';
import { LIST_FILTERS, ownFilters, withoutFilters } from './git-filters';
import { nameFact } from './own-name';
import { defineTool, type ToolContext, type ToolPath } from './tool';

const path = z.string().min(1).max(4000);
const statusSchema = z.strictObject({});
const diffSchema = z.strictObject({
  staged: z.boolean().default(false).describe('What is staged, instead of what is not.'),
  paths: z.array(path).max(200).default([]).describe('Only these files and folders.'),
});
const commitSchema = z.strictObject({
  message: z.string().min(1).max(10_000),
  paths: z.array(path).min(1).max(200).describe('What to commit; nothing else goes in.'),
});

function runGit(args: readonly string[], context: ToolContext): Promise<RunResult> {
  return context.sandbox.run(
    {
      argv: ['git', '--no-pager', '--literal-pathspecs', ...args],
      cwd: context.cwd,
      workspace: context.workspace,
      env: context.env ?? {},
      limits: DEFAULT_LIMITS,
      network: 'none',
    },
    context.signal,
    context.onProgress,
  );
}

/** The filters of the repository's own, which its environment cannot switch off since their names vary. */
async function filtersOf(context: ToolContext): Promise<readonly string[]> {
  const { onProgress: _told, ...quiet } = context;
  return ownFilters(await runGit(LIST_FILTERS, quiet));
}

/**
 * Runs git where commands run. Its arguments are ours, and names of files stand after `--`. The environment of
 * every command switches off hooks and helpers of the repository's own; what it cannot switch off is here.
 */
async function git(args: readonly string[], context: ToolContext): Promise<ToolResult> {
  const result = await runGit([...withoutFilters(await filtersOf(context)), ...args], context);
  const error =
    result.failure ?? (result.cancelled ? 'git was stopped.' : result.timedOut ? 'git took too long.' : '');
  return {
    ok: result.exitCode === 0,
    output: result.output.text.trimEnd(),
    exitCode: result.exitCode,
    signal: result.signal,
    ...(error === '' ? {} : { error }),
    taint: ['output of git'],
  };
}

async function pathFacts(
  paths: readonly string[],
  context: ToolContext,
  access: ToolPath['access'],
): Promise<{ paths: ToolPath[]; hosts: string[] }> {
  const guard = await guardFor(context);
  const facts = await Promise.all(
    paths.map((one) =>
      one === '.' ? guard.fact(one, context.cwd, access) : nameFact(guard, one, context.cwd, access),
    ),
  );
  return { paths: facts, hosts: [] };
}

export const gitStatusTool = defineTool<z.infer<typeof statusSchema>>({
  name: 'git.status',
  description: 'Shows which files of the repository have changed.',
  schema: statusSchema,
  hints: { readOnly: true, destructive: false, openWorld: false },
  run: (_args, context) => git(['status', '--short', '--branch', '--ignore-submodules=all'], context),
  facts: (_args, context) => pathFacts(['.'], context, 'read'),
  summary: () => 'git status',
});

export const gitDiffTool = defineTool<z.infer<typeof diffSchema>>({
  name: 'git.diff',
  description: 'Shows what has changed in files of the repository.',
  schema: diffSchema,
  hints: { readOnly: true, destructive: false, openWorld: false },
  // Without these, `diff.external` and `diff.*.textconv` of the repository would run.
  run: ({ staged, paths }, context) =>
    git(
      [
        'diff',
        '--no-ext-diff',
        '--no-textconv',
        '--ignore-submodules=all',
        ...(staged ? ['--staged'] : []),
        '--',
        ...paths,
      ],
      context,
    ),
  facts: ({ paths }, context) => pathFacts(paths.length > 0 ? paths : ['.'], context, 'read'),
  summary: ({ staged, paths }) => ['git diff', ...(staged ? ['--staged'] : []), ...paths].join(' '),
});

export const gitCommitTool = defineTool<z.infer<typeof commitSchema>>({
  name: 'git.commit',
  description: 'Commits the named files as they are now, with a message. Hooks of the repository do not run.',
  schema: commitSchema,
  hints: { readOnly: false, destructive: false, openWorld: false },
  async run({ message, paths }, context) {
    const [filter] = await filtersOf(context);
    if (filter !== undefined) {
      // Without it other bytes than those that the repository wants would be committed.
      const error = `This repository sets the filter “${filter}” itself, which runs a program on each file. It is not run from here: commit in a terminal, once you have looked at it.`;
      return { ok: false, output: '', error };
    }
    const added = await git(['add', '--', ...paths], context);
    if (!added.ok) return added;
    return git(['commit', `--message=${message}`, '--only', '--', ...paths], context);
  },
  facts: ({ paths }, context) => pathFacts(paths, context, 'read'),
  summary: ({ message, paths }) => `git commit of ${paths.join(', ')}:\n${message}`,
});
