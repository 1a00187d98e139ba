import { homedir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { version } from '../../package.json';
import { discoveryFolder } from '../channels/local/discovery';
import { nearest } from '../engine/policy/nearest';
import { AUDIT_USAGE, audit } from './audit';
import { CHAT_USAGE, chat } from './chat';
import { CHECK_USAGE, check } from './check';
import { POLICY_USAGE, policyCommand } from './policy';
import { POSTURE_USAGE, posture } from './posture';
import { SIMULATE_USAGE, simulateCommand } from './simulate';

/** The standard streams of the process; tests pass their own. */
export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly out: Writable & { readonly isTTY?: boolean };
  readonly err: Writable;
}

interface Command {
  readonly purpose: string;
  readonly usage: string;
  run(args: readonly string[], io: CliIo): Promise<number>;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    'check',
    {
      purpose: 'say what a command line really does and whether it would run',
      usage: CHECK_USAGE,
      run: check,
    },
  ],
  [
    'simulate',
    {
      purpose: 'say what a rule would have run, asked about and blocked in the past',
      usage: SIMULATE_USAGE,
      run: simulateCommand,
    },
  ],
  [
    'policy',
    {
      purpose: 'check policy files, for the CI of a repository',
      usage: POLICY_USAGE,
      run: policyCommand,
    },
  ],
  [
    'posture',
    {
      purpose: 'look at a folder as the Checklist does',
      usage: POSTURE_USAGE,
      run: posture,
    },
  ],
  [
    'audit',
    {
      purpose: 'verify, search, export, back up and restore the record of a workspace',
      usage: AUDIT_USAGE,
      run: (args, { out, err }) =>
        audit(args, {
          out: (text) => void out.write(text),
          err: (text) => void err.write(text),
          env: process.env,
        }),
    },
  ],
  [
    'chat',
    {
      purpose: 'talk to an open VS Code window as a remote user',
      usage: CHAT_USAGE,
      run: (args, { stdin, out, err }) =>
        chat(args, {
          input: stdin,
          output: out,
          errors: err,
          interactive: stdin.isTTY === true && out.isTTY === true,
          folder: discoveryFolder(process.env, process.platform, homedir()),
        }),
    },
  ],
]);

function usage(): string {
  const rows = [...COMMANDS].map(([name, { purpose }]) => `  ${name.padEnd(8)} ${purpose}`);
  return `CoWork OS ${version}: the engine without VS Code.

  cowork COMMAND …

${rows.join('\n')}
  help     this text, or with a command its own

  --version
`;
}

/** Runs one command. @returns the exit code; 2 when there is no such command */
export async function main(args: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') {
    io.out.write(usage());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    io.out.write(`${version}\n`);
    return 0;
  }
  if (name === 'help') return help(rest[0], io);
  const command = COMMANDS.get(name);
  return command === undefined ? unknown(name, io) : command.run(rest, io);
}

function help(name: string | undefined, io: CliIo): number {
  if (name === undefined) {
    io.out.write(usage());
    return 0;
  }
  const command = COMMANDS.get(name);
  if (command === undefined) return unknown(name, io);
  io.out.write(command.usage);
  return 0;
}

function unknown(name: string, io: CliIo): number {
  const meant = nearest(name, [...COMMANDS.keys(), 'help']);
  const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  io.err.write(`There is no command "${name}".${hint}\n\n${usage()}`);
  return 2;
}

async function run(): Promise<void> {
  // A reader that has seen enough (`cowork check --jsonl | head`) is no fault of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    process.exitCode = await main(process.argv.slice(2), {
      stdin: process.stdin,
      out: process.stdout,
      err: process.stderr,
    });
  } catch (error) {
    process.stderr.write(`cowork stopped: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

if (require.main === module) void run();
