import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { connectToWindow, type LocalClient } from '../channels/local/client';
import { type LocalWindow, openWindows } from '../channels/local/discovery';
import { peerName } from '../channels/local/protocol';
import { visible, withoutFences } from '../channels/local/terminal-text';

export interface ChatIo {
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** A person types: prompt, and redraw it when a reply comes. */
  readonly interactive: boolean;
  /** Where windows announce themselves (`discoveryFolder`). */
  readonly folder: string;
}

export const CHAT_USAGE = `Talk to CoWork OS from a terminal, as a remote user.

  npm run chat                        type messages, Ctrl+D to leave
  npm run chat -- --as alice          speak as another user (default: terminal)
  npm run chat -- --group team        speak in a group; start with @cowork to be heard
  npm run chat -- --window 2          choose a window when several are open
  npm run chat -- --list              list the open windows
  npm run chat -- --send "/status"    say one thing and leave
      --wait [SECONDS]                …after printing the replies, until none came for so long (10)
`;

const DEFAULT_NAME = 'terminal';
const DEFAULT_WAIT_S = 10;
/** Piped input ends before the replies come; this many seconds without one end the chat. */
const PIPE_WAIT_S = 3;

/** What is wrong with how the program was called, or with where it was called, for the person who did. */
class ChatProblem extends Error {}

interface ChatOptions {
  readonly name: string;
  readonly group?: string;
  readonly window?: number;
  readonly list: boolean;
  readonly help: boolean;
  readonly send?: string;
  readonly waitMs?: number;
}

/**
 * `npm run chat`: the local channel from outside VS Code.
 * @returns the exit code: 0 when all that was asked for was done, 1 when it was not, 2 when the call was wrong.
 */
export async function chat(args: readonly string[], io: ChatIo): Promise<number> {
  let options: ChatOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    io.errors.write(`${error instanceof Error ? error.message : 'Wrong arguments.'}\n\n${CHAT_USAGE}`);
    return 2;
  }
  if (options.help) {
    io.output.write(CHAT_USAGE);
    return 0;
  }
  try {
    const windows = await openWindows(io.folder);
    if (options.list) {
      io.output.write(windows.length === 0 ? `${NO_WINDOW}\n` : listOf(windows));
      return windows.length === 0 ? 1 : 0;
    }
    return await talk(choose(windows, options.window), options, io);
  } catch (error) {
    io.errors.write(`${visible(error instanceof Error ? error.message : 'The chat failed.')}\n`);
    return 1;
  }
}

const NO_WINDOW =
  'No VS Code window with the local chat is open. Open a folder in VS Code, then enable “Local chat” in the Channels view of CoWork OS.';

function readOptions(args: readonly string[]): ChatOptions {
  const { values, positionals } = parseArgs({
    args: withWaitValue(args),
    options: {
      as: { type: 'string', default: DEFAULT_NAME },
      group: { type: 'string' },
      window: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      send: { type: 'string' },
      wait: { type: 'string' },
    },
    allowPositionals: true,
  });
  if (positionals.length > 0) {
    throw new ChatProblem(
      `“${visible(positionals.join(' '))}” was not expected. To say one thing, use --send "…".`,
    );
  }
  for (const [option, value] of [
    ['--as', values.as],
    ['--group', values.group],
  ] as const) {
    const parsed = value === undefined ? undefined : peerName.safeParse(value);
    if (parsed && !parsed.success)
      throw new ChatProblem(`${option} ${parsed.error.issues[0]?.message ?? 'is wrong'}.`);
  }
  return {
    name: values.as,
    ...(values.group === undefined ? {} : { group: values.group }),
    ...(values.window === undefined ? {} : { window: positive('--window', values.window) }),
    list: values.list,
    help: values.help,
    ...(values.send === undefined ? {} : { send: values.send }),
    ...(values.wait === undefined ? {} : { waitMs: positive('--wait', values.wait) * 1000 }),
  };
}

/** `--wait` alone means `--wait 10`. */
function withWaitValue(args: readonly string[]): string[] {
  return args.flatMap((arg, index) =>
    arg === '--wait' && !/^\d/.test(args[index + 1] ?? '') ? [`--wait=${DEFAULT_WAIT_S}`] : [arg],
  );
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new ChatProblem(`${option} must be a whole number from 1 on.`);
  return number;
}

function listOf(windows: readonly LocalWindow[]): string {
  return windows
    .map(
      ({ workspace, pid }, index) =>
        `${index + 1}  ${visible(workspace) || '(no folder)'}  (process ${pid})\n`,
    )
    .join('');
}

function choose(windows: readonly LocalWindow[], number: number | undefined): LocalWindow {
  const window = number === undefined && windows.length > 1 ? undefined : windows[(number ?? 1) - 1];
  if (window) return window;
  if (windows.length === 0) throw new ChatProblem(NO_WINDOW);
  throw new ChatProblem(
    number === undefined
      ? `Several windows are open. Choose one with --window N:\n${listOf(windows)}`
      : `There is no window ${number}. These are open:\n${listOf(windows)}`,
  );
}

/** Something that is called when nothing has happened for a while. */
class Quiet {
  private timer: NodeJS.Timeout | undefined;
  private resolve: (() => void) | undefined;

  /** Resolves after `ms` without a `stir()`, or at `end()`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.resolve = () => {
        clearTimeout(this.timer);
        resolve();
      };
      this.stir = () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.end(), ms);
      };
      this.stir();
    });
  }

  stir = (): void => {};

  end(): void {
    this.resolve?.();
  }
}

async function talk(window: LocalWindow, options: ChatOptions, io: ChatIo): Promise<number> {
  const quiet = new Quiet();
  let replies = 0;
  let lost: string | undefined;
  let screen = (line: string): void => {
    io.output.write(`${line}\n`);
  };
  let leave = () => {};
  const client = await connectToWindow(window, {
    name: options.name,
    ...(options.group === undefined ? {} : { group: options.group }),
    onMessage: ({ text, from }) => {
      replies += 1;
      screen(`${from ?? 'CoWork'}: ${visible(withoutFences(text))}`);
      quiet.stir();
    },
    onEnd: (reason) => {
      lost = reason;
      quiet.end();
      leave();
    },
  });
  try {
    if (options.send !== undefined) {
      await client.say(options.send);
      if (options.waitMs === undefined) return 0;
      await quiet.wait(options.waitMs);
      if (replies === 0)
        io.errors.write('No reply came. An unknown user gets none in a group, or when codes are wrong.\n');
      return replies > 0 ? 0 : 1;
    }
    const rejected = await converse(client, window, options, io, {
      show: (show) => {
        screen = show;
      },
      onLeave: (run) => {
        leave = run;
        if (lost !== undefined) run();
      },
    });
    if (!io.interactive && lost === undefined) await quiet.wait(options.waitMs ?? PIPE_WAIT_S * 1000);
    if (lost !== undefined) io.errors.write(`${visible(lost)}\n`);
    return rejected || lost !== undefined ? 1 : 0;
  } finally {
    client.end();
  }
}

/** Reads lines until the input ends. True when one of them was not taken. */
async function converse(
  client: LocalClient,
  window: LocalWindow,
  options: ChatOptions,
  io: ChatIo,
  hooks: { show(show: (line: string) => void): void; onLeave(run: () => void): void },
): Promise<boolean> {
  const lines = createInterface({
    input: io.input,
    output: io.interactive ? io.output : undefined,
    terminal: io.interactive,
    prompt: '> ',
  });
  let rejected = false;
  if (io.interactive) {
    io.output.write(greeting(window, options));
    hooks.show((line) => {
      // Wipe the prompt, say it above, and put the prompt and what was typed back.
      io.output.write(`\r\u001b[K${line}\n`);
      lines.prompt(true);
    });
    lines.prompt();
  }
  hooks.onLeave(() => lines.close());
  for await (const line of lines) {
    if (line.trim() !== '') {
      await client.say(line).catch((error: unknown) => {
        rejected = true;
        io.errors.write(`${visible(error instanceof Error ? error.message : 'Not sent.')}\n`);
      });
    }
    if (io.interactive) lines.prompt();
  }
  return rejected;
}

function greeting(window: LocalWindow, { name, group }: ChatOptions): string {
  const where = group === undefined ? '' : ` in the group “${group}”`;
  const code = group === undefined ? 'CODE' : '@cowork CODE';
  return `You are the remote user “${name}”${where}; the folder is “${visible(window.workspace)}”.
New here? Run “Generate Pairing Code” in VS Code and type ${code}. Then /help. Ctrl+D leaves.
`;
}
