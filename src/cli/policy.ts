import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { checkPolicy, type FindingKind, type PolicyFinding } from '../engine/policy/check/check';
import { printable } from './explanation-text';
import { type SarifLevel, type SarifRegion, type SarifRule, sarifLog } from './sarif';

export interface PolicyIo {
  readonly out: Writable;
  readonly err: Writable;
  /** The folder that paths are relative to; the process's own when left out. */
  readonly cwd?: string;
}

export const POLICY_USAGE = `Check policy files, for instance in the CI of a team's repository. Nothing is changed and no record is needed.

  cowork policy check FILE …          what the engine would leave out or not understand, attempts to loosen, rules
                                      that contradict each other or never decide, patterns that are too broad
      --user                          the files are policies of user scope, which may allow
      --json                          one line of JSON a finding
      --sarif                         one SARIF 2.1.0 log, for code-scanning services

Exit code: 0 nothing was found, 1 something was found, 2 wrong usage, or a file that cannot be read.
`;

/** What is wrong with how the program was called, for the person who did. */
class UsageProblem extends Error {}

interface PolicyOptions {
  readonly files: readonly string[];
  readonly user: boolean;
  readonly form: 'text' | 'json' | 'sarif';
}

/** A finding with its place as people count it. */
interface Placed extends PolicyFinding {
  readonly file: string;
  readonly region: SarifRegion;
}

/** `cowork policy`. @returns the exit code, as the usage text says */
export async function policyCommand(args: readonly string[], io: PolicyIo): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === 'help') {
      io.out.write(POLICY_USAGE);
      return 0;
    }
    const found: Placed[] = [];
    for (const file of options.files) found.push(...(await findingsOf(file, options.user)));
    io.out.write(written(found, options, io.cwd ?? process.cwd()));
    return found.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageProblem)) throw error;
    io.err.write(`${error.message}\n\n${POLICY_USAGE}`);
    return 2;
  }
}

function readOptions(args: readonly string[]): PolicyOptions | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const [action, ...files] = positionals;
  if (action !== 'check') throw new UsageProblem('What shall be done with the policy? There is "check".');
  if (files.length === 0) throw new UsageProblem('Name the file, for instance .cowork/policy.jsonc.');
  if (values.json && values.sarif) throw new UsageProblem('Either --json or --sarif.');
  const form = values.json ? 'json' : values.sarif ? 'sarif' : 'text';
  return { files, user: values.user ?? false, form };
}

function parsed(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { user: flag, json: flag, sarif: flag, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
}

async function findingsOf(file: string, user: boolean): Promise<readonly Placed[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new UsageProblem(`${file} cannot be read${code}.`);
  }
  const { findings } = checkPolicy(text, user ? 'user' : 'workspace');
  return findings.map((finding) => ({ ...finding, file, region: regionOf(text, finding) }));
}

function regionOf(text: string, { offset, length }: PolicyFinding): SarifRegion {
  const start = placeOf(text, offset);
  const end = placeOf(text, offset + Math.max(1, length));
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}

/** Line and column from one on. */
function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const KINDS: Readonly<Record<FindingKind, { level: SarifLevel; description: string }>> = {
  syntax: { level: 'error', description: 'The file is not JSON with comments.' },
  invalid: { level: 'error', description: 'A part of the policy is not understood and is left out.' },
  loosening: { level: 'error', description: 'A workspace can only tighten; what would loosen is left out.' },
  contradictory: { level: 'warning', description: 'Two rules say different things about the same.' },
  unreachable: { level: 'warning', description: 'A rule never decides anything.' },
  broad: { level: 'warning', description: 'A pattern does not say what is run.' },
};

const ruleId = (kind: FindingKind): string => `policy.${kind}`;

const RULES: readonly SarifRule[] = (Object.keys(KINDS) as FindingKind[]).map((kind) => ({
  id: ruleId(kind),
  ...KINDS[kind],
}));

function written(found: readonly Placed[], { files, form }: PolicyOptions, root: string): string {
  switch (form) {
    case 'sarif': {
      const results = found.map(({ kind, message, fix, file, region }) => ({
        ruleId: ruleId(kind),
        level: KINDS[kind].level,
        message: `${message} ${fix}`,
        file,
        region,
      }));
      return `${JSON.stringify(sarifLog({ rules: RULES, results, root }), null, 2)}\n`;
    }
    case 'json':
      return found.map((one) => `${JSON.stringify(jsonOf(one))}\n`).join('');
    case 'text':
      return found.length === 0
        ? `${files.length === 1 ? files[0] : `${files.length} files`}: nothing found.\n`
        : found.map(textOf).join('');
  }
}

function jsonOf({ file, kind, path, value, message, fix, region }: Placed): object {
  const { startLine: line, startColumn: column } = region;
  return { file, line, column, kind, level: KINDS[kind].level, path, value, message, fix };
}

/** One line, in the form that editors and CI services make links of. What comes from the file is made printable. */
function textOf({ file, kind, path, message, fix, region }: Placed): string {
  const place = `${file}:${region.startLine}:${region.startColumn}`;
  const field = path === '' ? '' : `${path}: `;
  return `${place}: ${KINDS[kind].level}: ${printable(`${field}${message} ${fix}`).replaceAll('\n', ' ')} [${kind}]\n`;
}
