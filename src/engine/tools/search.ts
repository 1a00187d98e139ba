import * as z from 'zod';
import { EngineError } from '../model/error';
import type { ToolResult } from '../model/tool';
import { DEFAULT_LIMITS } from '../sandbox/backend';
import { decidedPath, guardFor, onPath, shown } from './access';
import { defineTool, type ToolContext } from './tool';
import { walkAndSearch } from './walk-search';

const MAX_MATCHES = 500;

const schema = z.strictObject({
  query: z.string().min(1).max(1000).describe('The text to find, or a regular expression with `regex`.'),
  path: z.string().default('.').describe('The folder to look in.'),
  regex: z.boolean().default(false),
  ignoreCase: z.boolean().default(false),
  glob: z.string().min(1).max(200).optional().describe('Only files whose name matches, such as `*.ts`.'),
});
export type SearchArgs = z.infer<typeof schema>;

/** Folders and files that a search does not open: history, and files made to hold secrets. */
const SKIPPED = ['.git', '.env', '.env.*', '.ssh', '.aws', '.gnupg', '.netrc', 'id_rsa', 'id_ed25519'];

/** argv of ripgrep for a search. Every word that is not ours stands after `--regexp=`, `--glob=` or `--`. */
export function ripgrepArgv(args: SearchArgs): string[] {
  return [
    'rg',
    '--no-config',
    '--no-messages',
    '--no-follow',
    '--hidden',
    '--line-number',
    '--no-heading',
    '--with-filename',
    '--color=never',
    '--sort=path',
    '--max-columns=300',
    '--max-columns-preview',
    '--max-filesize=10M',
    `--max-count=${MAX_MATCHES}`,
    // The user's glob comes first: later ones win, and ours must.
    ...(args.glob === undefined ? [] : [`--glob=${args.glob}`]),
    ...SKIPPED.map((name) => `--iglob=!${name}`),
    ...(args.ignoreCase ? ['--ignore-case'] : ['--case-sensitive']),
    ...(args.regex ? [] : ['--fixed-strings']),
    `--regexp=${args.query}`,
    '--',
    '.',
  ];
}

async function run(args: SearchArgs, context: ToolContext): Promise<ToolResult> {
  const guard = await guardFor(context);
  const path = await decidedPath(guard, context, args.path, 'read');
  if (!path.stats?.isDirectory()) {
    return { ok: false, output: '', error: `${shown(path)} is not a folder.` };
  }
  // Holding it once refuses a folder that is outside or was swapped since.
  const held = await guard.holdFolder(path.path);
  await held.close();
  const lines =
    (await byRipgrep(args, path.path, context)) ??
    (await walkAndSearch(guard, path.path, args, context.signal));
  if (lines.length === 0) return { ok: true, output: 'Nothing found.' };
  const more = lines.length > MAX_MATCHES ? '\n… and more; narrow the search.' : '';
  return { ok: true, output: lines.slice(0, MAX_MATCHES).join('\n') + more, taint: [path.path] };
}

/** Undefined when there is no ripgrep where commands run. */
async function byRipgrep(
  args: SearchArgs,
  folder: string,
  context: ToolContext,
): Promise<string[] | undefined> {
  const result = await context.sandbox.run(
    {
      argv: ripgrepArgv(args),
      cwd: folder,
      workspace: context.workspace,
      env: {},
      limits: { ...DEFAULT_LIMITS, outputBytes: 2 * 1024 * 1024 },
      network: 'none',
    },
    context.signal,
  );
  // 127 and 126: the wrapper could not start it. 2: a mistake in the pattern or the glob.
  if (result.failure || result.exitCode === 127 || result.exitCode === 126) return undefined;
  if (result.cancelled) throw new EngineError('The search was stopped.');
  if (result.limit) throw new EngineError('The search took too long or found too much; narrow it.');
  if (result.exitCode === 2)
    throw new EngineError(`The search was not understood: ${result.output.text.trim()}`);
  return result.output.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\.[\\/]/, ''));
}

export const searchTool = defineTool<SearchArgs>({
  name: 'search',
  description:
    'Finds text in the files of a folder, respecting .gitignore; binary files, .git and files of secrets are left out.',
  schema,
  hints: { readOnly: true, destructive: false, openWorld: false },
  run,
  facts: onPath('read'),
  summary: (args) =>
    `search ${args.path} for ${args.regex ? 'the expression' : 'the text'} ${JSON.stringify(args.query)}` +
    (args.glob === undefined ? '' : ` in files named ${args.glob}`),
});
