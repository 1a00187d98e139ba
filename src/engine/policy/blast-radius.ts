import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import type { CommandAnalysis, ShellPlace } from '../model/analysis';
import type { BlastRadius, FileCount } from '../model/views';
import { gitLoss } from './git-loss';
import { absolutePath, isNoFile } from './paths';
import { normaliseHost } from './snapshot';
import { wildcardMatch } from './wildcard';

/** The only things done to the disk: looking. */
export interface LookingFs {
  lstat(path: string): Promise<Stats>;
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>;
}

export interface BlastRadiusOptions {
  /** Milliseconds; what is found until then is told, with `complete: false`. 250 unless said otherwise. */
  readonly timeLimitMs?: number;
  readonly signal?: AbortSignal;
  readonly fs?: LookingFs;
}

export type { BlastRadius, FileCount };

const EXAMPLES = 20;
const DEFAULT_LIMIT_MS = 250;

/** Computes it read-only, following no links. Never throws: what cannot be read makes it incomplete. */
export async function blastRadius(
  analysis: Pick<CommandAnalysis, 'commands'>,
  place: ShellPlace,
  options: BlastRadiusOptions = {},
): Promise<BlastRadius> {
  const limit = options.timeLimitMs ?? DEFAULT_LIMIT_MS;
  const look = new Look(options.fs ?? { lstat, readdir }, performance.now() + limit, options.signal);
  const deleted = new Tally();
  const overwritten = new Tally();
  const unknown: string[] = [];
  const hosts = new Set<string>();
  const uncommitted = new Set<string>();
  let commitsLost = 0;
  let stashesLost = 0;
  for (const command of analysis.commands) {
    const { effects } = command;
    for (const host of effects.network) hosts.add(normaliseHost(host));
    if (effects.unknown || effects.executes.length > 0 || command.argv === undefined)
      unknown.push(command.summary);
    for (const path of effects.deletes)
      await look.count(absolutePath(path, place.cwd, place.home), deleted, true);
    for (const path of effects.writes) {
      if (!isNoFile(path)) await look.count(absolutePath(path, place.cwd, place.home), overwritten, false);
    }
    const loss = await gitLoss(command, {
      cwd: place.cwd,
      timeLimitMs: look.left(),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    for (const name of loss?.changedFiles ?? []) uncommitted.add(name);
    commitsLost += loss?.commits ?? 0;
    stashesLost += loss?.stashes ?? 0;
  }
  return {
    deleted: deleted.result(),
    overwritten: overwritten.result(),
    commitsLost,
    uncommitted: [...uncommitted],
    stashesLost,
    hosts: [...hosts],
    unknown,
    complete: look.complete && !look.over(),
  };
}

/** Counts each file once, however often it is named. */
class Tally {
  private readonly seen = new Set<string>();
  private readonly examples: string[] = [];
  private bytes = 0;

  add(path: string, size: number): void {
    if (this.seen.has(path)) return;
    this.seen.add(path);
    this.bytes += size;
    if (this.examples.length < EXAMPLES) this.examples.push(path);
  }

  result(): FileCount {
    return { files: this.seen.size, bytes: this.bytes, examples: this.examples };
  }
}

class Look {
  complete = true;

  constructor(
    private readonly fs: LookingFs,
    private readonly end: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  left(): number {
    return Math.max(0, this.end - performance.now());
  }

  over(): boolean {
    return this.left() === 0 || this.signal?.aborted === true;
  }

  /** Counts what a path, possibly with `*` in it, names; with `below`, everything in folders too. */
  async count(path: string, into: Tally, below: boolean): Promise<void> {
    for (const real of await this.expand(path)) await this.add(real, into, below);
  }

  private async add(path: string, into: Tally, below: boolean): Promise<void> {
    if (this.over()) return;
    const stats = await this.quietly(() => this.fs.lstat(path));
    if (stats === undefined) return;
    if (!stats.isDirectory()) into.add(path, stats.size);
    else if (below)
      for (const entry of await this.entries(path)) await this.add(`${path}/${entry.name}`, into, true);
  }

  private async expand(path: string): Promise<readonly string[]> {
    if (!/[*?[]/.test(path)) return [path];
    const [root, ...parts] = path.split('/');
    let found = [root ?? ''];
    for (const part of parts) {
      if (part === '') continue;
      const next: string[] = [];
      for (const folder of found) {
        if (this.over()) return next;
        if (!/[*?[]/.test(part)) next.push(`${folder}/${part}`);
        else
          for (const entry of await this.entries(folder || '/'))
            if (matches(part, entry.name)) next.push(`${folder}/${entry.name}`);
      }
      found = next;
    }
    return found;
  }

  private async entries(folder: string): Promise<readonly Dirent[]> {
    if (this.over()) return [];
    return (await this.quietly(() => this.fs.readdir(folder, { withFileTypes: true }))) ?? [];
  }

  /** Not there is an answer; not readable is a gap. */
  private async quietly<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.complete = false;
      return undefined;
    }
  }
}

/** As a shell would: hidden files only when named. `?` and `[…]` count as `*`, so that too much is shown, never too little. */
function matches(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  return wildcardMatch(pattern.replace(/\[[^\]]*\]|\?/g, '*'), name);
}
