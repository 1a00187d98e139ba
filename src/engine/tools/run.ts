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
  const text = result.output.text;
  const wanted = result.exitCode !== 0 && error === undefined && WANTED_TERMINAL.test(text);
  const notices = [...result.notices, ...(wanted ? [NO_TERMINAL] : [])].map((notice) => `[${notice}]`);
  const output = [...(text === '' ? [] : [text.replace(/\n$/, '')]), ...notices].join('\n');
  return {
    ok: result.exitCode === 0 && error === undefined,
    output,
    exitCode: result.exitCode,
    signal: result.signal,
    ...wholeOf(result),
    ...(error === undefined ? {} : { error }),
    taint: ['output of a command'],
  };
}

/** Of an output whose middle is not here any more; otherwise it is worked out from what is (FAQ-7). */
function wholeOf({ output }: RunResult): Pick<ToolResult, 'whole'> {
  return output.cut ? { whole: { length: output.length, sha256: output.sha256 } } : {};
}

function whyItEnded(result: RunResult, timeoutSeconds: number): string | undefined {
  if (result.limit === 'protected') return `The command was ended. ${result.failure ?? ''}`;
  if (result.failure) return result.failure;
  if (result.cancelled) return 'The command was stopped.';
  switch (result.limit) {
    case 'time':
      return `The command was ended after ${timeoutSeconds} s${whatItDid(result.output.text)}`;
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

/** A question at the end, without the end of its line: `Proceed? [y/N] `, `Password: `, `>>> `. */
const QUESTION = /(?:^|\n)([^\n]{0,200}(?:[?:>\]]|\([yYnN]\/[yYnN]\))[ \t]*)$/;

/** What a program says that wanted a terminal, or an answer, and got neither. From the programs' own sources. */
const WANTED_TERMINAL =
  /not a (?:tty|terminal)|not a typewriter|inappropriate ioctl for device|no tty present|the input device is not a TTY|must be run (?:from|in) a terminal|cannot open (?:\/dev\/tty|your terminal)|\/dev\/tty: (?:No such device|cannot)|EOFError: EOF when reading a line|readline was closed|a terminal is required/i;

const NO_TERMINAL =
  'It wanted a terminal or an answer. Commands get neither here; look for an option that makes it go on by itself.';

/** Tells one that waits for somebody from one that just goes on: the one can be helped with an option. */
function whatItDid(output: string): string {
  if (output === '') return ' without any output: it may have waited for input, which it cannot get here.';
  const question = QUESTION.exec(output)?.[1]?.trim();
  return question === undefined || question === ''
    ? ' while it was still at work, or hung.'
    : ` while it waited for an answer to “${question}”, which it cannot get here. Look for an option such as --yes.`;
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
