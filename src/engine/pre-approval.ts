import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandSet } from './api';
import { coverage, DEFAULT_TRUSTED } from './guard';
import type { CommandAnalysis } from './model/analysis';
import { EngineError } from './model/error';
import type { IdentityKey } from './model/identity';
import { OWNER_AT_DESK, type RecordSink } from './model/record';
import { suggestionFor } from './policy/command-cover';
import type { Grant } from './policy/grants';
import { GRANT_PREFIX } from './tasks/grants';

/** Patterns that one grant holds: its first and twenty more. */
const PER_GRANT = 21;

/** Longest time ahead, in milliseconds: what holds for longer belongs into the settings, where it is seen. */
const LONGEST_MS = 31 * 86_400_000;

/** Bytes of `package.json` that are read; larger ones are generated. */
const LARGEST_MANIFEST = 256 * 1024;

/** Names of scripts that need no quoting in any shell. */
const PLAIN_NAME = /^[A-Za-z0-9][\w:.-]{0,80}$/;

const STILL_ASKS = [
  'what writes or deletes files, reaches the network or leaves the folder, as far as the analysis can tell',
  'what a rule or the guard wants a person to look at',
];

type Analyse = (line: string) => Promise<CommandAnalysis>;

export async function commandSets(root: string, analyse: Analyse): Promise<readonly CommandSet[]> {
  const reading: CommandSet = {
    kind: 'reading',
    name: '',
    patterns: DEFAULT_TRUSTED,
    covers: ['commands that read and print, such as ls, cat, grep, git log and git diff', 'npm test'],
    leavesOut: STILL_ASKS,
  };
  const scripts: CommandSet[] = [];
  for (const name of await scriptNames(root)) {
    const line = name === 'test' ? 'npm test' : `npm run ${name}`;
    try {
      scripts.push({ ...(await commandSet(line, analyse)), kind: 'script' });
    } catch (error) {
      // A script whose very name the guard does not let through is not offered.
      if (!(error instanceof EngineError)) throw error;
    }
  }
  return [reading, ...scripts];
}

/** @throws EngineError when the line must not be approved beforehand, with the reason */
export async function commandSet(line: string, analyse: Analyse): Promise<CommandSet> {
  const text = line.trim();
  const wild = text.endsWith(' *');
  // Any word stands for those that `*` would let through: what would be offered for it must be this pattern.
  const analysis = await analyse(wild ? `${text.slice(0, -1)}x` : text);
  const [finding] = analysis.findings;
  if (finding !== undefined)
    throw new EngineError(`"${text}" cannot be pre-approved: ${finding.explanation}`);
  const suggestion = suggestionFor(analysis);
  const wider = wild && suggestion?.patterns.join() !== text;
  if (suggestion === undefined || analysis.commands.length === 0 || wider) {
    throw new EngineError(
      `"${text}" cannot be pre-approved: it would let more through than can be seen beforehand. Name the program and what it does, for instance npm run build.`,
    );
  }
  if (wild) {
    const covers = [`${text.slice(0, -2)} with any further words`];
    return { kind: 'line', name: text, patterns: [text], covers, leavesOut: STILL_ASKS };
  }
  // A line of one command is taken as it is written; of several, what would be offered with its approval.
  const exact = analysis.commands.length === 1 && coverage([text], analysis).covered;
  return {
    kind: 'line',
    name: text,
    patterns: exact ? [text] : suggestion.patterns,
    covers: exact ? [text] : suggestion.covers,
    leavesOut: [...(exact ? ['the same with other words'] : suggestion.leavesOut), ...STILL_ASKS],
  };
}

export interface PreApproval {
  readonly user: IdentityKey;
  readonly patterns: readonly string[];
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export interface PreApprovalDeps {
  readonly records: RecordSink;
  readonly now: () => number;
  readonly root: string;
  readonly analyse: Analyse;
  /** The channel of somebody who has access now; undefined for everybody else. */
  readonly channelOf: (user: IdentityKey) => string | undefined;
}

/** Records the grants. All patterns are looked at before the first is recorded. */
export async function preApprove(
  { user, patterns, until }: PreApproval,
  deps: PreApprovalDeps,
): Promise<void> {
  const channel = deps.channelOf(user);
  if (channel === undefined) throw new EngineError('This person has no access, so nothing can be approved.');
  const now = deps.now();
  if (!Number.isSafeInteger(until) || until <= now) throw new EngineError('That time is over already.');
  if (until - now > LONGEST_MS) throw new EngineError('At most 31 days ahead. Use the settings for longer.');
  if (patterns.length === 0) throw new EngineError('There is nothing to approve.');
  for (const pattern of patterns) {
    if (!DEFAULT_TRUSTED.includes(pattern)) await commandSet(pattern, deps.analyse);
  }
  for (let at = 0; at < patterns.length; at += PER_GRANT) {
    const [pattern = '', ...also] = patterns.slice(at, at + PER_GRANT);
    const grant: Grant = {
      id: `${GRANT_PREFIX}${randomUUID()}`,
      scope: 'until',
      user,
      channel,
      until,
      matcher: { kind: 'command', pattern, ...(also.length > 0 ? { also } : {}), cwd: deps.root },
    };
    await deps.records.append({
      type: 'grant.added',
      actor: OWNER_AT_DESK,
      subject: user,
      data: { grantId: grant.id, scope: 'until', user, until, grant: JSON.stringify(grant) },
    });
  }
}

/** Scripts of the project, as its file names them; none when it has no such file or it is not understood. */
async function scriptNames(root: string): Promise<readonly string[]> {
  try {
    const file = await open(join(root, 'package.json'), 'r');
    try {
      if ((await file.stat()).size > LARGEST_MANIFEST) return [];
      const manifest: unknown = JSON.parse(await file.readFile('utf8'));
      const scripts =
        typeof manifest === 'object' && manifest !== null && 'scripts' in manifest && manifest.scripts;
      if (typeof scripts !== 'object' || scripts === null) return [];
      return Object.keys(scripts).filter((name) => PLAIN_NAME.test(name));
    } finally {
      await file.close();
    }
  } catch {
    return [];
  }
}
