import * as z from 'zod';
import type { ToolResult } from '../model/tool';
import { DEFAULT_LIMITS, MAX_TIMEOUT_MS, type RunResult } from '../sandbox/backend';
import { defaultShell, shellArgv } from '../sandbox/shell';
import { defineTool, type ToolContext } from './tool';

/** Characters; also the longest line that the guard reads. */
const MAX_LINE = 64 * 1024;

const schema = z.strictObject({
  command: z.string().min(1).max(MAX_LINE).describe('A line for the shell.'),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(MAX_TIMEOUT_MS / 1000)
    .default(DEFAULT_LIMITS.timeoutMs / 1000)
    .describe('The command is ended after this time.'),
});
type Args = z.infer<typeof schema>;

async function run(args: Args, context: ToolContext): Promise<ToolResult> {
  const result = await context.sandbox.run(
    {
      argv: shellArgv(args.command, defaultShell(process.platform)),
      cwd: context.cwd,
      workspace: context.workspace,
      env: context.env ?? {},
      limits: { ...DEFAULT_LIMITS, timeoutMs: args.timeoutSeconds * 1000 },
      network: context.network ?? 'none',
    },
    context.signal,
    context.onProgress,
  );
  const error = whyItEnded(result, args.timeoutSeconds);
  const notices = result.notices.map((notice) => `[${notice}]`);
  const text = result.output.text;
  const output = [...(text === '' ? [] : [text.replace(/\n$/, '')]), ...notices].join('\n');
  return {
    ok: result.exitCode === 0 && error === undefined,
    output,
    exitCode: result.exitCode,
    signal: result.signal,
    ...(error === undefined ? {} : { error }),
    taint: ['output of a command'],
  };
}

function whyItEnded(result: RunResult, timeoutSeconds: number): string | undefined {
  if (result.limit === 'protected') return `The command was ended. ${result.failure ?? ''}`;
  if (result.failure) return result.failure;
  if (result.cancelled) return 'The command was stopped.';
  switch (result.limit) {
    case 'time':
      return result.output.length === 0
        ? `The command was ended after ${timeoutSeconds} s without any output: it may have waited for input, which it cannot get here.`
        : `The command was ended after ${timeoutSeconds} s.`;
    case 'output':
      return 'The command was ended because it wrote without end.';
    case 'memory':
      return 'The command was ended because it took too much memory.';
    case 'processes':
      return 'The command was ended because it started too many processes.';
    default:
      return undefined;
  }
}

export const runTool = defineTool<Args>({
  name: 'run',
  description: 'Runs a line in a shell, in the sandbox, without a terminal and without input.',
  schema,
  hints: { readOnly: false, destructive: true, openWorld: true },
  run,
  facts: async ({ command }) => ({ paths: [], hosts: [], commandLine: command }),
  summary: ({ command }) => command,
});
