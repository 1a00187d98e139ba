import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGuard } from '../engine/guard';
import type { CommandAnalysis, Shell, ShellPlace } from '../engine/model/analysis';
import type { ToolRequest } from '../engine/model/decision';
import { isStricter } from '../engine/model/effect';
import type { Principal } from '../engine/model/identity';
import { type Judgement, judge } from '../engine/policy/decide';
import { explain } from '../engine/policy/explain';
import { type Facts, NO_USAGE } from '../engine/policy/facts';
import { buildSnapshot, type PolicySnapshot } from '../engine/policy/snapshot';
import { explanationText } from './explanation-text';

export interface CheckIo {
  readonly stdin: Readable;
  readonly out: Writable;
  readonly err: Writable;
}

/** The guard, as this command needs it. */
export type Analyse = (line: string, shell: Shell, place: ShellPlace) => CommandAnalysis;

export const CHECK_USAGE = `Say what a command line really does, and what the policy makes of it. Nothing is run.

  cowork check "CMD"                  the verdict, what each layer said, a safer alternative
      --shell bash|powershell|cmd     how to read it (default: bash; sh and zsh count as bash)
      --cwd DIR                       where it would run (default: here); also taken for the workspace
      --json                          the same as one line of JSON
      --trust PATTERN                 as if this pattern were trusted; may be repeated
      --trust-defaults                as if the built-in set of reading commands were trusted
  cowork check --jsonl                reads lines {"shell","cmd"} from standard input and writes for each, in
                                      order, {"cmd","effect","ruleIds","commands","reason"}

The policy is the default one, for a member in a direct message and an isolating sandbox. Lines of cmd and
PowerShell that are checked on another system are taken to run in C:\\Users\\you\\project.
`;

const SHELLS: Readonly<Record<string, Shell>> = {
  bash: 'bash',
  sh: 'bash',
  zsh: 'bash',
  dash: 'bash',
  ksh: 'bash',
  powershell: 'powershell',
  pwsh: 'powershell',
  cmd: 'cmd',
};

/** What is wrong with how the program was called, for the person who did. */
class UsageProblem extends Error {}

interface CheckOptions {
  readonly command?: string;
  readonly shell: Shell;
  readonly cwd: string;
  readonly json: boolean;
  readonly jsonl: boolean;
  readonly trust: readonly string[];
  readonly trustDefaults: boolean;
  readonly help: boolean;
}

/** One line of the answer to `--jsonl` and `--json`. */
interface CheckLine {
  readonly cmd: string;
  readonly effect: 'allow' | 'ask' | 'deny';
  readonly ruleIds: readonly string[];
  readonly commands: readonly (readonly string[])[];
  readonly reason: string;
}

/** `cowork check`, with the guard of this program. @returns the exit code of `checkWith` */
export async function check(args: readonly string[], io: CheckIo): Promise<number> {
  return checkWith(loadGuard, args, io);
}

/** The grammars lie beside the built program; from the sources, in the package that they come from. */
async function loadGuard(): Promise<Analyse> {
  const guard = await createGuard(
    existsSync(join(__dirname, 'tree-sitter.wasm')) ? { wasmDir: __dirname } : {},
  );
  return (line, shell, place) => guard.analyse({ line, shell, ...place });
}

/**
 * `cowork check`.
 * @param loadAnalyse makes the guard ready; called once, and not at all when the call was wrong
 * @returns the exit code: 0 when every line got a verdict, 2 when the call was wrong
 */
export async function checkWith(
  loadAnalyse: () => Promise<Analyse>,
  args: readonly string[],
  io: CheckIo,
): Promise<number> {
  let options: CheckOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    io.err.write(`${error instanceof Error ? error.message : 'Wrong arguments.'}\n\n${CHECK_USAGE}`);
    return 2;
  }
  if (options.help) {
    io.out.write(CHECK_USAGE);
    return 0;
  }
  const checker = new Checker(await loadAnalyse(), options);
  if (options.jsonl) await checkLines(checker, options, io);
  else if (options.json)
    await write(io.out, `${JSON.stringify(checker.line(options.command ?? '', options.shell))}\n`);
  else await write(io.out, checker.text(options.command ?? '', options.shell));
  return 0;
}

function readOptions(args: readonly string[]): CheckOptions {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    const text = error instanceof Error ? error.message.split('. ', 1)[0] : '';
    throw new UsageProblem(`${text}. A command that starts with "-" comes after "--".`);
  }
  const { values, positionals } = parsed;
  const shell = SHELLS[values.shell ?? 'bash'];
  if (shell === undefined) {
    throw new UsageProblem(`--shell is bash, powershell or cmd; "${values.shell}" is none of them.`);
  }
  if (values.jsonl && positionals.length > 0) {
    throw new UsageProblem('With --jsonl the commands come from standard input; remove the command.');
  }
  if (!values.jsonl && !values.help && positionals.length === 0) {
    throw new UsageProblem('Which command? Write it in quotes: cowork check "git status".');
  }
  if (positionals.length > 1) {
    throw new UsageProblem(
      'The command is one argument: put it in quotes, so that your own shell leaves it alone.',
    );
  }
  return {
    ...(positionals[0] === undefined ? {} : { command: positionals[0] }),
    shell,
    cwd: resolve(values.cwd ?? '.'),
    json: values.json ?? false,
    jsonl: values.jsonl ?? false,
    trust: values.trust ?? [],
    trustDefaults: values['trust-defaults'] ?? false,
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      shell: { type: 'string' },
      cwd: { type: 'string' },
      json: { type: 'boolean' },
      jsonl: { type: 'boolean' },
      trust: { type: 'string', multiple: true },
      'trust-defaults': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

async function checkLines(checker: Checker, options: CheckOptions, io: CheckIo): Promise<void> {
  // One answer for each line, in order: readline hands them over one at a time.
  for await (const text of createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() === '') continue;
    await write(io.out, `${JSON.stringify(answer(checker, text, options.shell))}\n`);
  }
}

function answer(checker: Checker, text: string, shell: Shell): CheckLine {
  const notUnderstood = (cmd: string, why: string): CheckLine => ({
    cmd,
    effect: 'ask',
    ruleIds: ['check.input'],
    commands: [],
    reason: `not understood: ${why}`,
  });
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return notUnderstood(text, 'the line is not JSON');
  }
  if (value === null || typeof value !== 'object') return notUnderstood(text, 'the line is not an object');
  const { cmd, shell: named } = value as { cmd?: unknown; shell?: unknown };
  if (typeof cmd !== 'string') return notUnderstood(text, '"cmd" is not a text');
  const wanted =
    named === undefined ? shell : Object.hasOwn(SHELLS, String(named)) ? SHELLS[String(named)] : undefined;
  if (wanted === undefined) return notUnderstood(cmd, '"shell" is bash, powershell or cmd');
  return checker.line(cmd, wanted);
}

/** A folder on Windows, for lines of its shells that are checked on another system. */
const WINDOWS_PLACE: ShellPlace = {
  cwd: 'C:\\Users\\you\\project',
  workspace: 'C:\\Users\\you\\project',
  home: 'C:\\Users\\you',
};

interface Setting {
  readonly place: ShellPlace;
  readonly snapshot: PolicySnapshot;
}

interface Checked {
  readonly analysis: CommandAnalysis;
  readonly judgement: Judgement;
  readonly setting: Setting;
}

/** The policy of the command line, applied to one line after another. */
class Checker {
  private readonly here: Setting;
  private readonly onWindows: Setting;

  constructor(
    private readonly analyse: Analyse,
    { cwd, trust, trustDefaults }: CheckOptions,
  ) {
    const user = { trusted: [...trust], defaultTrusted: trustDefaults };
    const setting = (place: ShellPlace): Setting => ({
      place,
      snapshot: buildSnapshot({ user, workspaceRoot: place.workspace, home: place.home }),
    });
    this.here = setting({ cwd, workspace: cwd, home: homedir() });
    this.onWindows = process.platform === 'win32' ? this.here : setting(WINDOWS_PLACE);
  }

  line(cmd: string, shell: Shell): CheckLine {
    const { analysis, judgement } = this.check(cmd, shell);
    const { decision, said } = judgement;
    const decisive =
      decision.grantedBy === undefined
        ? said.filter((one) => one.effect === decision.effect).map((one) => one.ruleId)
        : decision.grantedBy.split(', ');
    return {
      cmd,
      effect: decision.effect,
      ruleIds: [...new Set(decisive)],
      commands: analysis.commands.map((command) => command.words.map((word) => word.text ?? word.raw)),
      reason: decision.reasons.join(' '),
    };
  }

  text(cmd: string, shell: Shell): string {
    const { analysis, setting } = this.check(cmd, shell);
    const { place, snapshot } = setting;
    return explanationText(cmd, analysis, explain(snapshot, request(cmd, place), factsOf(analysis)));
  }

  /** PowerShell runs on every system, so that off Windows both kinds of folder are tried: the stricter counts. */
  private check(cmd: string, shell: Shell): Checked {
    if (shell === 'bash') return this.checkIn(this.here, cmd, shell);
    const there = this.checkIn(this.onWindows, cmd, shell);
    if (shell === 'cmd' || this.onWindows === this.here) return there;
    const here = this.checkIn(this.here, cmd, shell);
    return isStricter(there.judgement.decision.effect, here.judgement.decision.effect) ? there : here;
  }

  private checkIn(setting: Setting, cmd: string, shell: Shell): Checked {
    const { place, snapshot } = setting;
    const analysis = this.analyse(cmd, shell, place);
    return { analysis, judgement: judge(snapshot, request(cmd, place), factsOf(analysis)), setting };
  }
}

function request(cmd: string, { cwd }: ShellPlace): ToolRequest {
  return { principal: MEMBER, taskId: 'check', tool: 'run', args: { command: cmd }, cwd, taint: [] };
}

function factsOf(analysis: CommandAnalysis): Facts {
  return {
    now: Date.now(),
    analysis,
    usage: NO_USAGE,
    workspaceTrusted: true,
    paused: false,
    grants: [],
    contextPolicy: { deniedToolGroups: [], requiredRole: 'member' },
    sandbox: { id: 'check', isolated: true },
  };
}

const IDENTITY = { channel: 'cli', account: 'check', sender: 'member' };

const MEMBER: Principal = {
  key: 'cli:check:member',
  identity: IDENTITY,
  displayName: 'a member',
  role: 'member',
  context: 'dm',
  conversation: { channel: 'cli', account: 'check', conversation: 'check' },
};

async function write(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, 'drain');
}
