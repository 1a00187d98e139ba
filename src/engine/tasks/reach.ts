import type { AnalysedCommand, CommandAnalysis, ShellPlace } from '../model/analysis';
import type { ToolRequest } from '../model/decision';
import type { Masker } from '../model/ports';
import type { BlastRadius, FileCount } from '../model/views';
import { blastRadius } from '../policy/blast-radius';
import type { ToolFacts } from '../tools/tool';

/** A person waits for the question this long at most while it is worked out. Milliseconds; chosen, not measured. */
const LIMIT_MS = 700;

/** A disk or a git that does not answer at all is waited for no longer than this. Milliseconds. */
const GIVE_UP_MS = 1000;

/** An action before its question, as far as is needed here. */
interface Action {
  readonly request: ToolRequest;
  readonly toolFacts: ToolFacts;
  readonly analysis?: CommandAnalysis;
  readonly surroundings: { readonly place: ShellPlace };
}

/**
 * What the action would touch, read-only, masked. Undefined when there is nothing to tell. Never throws and never
 * holds up the question for longer than a second: what is not known by then is said to be incomplete.
 */
export async function reachOf(
  action: Action,
  masker: Masker,
  signal: AbortSignal,
): Promise<BlastRadius | undefined> {
  const { analysis, surroundings } = action;
  const commands = analysis?.commands ?? [asCommand(action)];
  const known = await inTime(
    blastRadius({ commands }, surroundings.place, { timeLimitMs: LIMIT_MS, signal }),
  );
  return tellsNothing(known) ? undefined : masked(known, masker);
}

/** What a tool of our own does, in the words of the guard. */
function asCommand({ toolFacts, request }: Action): AnalysedCommand {
  const paths = (access: string) =>
    toolFacts.paths.flatMap((one) => (one.access === access ? [one.path] : []));
  return {
    words: [],
    argv: [],
    program: undefined,
    wrappers: [],
    assignments: [],
    effects: {
      reads: [],
      writes: paths('write'),
      deletes: paths('delete'),
      network: toolFacts.hosts,
      executes: [],
      privilege: false,
      process: false,
      unknown: false,
    },
    summary: request.tool,
  };
}

const NONE: FileCount = { files: 0, bytes: 0, examples: [] };

const NOTHING_KNOWN: BlastRadius = {
  deleted: NONE,
  overwritten: NONE,
  commitsLost: 0,
  uncommitted: [],
  stashesLost: 0,
  hosts: [],
  unknown: [],
  complete: false,
};

async function inTime(work: Promise<BlastRadius>): Promise<BlastRadius> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<BlastRadius>((resolve) => {
    timer = setTimeout(() => resolve(NOTHING_KNOWN), GIVE_UP_MS);
  });
  try {
    return await Promise.race([work, late]);
  } catch {
    return NOTHING_KNOWN;
  } finally {
    clearTimeout(timer);
  }
}

function tellsNothing(one: BlastRadius): boolean {
  const counts = [one.deleted.files, one.overwritten.files, one.commitsLost, one.stashesLost];
  const lists = [one.uncommitted, one.hosts, one.unknown];
  return one.complete && counts.every((count) => count === 0) && lists.every((list) => list.length === 0);
}

function masked(one: BlastRadius, masker: Masker): BlastRadius {
  const all = (texts: readonly string[]) => texts.map((text) => masker.mask(text));
  const files = (count: FileCount): FileCount => ({ ...count, examples: all(count.examples) });
  return {
    ...one,
    deleted: files(one.deleted),
    overwritten: files(one.overwritten),
    uncommitted: all(one.uncommitted),
    hosts: all(one.hosts),
    unknown: all(one.unknown),
  };
}
