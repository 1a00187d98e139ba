import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { type ParseError, parse as parseJsonc } from 'jsonc-parser';
import { createGuard } from '../engine/guard';
import { scanDirectory } from '../engine/journal/scan';
import type { CommandAnalysis, Shell } from '../engine/model/analysis';
import { EngineError } from '../engine/model/error';
import type { AnyRecord } from '../engine/model/record';
import { parseCandidate } from '../engine/policy/candidate';
import { parseUserPolicy } from '../engine/policy/parse';
import { pastDecisions } from '../engine/policy/past-decisions';
import type { UserPolicy } from '../engine/policy/schema';
import { type Candidate, type Simulation, simulate } from '../engine/policy/simulate';
import { buildSnapshot } from '../engine/policy/snapshot';
import { mustBeJournal } from '../engine/store/offline';
import { printable } from './explanation-text';

export interface SimulateIo {
  readonly out: Writable;
  readonly err: Writable;
  /** Milliseconds since the epoch; the machine's clock when left out. */
  readonly now?: number;
}

export const SIMULATE_USAGE = `Say what a rule would have run, asked about and blocked. DIR is the folder of a record, or a copy of it; it is only read.

  cowork simulate DIR --rule RULE     RULE is JSON, {"effect":"allow","command":"npm test *"}, or a line:
                                      allow run "npm test *", deny write "infra/**", trust "git log *"
      --days N                        how far to look back (1 to 365, default: 30)
      --policy FILE                   your policy, to which the rule is added (default: the default policy)
      --cwd DIR                       the workspace in which it was decided (default: here)
      --shell bash|powershell|cmd     how commands are read (default: bash)
      --json                          the report as one line of JSON

Exit code: 0 done, 1 the record could not be read, 2 wrong usage.
`;

const SHELLS: readonly Shell[] = ['bash', 'powershell', 'cmd'];
const DAY_MS = 86_400_000;

class UsageProblem extends Error {}

interface SimulateOptions {
  readonly directory: string;
  readonly candidate: Candidate;
  readonly days: number;
  readonly user: UserPolicy;
  readonly cwd: string;
  readonly shell: Shell;
  readonly json: boolean;
}

/** `cowork simulate`. @returns the exit code, as the usage text says */
export async function simulateCommand(args: readonly string[], io: SimulateIo): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === 'help') {
      io.out.write(SIMULATE_USAGE);
      return 0;
    }
    const report = await run(options, io.now ?? Date.now());
    io.out.write(
      options.json
        ? `${JSON.stringify({ ...report, candidate: options.candidate, days: options.days })}\n`
        : reportText(options, report),
    );
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const wrong = error instanceof UsageProblem || error instanceof EngineError;
    io.err.write(wrong ? `${message}\n\n${SIMULATE_USAGE}` : `${message}\n`);
    return wrong ? 2 : 1;
  }
}

function readOptions(args: readonly string[]): SimulateOptions | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const [place] = positionals;
  if (place === undefined || positionals.length > 1)
    throw new UsageProblem('Name the one folder of the record.');
  const directory = resolve(place);
  try {
    mustBeJournal(directory);
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
  const days = Number(values.days ?? '30');
  if (!Number.isInteger(days) || days < 1 || days > 365)
    throw new UsageProblem('--days is a whole number from 1 to 365.');
  const shell = SHELLS.find((one) => one === (values.shell ?? 'bash'));
  if (shell === undefined) throw new UsageProblem('--shell is bash, powershell or cmd.');
  return {
    directory,
    candidate: parseCandidate(values.rule ?? ''),
    days,
    user: values.policy === undefined ? {} : policyFrom(values.policy),
    cwd: resolve(values.cwd ?? '.'),
    shell,
    json: values.json ?? false,
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rule: text,
        days: text,
        policy: text,
        cwd: text,
        shell: text,
        json: flag,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
}

/** A policy that is only partly understood would give a report about another one. */
function policyFrom(path: string): UserPolicy {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    throw new UsageProblem(`${path} cannot be read.`);
  }
  const errors: ParseError[] = [];
  const value: unknown = parseJsonc(content, errors, { allowTrailingComma: true });
  if (errors.length > 0) throw new UsageProblem(`${path} is not JSON.`);
  const { policy, problems } = parseUserPolicy(value);
  const [problem] = problems;
  if (problem !== undefined)
    throw new UsageProblem(`${path}: ${problem.path} ${problem.message} ${problem.fix}`);
  return policy;
}

async function run(
  { directory, candidate, days, user, cwd, shell }: SimulateOptions,
  now: number,
): Promise<Simulation> {
  const place = { cwd, workspace: cwd, home: homedir() };
  const guard = await createGuard(
    existsSync(join(__dirname, 'tree-sitter.wasm')) ? { wasmDir: __dirname } : {},
  );
  const analyse = (line: string): CommandAnalysis => guard.analyse({ line, shell, ...place });
  const snapshot = buildSnapshot({ user, workspaceRoot: cwd, home: place.home });
  const past = pastDecisions(recordsIn(directory), now - days * DAY_MS);
  return simulate(candidate, past, { snapshot, analyse, now });
}

async function* recordsIn(directory: string): AsyncGenerator<AnyRecord> {
  for await (const batch of scanDirectory(directory)) yield* batch;
}

function reportText({ candidate, days }: SimulateOptions, report: Simulation): string {
  const rule = candidate.kind === 'trusted' ? candidate.entry : candidate.rule;
  const lines = [
    `Rule: ${printable(JSON.stringify(rule))}`,
    `${report.considered} decisions of the last ${days} days were looked at; the rule has a word in ${report.matched} and alters ${report.changed}.`,
    '',
    `  would have run without asking  ${report.wouldAutoRun}`,
    `  would have been asked about    ${report.wouldAsk}`,
    `  would have been blocked        ${report.wouldBlock}`,
  ];
  if (report.examples.length > 0) lines.push('', 'Examples (without the rule > with it)');
  for (const { at, tool, action, before, after } of report.examples) {
    const when = new Date(at).toISOString().slice(0, 16);
    lines.push(`  ${when}  ${before} > ${after}  ${tool}  ${printable(action).replaceAll('\n', '\n      ')}`);
  }
  return `${lines.join('\n')}\n`;
}
